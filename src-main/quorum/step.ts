import { assert } from '../base/assert.ts'
import {
  askToJoin,
  hearOfLeader,
  resign,
  sendToOthers,
  startPreVote,
  type Step,
  stepBallot,
  stepBeginEpoch,
  stepEndEpoch,
  stepVoteRequest,
  stepWelcomed,
} from './elections.ts'
import { stepFetch, stepFetchAnswered, stepFetchFailed, stepReplicated, stepSynced, suspectLeader } from './replication.ts'
import { stepFetchSnapshot, stepSnapshotInstalled, stepSnapshotPieceAnswered } from './snapshotReplication.ts'
import { knownLeader, type LogView, type QuorumEvent, type QuorumRequest, type QuorumState, type Vote, type VoterKey } from './state.ts'

export type { Step } from './elections.ts'

/**
 * Decides; never waits, sends, writes, reads a clock or rolls a die. The effects are to be performed in order. A changed epoch or vote is the
 * first of them: it is on disk before anything that rests on it leaves this node.
 */
export function step(state: QuorumState, event: QuorumEvent, log: LogView): Step {
  const [next, effects] = decide(state, event, log)
  assert(next.epoch >= state.epoch, () => `the epoch never falls, here from ${state.epoch} to ${next.epoch}`)
  assert(
    next.highWatermark >= state.highWatermark,
    () => `the high watermark never goes back, here from ${state.highWatermark} to ${next.highWatermark}`,
  )
  // Who has nothing to promise writes nothing down; a newcomer's file is what makes it a voter.
  if (next.standing !== 'voter') return [next, effects]
  const before = voteOf(state)
  const vote = voteOf(next)
  if (state.standing !== 'voter') return [next, [{ type: 'persistVote', vote }, ...effects]]
  if (vote.epoch !== before.epoch || !isSameVoter(vote.votedFor, before.votedFor))
    return [next, [{ type: 'persistVote', vote }, ...effects]]
  // Who leads is written for those who read the file; no promise rests on it, so nothing waits for it.
  if (vote.leaderId !== undefined && vote.leaderId !== before.leaderId) return [next, [...effects, { type: 'persistVote', vote }]]
  return [next, effects]
}

function decide(state: QuorumState, event: QuorumEvent, log: LogView): Step {
  switch (event.type) {
    case 'electionTimeout':
      return state.role.type === 'leader' ? [state, []] : startPreVote(state, log)
    case 'checkQuorumTimeout':
    case 'resign':
      return resign(state)
    case 'announceTimeout':
      return announce(state)
    case 'request':
      return stepRequest(state, event.request, log)
    case 'voteAnswered':
    case 'voteFailed':
      return stepBallot(state, event, log)
    case 'welcomed':
      return stepWelcomed(state, event)
    case 'leaderHeardOf':
      return hearOfLeader(state, event.from, event.leader)
    case 'fetch':
      return stepFetch(state, event, log)
    case 'fetchSnapshot':
      return stepFetchSnapshot(state, event)
    case 'snapshotPieceAnswered':
      return stepSnapshotPieceAnswered(state, event)
    case 'snapshotInstalled':
      return stepSnapshotInstalled(state, event)
    case 'fetchAnswered':
      return stepFetchAnswered(state, event, log)
    case 'fetchFailed':
      return stepFetchFailed(state, event)
    case 'replicated':
      return stepReplicated(state, event, log)
    case 'synced':
      return stepSynced(state, event)
    case 'peerDisconnected':
      return state.role.type === 'follower' && state.role.leaderId === event.peer ? suspectLeader(state) : [state, []]
  }
}

function stepRequest(state: QuorumState, request: QuorumRequest, log: LogView): Step {
  switch (request.type) {
    case 'vote':
      return stepVoteRequest(state, request, log)
    case 'beginEpoch':
      return stepBeginEpoch(state, request)
    case 'endEpoch':
      return stepEndEpoch(state, request, log)
  }
}

/** A leader repeats itself to the voters that have not fetched in its epoch, and a newcomer to the leader that has not let it in. */
function announce(state: QuorumState): Step {
  const { role, self, epoch, standing } = state
  if (standing === 'newcomer') return [state, askToJoin(state)]
  if (role.type !== 'leader') return [state, []]
  const silent = sendToOthers(state, { type: 'beginEpoch', leaderId: self.id, epoch }).filter(
    each => each.type === 'send' && !role.fetchOffsets.has(each.to),
  )
  return [state, silent.length === 0 ? [] : [...silent, { type: 'armAnnounceTimer' }]]
}

/** What the quorum-state file has to say about a state. */
export function voteOf(state: QuorumState): Vote {
  return { epoch: state.epoch, votedFor: state.votedFor, leaderId: knownLeader(state) }
}

function isSameVoter(one: VoterKey | undefined, other: VoterKey | undefined): boolean {
  return one?.id === other?.id && one?.directoryId === other?.directoryId
}

/**
 * How a node starts, after a restart as the first time: with what its file says, following nobody. Whoever leads will be heard of soon. Only what a
 * snapshot covers is known to be committed. `lastEpoch` is that of the log: a newcomer may have one.
 */
export function initialState(
  self: VoterKey,
  voters: readonly number[],
  {
    vote,
    lastEpoch = 0,
    highWatermark = 0,
  }: { readonly vote: Vote | undefined; readonly lastEpoch?: number; readonly highWatermark?: number },
): QuorumState {
  const { epoch, votedFor } = vote !== undefined && vote.epoch >= lastEpoch ? vote : { epoch: lastEpoch, votedFor: undefined }
  return {
    self,
    voters: [...voters].sort((one, other) => one - other),
    standing: !voters.includes(self.id) ? 'observer' : vote === undefined ? 'newcomer' : 'voter',
    epoch,
    votedFor,
    role: { type: 'unattached' },
    highWatermark,
    failedCampaigns: 0,
  }
}
