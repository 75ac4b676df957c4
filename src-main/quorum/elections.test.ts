import { describe, expect, it } from 'vitest'
import { aCandidate, aFollower, aLeader, aLog, aProspective, aState, aVoter, aVoteRequest, typesOf } from './builders.ts'
import type { Effect, QuorumAnswer, QuorumEvent, QuorumRequest, QuorumState } from './state.ts'
import { step } from './step.ts'

const log = aLog(10)
const asks = (request: QuorumRequest): QuorumEvent => ({ type: 'request', request })
const answerOf = (effects: readonly Effect[]): QuorumAnswer | undefined => effects.find(effect => effect.type === 'answer')?.answer
const granted = (from: number, preVote: boolean, epoch = 5): QuorumEvent => ({
  type: 'voteAnswered',
  from,
  epoch,
  preVote,
  answer: { error: 'NONE', leaderId: undefined, epoch, voteGranted: true },
})
const refused = (from: number, preVote: boolean, leaderId?: number, epoch = 5): QuorumEvent => ({
  type: 'voteAnswered',
  from,
  epoch,
  preVote,
  answer: { error: 'NONE', leaderId, epoch, voteGranted: false },
})

describe('an election', () => {
  it('begins with a pre-vote that leaves the epoch as it is (KIP-996)', () => {
    const state = aState()
    const [next, effects] = step(state, { type: 'electionTimeout' }, log)
    const request = { type: 'vote', preVote: true, epoch: 5, candidate: aVoter(1), lastEpoch: 4, endOffset: 10 }
    expect(next).toEqual({ ...state, role: aProspective() })
    expect(effects).toEqual([
      { type: 'send', to: 2, request },
      { type: 'send', to: 3, request },
      { type: 'armElectionTimer', wait: { type: 'ballots', attempt: 0 } },
    ])
  })

  it('raises the epoch once a majority would vote for us, and persists the own vote before it asks', () => {
    const [next, effects] = step(aState({ role: aProspective() }), granted(3, true), log)
    const request = { type: 'vote', preVote: false, epoch: 6, candidate: aVoter(1), lastEpoch: 4, endOffset: 10 }
    expect(next).toEqual(aState({ epoch: 6, votedFor: aVoter(1), role: aCandidate() }))
    expect(effects).toEqual([
      { type: 'persistVote', vote: { epoch: 6, votedFor: aVoter(1), leaderId: undefined } },
      { type: 'send', to: 2, request },
      { type: 'send', to: 3, request },
      { type: 'armElectionTimer', wait: { type: 'ballots', attempt: 0 } },
    ])
  })

  it('makes a leader of the candidate that a majority voted for', () => {
    const state = aState({ votedFor: aVoter(1), role: aCandidate(), failedCampaigns: 3 })
    const [next, effects] = step(state, granted(2, false), log)
    const request = { type: 'beginEpoch', leaderId: 1, epoch: 5 }
    expect(next).toEqual({ ...state, role: aLeader(), failedCampaigns: 0 })
    expect(effects).toEqual([
      { type: 'cancelElectionTimer' },
      { type: 'send', to: 2, request },
      { type: 'send', to: 3, request },
      { type: 'startLeading', epoch: 5, grantingVoters: [1, 2] },
      { type: 'armAnnounceTimer' },
      { type: 'armCheckQuorumTimer' },
      { type: 'persistVote', vote: { epoch: 5, votedFor: aVoter(1), leaderId: 1 } },
    ])
  })

  it('is won by a quorum of one at once, after its vote is on disk', () => {
    const [next, effects] = step(aState({ voters: [1] }), { type: 'electionTimeout' }, log)
    expect(next).toEqual(aState({ voters: [1], epoch: 6, votedFor: aVoter(1), role: aLeader() }))
    expect(typesOf(effects)).toEqual(['persistVote', 'cancelElectionTimer', 'startLeading'])
  })

  it('does not count one voter twice, nor answers of another round', () => {
    const state = aState({ voters: [1, 2, 3, 4, 5], role: aProspective() })
    const [once] = step(state, granted(2, true), log)
    for (const event of [granted(2, true), granted(3, false), granted(3, true, 4), granted(9, true)])
      expect(step(once, event, log)).toEqual([once, []])
  })

  it('is tried again later when a majority refuses, each time after longer', () => {
    const state = aState({ role: aProspective(), failedCampaigns: 2 })
    const [one] = step(state, refused(2, true), log)
    const [both, effects] = step(one, { type: 'voteFailed', from: 3, epoch: 5, preVote: true }, log)
    expect(effects).toEqual([{ type: 'armElectionTimer', wait: { type: 'campaign', attempt: 2 } }])
    const [again, sends] = step(both, { type: 'electionTimeout' }, log)
    expect(again.failedCampaigns).toBe(3)
    expect(sends.at(-1)).toEqual({ type: 'armElectionTimer', wait: { type: 'ballots', attempt: 3 } })
  })

  it('is over for a candidate that hears of the leader of its epoch', () => {
    const [next, effects] = step(aState({ votedFor: aVoter(1), role: aCandidate() }), refused(3, false, 2), log)
    expect(next.role).toEqual(aFollower({ contact: 'awaited' }))
    expect(typesOf(effects)).toEqual(['armElectionTimer', 'fetch', 'persistVote'])
  })

  it('leads back to the leader one had, when a majority still has it', () => {
    const state = aState({ role: aProspective({ formerLeaderId: 2 }) })
    const [one] = step(state, { type: 'voteFailed', from: 2, epoch: 5, preVote: true }, log)
    const [next, effects] = step(one, refused(3, true, 2), log)
    expect(next).toEqual(aState({ role: aFollower({ contact: 'lost' }), failedCampaigns: 1 }))
    expect(effects).toEqual([
      { type: 'armElectionTimer', wait: { type: 'campaign', attempt: 1 } },
      { type: 'fetch', from: 2, epoch: 5, when: 'now' },
    ])
  })

  it('is given up at once when the leader itself answers', () => {
    const [next] = step(aState({ role: aProspective({ formerLeaderId: 2 }) }), refused(2, true, 2), log)
    expect(next.role).toEqual(aFollower({ contact: 'awaited' }))
  })
})

describe('a vote', () => {
  it('is on disk before it is on the wire', () => {
    const [next, effects] = step(aState(), asks(aVoteRequest()), log)
    expect(next).toEqual(aState({ epoch: 6, votedFor: aVoter(2) }))
    expect(effects[0]).toEqual({ type: 'persistVote', vote: { epoch: 6, votedFor: aVoter(2), leaderId: undefined } })
    expect(effects.at(-1)).toEqual({ type: 'answer', answer: { error: 'NONE', leaderId: undefined, epoch: 6, voteGranted: true } })
  })

  const votes: { given: string; state?: Partial<QuorumState>; request?: Parameters<typeof aVoteRequest>[0]; grants: boolean }[] = [
    { given: 'a candidate of a higher epoch', grants: true },
    { given: 'the candidate it voted for, again', state: { votedFor: aVoter(2) }, request: { epoch: 5 }, grants: true },
    { given: 'another candidate than it voted for', state: { votedFor: aVoter(3) }, request: { epoch: 5 }, grants: false },
    {
      given: 'the candidate it voted for, with another disk',
      state: { votedFor: { id: 2, directoryId: 'anotherDirectoryAAAAAA' } },
      request: { epoch: 5 },
      grants: false,
    },
    { given: 'a longer log', request: { endOffset: 11 }, grants: true },
    { given: 'a shorter log', request: { endOffset: 9 }, grants: false },
    { given: 'a shorter log of a later epoch', request: { endOffset: 1, lastEpoch: 5 }, grants: true },
    { given: 'a longer log of an earlier epoch', request: { endOffset: 99, lastEpoch: 3 }, grants: false },
    { given: 'a candidate in the epoch of its leader', state: { role: aFollower() }, request: { epoch: 5 }, grants: false },
    {
      given: 'a candidate in the epoch that it campaigns in',
      state: { role: aCandidate(), votedFor: aVoter(1) },
      request: { epoch: 5 },
      grants: false,
    },
    {
      given: 'a candidate in the epoch that it leads',
      state: { role: aLeader(), votedFor: aVoter(1) },
      request: { epoch: 5 },
      grants: false,
    },
    {
      given: 'a candidate in the epoch that it resigned from',
      state: { role: { type: 'resigned' } },
      request: { epoch: 5 },
      grants: false,
    },
    { given: 'a candidate while it campaigns without a leader', state: { role: aProspective() }, request: { epoch: 5 }, grants: true },
    {
      given: 'a candidate while it lost its leader',
      state: { role: aProspective({ formerLeaderId: 3 }) },
      request: { epoch: 5 },
      grants: false,
    },
    { given: 'a pre-vote, unattached', request: { preVote: true, epoch: 5 }, grants: true },
    { given: 'a pre-vote, though it voted', state: { votedFor: aVoter(3) }, request: { preVote: true, epoch: 5 }, grants: true },
    { given: 'a pre-vote, while it fetches', state: { role: aFollower() }, request: { preVote: true, epoch: 5 }, grants: false },
    {
      given: 'a pre-vote before its first fetch',
      state: { role: aFollower({ contact: 'awaited' }) },
      request: { preVote: true, epoch: 5 },
      grants: true,
    },
    {
      given: 'a pre-vote after it lost its leader',
      state: { role: aFollower({ contact: 'lost' }) },
      request: { preVote: true, epoch: 5 },
      grants: true,
    },
    { given: 'a pre-vote, as candidate', state: { role: aCandidate() }, request: { preVote: true, epoch: 5 }, grants: true },
    { given: 'a pre-vote, as leader', state: { role: aLeader() }, request: { preVote: true, epoch: 5 }, grants: false },
    { given: 'a pre-vote with a shorter log', request: { preVote: true, epoch: 5, endOffset: 9 }, grants: false },
  ]

  it.each(votes)('granted: $grants, for $given', ({ state, request, grants }) => {
    const [, effects] = step(aState(state), asks(aVoteRequest(request)), log)
    expect(answerOf(effects)).toMatchObject({ error: 'NONE', voteGranted: grants })
  })

  it('of a voter that knows what it promised goes to anybody while its log is empty', () => {
    expect(answerOf(step(aState(), asks(aVoteRequest()), aLog(0))[1])?.voteGranted).toBe(true)
    expect(answerOf(step(aState(), asks(aVoteRequest({ lastEpoch: 0, endOffset: 0 })), aLog(0))[1])?.voteGranted).toBe(true)
  })

  it('that is refused may still raise the epoch, and ends a leadership', () => {
    const [next, effects] = step(aState({ role: aLeader() }), asks(aVoteRequest({ endOffset: 0 })), log)
    expect(next).toEqual(aState({ epoch: 6 }))
    expect(typesOf(effects)).toEqual(['persistVote', 'stopLeading', 'armElectionTimer', 'answer'])
  })

  it.each([
    { given: 'an older epoch', request: { epoch: 4, lastEpoch: 3 }, error: 'FENCED_LEADER_EPOCH' },
    { given: 'a last epoch that is not below the own', request: { lastEpoch: 6 }, error: 'INVALID_REQUEST' },
    { given: 'a pre-vote with a last epoch above the own', request: { preVote: true, lastEpoch: 7 }, error: 'INVALID_REQUEST' },
    { given: 'our own id', request: { candidate: aVoter(1) }, error: 'INVALID_REQUEST' },
    { given: 'a stranger', request: { candidate: aVoter(9) }, error: 'INCONSISTENT_VOTER_SET' },
  ])('is refused to $given with $error', ({ request, error }) => {
    const state = aState()
    const [next, effects] = step(state, asks(aVoteRequest(request)), log)
    expect(next).toBe(state)
    expect(effects).toEqual([{ type: 'answer', answer: { error, leaderId: undefined, epoch: 5, voteGranted: false } }])
  })
})

describe('BeginQuorumEpoch', () => {
  it('makes a follower, whose new epoch is on disk before it answers or fetches', () => {
    const [next, effects] = step(aState({ role: aLeader() }), asks({ type: 'beginEpoch', leaderId: 2, epoch: 6 }), log)
    expect(next).toEqual(aState({ epoch: 6, role: aFollower({ contact: 'awaited' }) }))
    expect(effects).toEqual([
      { type: 'persistVote', vote: { epoch: 6, votedFor: undefined, leaderId: 2 } },
      { type: 'stopLeading' },
      { type: 'armElectionTimer', wait: { type: 'fetchTimeout' } },
      { type: 'fetch', from: 2, epoch: 6, when: 'now' },
      { type: 'answer', answer: { error: 'NONE', leaderId: 2, epoch: 6, voteGranted: false } },
    ])
  })

  it.each([
    { given: 'of an older epoch', request: { leaderId: 2, epoch: 4 }, error: 'FENCED_LEADER_EPOCH' },
    { given: 'of a second leader in one epoch', request: { leaderId: 3, epoch: 5 }, error: 'INVALID_REQUEST' },
    { given: 'in our own name', request: { leaderId: 1, epoch: 6 }, error: 'INVALID_REQUEST' },
    { given: 'of a stranger', request: { leaderId: 9, epoch: 6 }, error: 'INCONSISTENT_VOTER_SET' },
  ])('$given changes nothing: $error', ({ request, error }) => {
    const state = aState({ role: aFollower() })
    const [next, effects] = step(state, asks({ type: 'beginEpoch', ...request }), log)
    expect(next).toBe(state)
    expect(answerOf(effects)?.error).toBe(error)
  })

  it('is repeated to the voters that have not fetched, until all have', () => {
    const leader = aState({ role: aLeader({ fetchOffsets: new Map([[2, 10]]) }) })
    expect(step(leader, { type: 'announceTimeout' }, log)[1]).toEqual([
      { type: 'send', to: 3, request: { type: 'beginEpoch', leaderId: 1, epoch: 5 } },
      { type: 'armAnnounceTimer' },
    ])
    const heard = new Map([2, 3].map(id => [id, 10]))
    expect(step(aState({ role: aLeader({ fetchOffsets: heard }) }), { type: 'announceTimeout' }, log)[1]).toEqual([])
  })
})

describe('a leader that goes', () => {
  const fetchOffsets = new Map([2, 3].map(id => [id, id]))

  it.each(['resign', 'checkQuorumTimeout'] as const)('names those with the longest logs as its successors (%s)', type => {
    const [next, effects] = step(aState({ role: aLeader({ fetchOffsets }) }), { type }, log)
    const request = { type: 'endEpoch', leaderId: 1, epoch: 5, preferredSuccessors: [3, 2] }
    expect(next.role).toEqual({ type: 'resigned' })
    expect(effects).toEqual([
      { type: 'stopLeading' },
      { type: 'send', to: 2, request },
      { type: 'send', to: 3, request },
      { type: 'armElectionTimer', wait: { type: 'electionTimeout' } },
    ])
  })

  it('is succeeded at once by the first it names', () => {
    const [next, effects] = step(
      aState({ role: aFollower() }),
      asks({ type: 'endEpoch', leaderId: 2, epoch: 5, preferredSuccessors: [1, 3] }),
      log,
    )
    expect(next.role).toEqual(aProspective({ formerLeaderId: 2 }))
    expect(typesOf(effects)).toEqual(['answer', 'send', 'send', 'armElectionTimer'])
  })

  it('lets the others wait a little, and vote', () => {
    const [next, effects] = step(
      aState({ role: aFollower() }),
      asks({ type: 'endEpoch', leaderId: 2, epoch: 5, preferredSuccessors: [3, 1] }),
      log,
    )
    expect(next.role).toEqual(aFollower({ contact: 'lost' }))
    expect(effects.at(-1)).toEqual({ type: 'armElectionTimer', wait: { type: 'campaign', attempt: 1 } })
    expect(answerOf(step(next, asks(aVoteRequest({ preVote: true, epoch: 5, candidate: aVoter(3) })), log)[1])?.voteGranted).toBe(true)
  })

  it('is not believed about another epoch or another leader', () => {
    const follower = aState({ role: aFollower() })
    expect(step(follower, asks({ type: 'endEpoch', leaderId: 3, epoch: 5, preferredSuccessors: [1] }), log)[0]).toBe(follower)
    expect(answerOf(step(follower, asks({ type: 'endEpoch', leaderId: 2, epoch: 4, preferredSuccessors: [1] }), log)[1])?.error).toBe(
      'FENCED_LEADER_EPOCH',
    )
  })
})

describe('a follower whose leader may be gone', () => {
  it('campaigns soon instead of waiting for the fetch timeout', () => {
    const [next, effects] = step(aState({ role: aFollower() }), { type: 'peerDisconnected', peer: 2 }, log)
    expect(next.role).toEqual(aFollower({ contact: 'lost' }))
    expect(effects).toEqual([{ type: 'armElectionTimer', wait: { type: 'campaign', attempt: 0 } }])
  })

  it('is not put off by hearing it again', () => {
    const suspicious = aState({ role: aFollower({ contact: 'lost' }) })
    expect(step(suspicious, { type: 'peerDisconnected', peer: 2 }, log)).toEqual([suspicious, []])
  })

  it('does not care about other peers', () => {
    const state = aState({ role: aFollower() })
    expect(step(state, { type: 'peerDisconnected', peer: 3 }, log)).toEqual([state, []])
  })

  it('does not send others to it', () => {
    const [, effects] = step(aState({ role: aFollower({ contact: 'lost' }) }), asks(aVoteRequest({ epoch: 5, endOffset: 0 })), log)
    expect(answerOf(effects)).toMatchObject({ leaderId: undefined, epoch: 5 })
  })
})
