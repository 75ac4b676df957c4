import type { Mutation, Stage } from '../mutation.ts'

const THREE: Stage = { type: 'quorum', size: 3 }

/** What it may look like when voters do not agree on what is committed. */
const DISAGREEMENT = [
  'committed entries agree',
  'states agree',
  'leaders are complete',
  'a committed record is never truncated',
  'the high watermark',
  'snapshots are of what is committed',
  'a snapshot',
]

/** Of the metadata quorum. */
export const quorumMutations: readonly Mutation[] = [
  {
    broken: 'a voter votes for everybody who asks',
    edits: [
      {
        file: 'quorum/elections.ts',
        is: 'return votedFor === undefined || (votedFor.id === request.candidate.id && votedFor.directoryId === request.candidate.directoryId)',
        becomes: 'return true',
      },
    ],
    stage: { type: 'elections', size: 5 },
    caughtBy: ['one leader per epoch'],
    from: 1,
    within: 10,
  },
  {
    broken: 'a voter forgets in a crash whom it voted for',
    edits: [
      {
        file: 'quorum/voteFile.ts',
        is: 'votedFor: votedId === -1 ? undefined : { id: votedId, directoryId: votedDirectoryId },',
        becomes: 'votedFor: undefined,',
      },
    ],
    stage: { type: 'elections', size: 5 },
    caughtBy: ['one leader per epoch'],
    from: 1,
    within: 30,
  },
  {
    broken: 'a voter votes for candidates that lack what it has',
    edits: [
      {
        file: 'quorum/elections.ts',
        is: 'return candidate.lastEpoch > own.lastEpoch || (candidate.lastEpoch === own.lastEpoch && candidate.endOffset >= own.endOffset)',
        becomes: 'return true',
      },
    ],
    stage: THREE,
    caughtBy: DISAGREEMENT,
    from: 1,
    within: 20,
  },
  {
    broken: 'a leader commits what it alone has on its disk',
    edits: [{ file: 'quorum/replication.ts', is: '[Math.floor(voters.length / 2)]!', becomes: '[0]!' }],
    stage: THREE,
    caughtBy: DISAGREEMENT,
    from: 1,
    within: 12,
  },
  {
    broken: 'voters acknowledge metadata before it is on their disks',
    edits: [
      {
        file: 'quorum/driver.ts',
        is: 'await this.#parts.log.flush()\n    this.#syncedEndOffset = endOffset',
        becomes: 'this.#syncedEndOffset = endOffset',
      },
    ],
    stage: THREE,
    caughtBy: DISAGREEMENT,
    from: 1,
    within: 12,
  },
  {
    broken: 'a voter whose log goes on differently is not told so, and truncates nothing',
    edits: [
      {
        file: 'quorum/replication.ts',
        is: 'return end.epoch === lastFetchedEpoch && end.endOffset >= fetchOffset ? undefined : end',
        becomes: 'return undefined',
      },
      {
        file: 'quorum/replication.ts',
        is: 'if (event.fetchOffset < 0 || event.fetchOffset > log.endOffset)',
        becomes: 'if (event.fetchOffset < 0)',
      },
    ],
    stage: THREE,
    caughtBy: [...DISAGREEMENT, 'it did not come to'],
    from: 1,
    within: 24,
  },
  {
    broken: 'a voter whose disk was wiped votes at once',
    edits: [
      {
        file: 'quorum/step.ts',
        is: "vote === undefined ? 'newcomer' : 'voter'",
        becomes: "'voter'",
      },
    ],
    stage: THREE,
    caughtBy: ['only voters vote', 'epochs never fall', 'one leader per epoch', ...DISAGREEMENT],
    from: 1,
    within: 20,
  },
  {
    broken: 'a snapshot leaves out what it is to stand for',
    edits: [
      {
        file: 'quorum/driver.ts',
        is: 'await onSnapshot(snapshot, () => log.truncateFullyAndStartAt(endOffset))',
        becomes: 'await onSnapshot({ ...snapshot, records: snapshot.records.slice(1) }, () => log.truncateFullyAndStartAt(endOffset))',
      },
    ],
    stage: THREE,
    caughtBy: ['states agree', 'snapshots'],
    from: 1,
    within: 30,
  },
  {
    broken: 'a leader that hears no majority leads on',
    edits: [
      {
        file: 'quorum/step.ts',
        is: "case 'checkQuorumTimeout':\n",
        becomes: "case 'checkQuorumTimeout':\n      return [state, []]\n",
      },
    ],
    stage: { type: 'cutOff', size: 3 },
    caughtBy: ['a leader that hears no majority gives up'],
    from: 1,
    within: 4,
  },
]
