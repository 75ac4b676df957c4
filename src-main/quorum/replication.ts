import { assert } from '../base/assert.ts'
import { ZERO_UUID } from '../base/uuid.ts'
import { armElectionTimer, hearOfLeader, leaderToTell, type Step } from './elections.ts'
import type { SnapshotId } from '../protocol/files/fileNames.ts'
import { type Effect, type FetchVerdict, type LogView, majorityOf, type QuorumEvent, type QuorumState } from './state.ts'

type FetchEvent = Extract<QuorumEvent, { type: 'fetch' }>
type FetchAnswered = Extract<QuorumEvent, { type: 'fetchAnswered' }>

/** A replica asks for records. If it is a voter, its offset is a vote for all below: a follower fetches only when that is on its disk. */
export function stepFetch(state: QuorumState, event: FetchEvent, log: LogView): Step {
  const { role, epoch } = state
  const respond = (verdict: FetchVerdict): Effect => ({ type: 'answerFetch', verdict, leader: leaderToTell(state) })
  const refuse = (error: Extract<FetchVerdict, { type: 'refused' }>['error']): Step => [state, [respond({ type: 'refused', error })]]
  if (event.epoch !== -1 && event.epoch < epoch) return refuse('FENCED_LEADER_EPOCH')
  if (event.epoch !== -1 && event.epoch > epoch) return refuse('UNKNOWN_LEADER_EPOCH')
  if (role.type !== 'leader') return refuse('NOT_LEADER_OR_FOLLOWER')

  const snapshot = snapshotToFetchFirst(event, log)
  if (snapshot !== undefined) return [state, [respond({ type: 'snapshot', id: snapshot })]]
  const diverging = divergence(event, log)
  if (diverging !== undefined) return [state, [respond({ type: 'diverging', ...diverging })]]
  if (event.fetchOffset < 0 || event.fetchOffset > log.endOffset) return refuse('OFFSET_OUT_OF_RANGE')
  if (event.replicaId === state.self.id || !state.voters.includes(event.replicaId)) return [state, [respond({ type: 'read' })]]

  const recentlyFetched = new Set([...role.recentlyFetched, event.replicaId])
  const majorityFetched = recentlyFetched.size + 1 >= majorityOf(state)
  const fetchOffsets = new Map([...role.fetchOffsets, [event.replicaId, event.fetchOffset]])
  const [next, committed] = commitWhatAMajorityHas({
    ...state,
    role: { ...role, fetchOffsets, recentlyFetched: majorityFetched ? new Set() : recentlyFetched },
  })
  return [next, [...(majorityFetched ? [{ type: 'armCheckQuorumTimer' } as const] : []), ...committed, respond({ type: 'read' })]]
}

/**
 * The snapshot that a replica needs before the log is of use to it: it has nothing yet, or less than the log still has, or its history leaves ours
 * before the log starts (KIP-630).
 */
function snapshotToFetchFirst({ fetchOffset, lastFetchedEpoch }: FetchEvent, log: LogView): SnapshotId | undefined {
  const { startOffset, epochBeforeStart, latestSnapshot } = log
  if (fetchOffset === 0) return latestSnapshot
  if (startOffset === 0 || fetchOffset < 0) return undefined
  if (fetchOffset < startOffset) return latestSnapshot
  if (lastFetchedEpoch < 0) return undefined
  const partsBeforeStart = lastFetchedEpoch < epochBeforeStart || (fetchOffset === startOffset && lastFetchedEpoch !== epochBeforeStart)
  return partsBeforeStart ? latestSnapshot : undefined
}

/** Where the replica's history leaves ours, if it does: its records from there on were never committed. */
function divergence({ fetchOffset, lastFetchedEpoch }: FetchEvent, log: LogView): { epoch: number; endOffset: number } | undefined {
  if (fetchOffset === 0 || lastFetchedEpoch < 0) return undefined
  const end = log.endOffsetFor(lastFetchedEpoch)
  if (end.epoch === -1) return { epoch: log.lastEpoch, endOffset: log.endOffset } // an epoch that we never saw
  return end.epoch === lastFetchedEpoch && end.endOffset >= fetchOffset ? undefined : end
}

/** The own log is on the own disk up to there. */
export function stepSynced(state: QuorumState, { epoch, endOffset }: Extract<QuorumEvent, { type: 'synced' }>): Step {
  const { role } = state
  if (role.type !== 'leader' || epoch !== state.epoch || endOffset <= role.syncedEndOffset) return [state, []]
  return commitWhatAMajorityHas({ ...state, role: { ...role, syncedEndOffset: endOffset } })
}

function commitWhatAMajorityHas(state: QuorumState): Step {
  const { role, voters, self } = state
  assert(role.type === 'leader', 'only a leader decides what is committed')
  const ends = voters.map(id => (id === self.id ? role.syncedEndOffset : (role.fetchOffsets.get(id) ?? 0)))
  const held = ends.sort((one, other) => other - one)[Math.floor(voters.length / 2)]!
  // Records of earlier epochs are committed by the first one of this epoch and not by being counted themselves: another leader
  // could still replace them (section 5.4.2 of the Raft paper).
  if (held <= role.epochStartOffset || held <= state.highWatermark) return [state, []]
  return [{ ...state, highWatermark: held }, [{ type: 'commit', highWatermark: held }]]
}

/** The leader answered our fetch. */
export function stepFetchAnswered(state: QuorumState, event: FetchAnswered, log: LogView): Step {
  const { role, epoch } = state
  if (role.type !== 'follower' || role.leaderId !== event.from || epoch !== event.epoch)
    return hearOfLeader(state, event.from, event.leader)
  if (event.error !== 'NONE') {
    const heard = hearOfLeader(state, event.from, event.leader)
    return heard[0] === state ? retryFetch(state) : heard
  }

  const alive: QuorumState = { ...state, role: { ...role, contact: 'made' }, failedCampaigns: 0 }
  const arm: Effect = { type: 'armElectionTimer', wait: { type: 'fetchTimeout' } }
  const fetch: Effect = { type: 'fetch', from: role.leaderId, epoch, when: 'now' }
  if (event.snapshot !== undefined) {
    const id = event.snapshot
    assert(
      id.endOffset > state.highWatermark,
      () => `a snapshot brings more than is committed here: it ends at ${id.endOffset}, committed below ${state.highWatermark}`,
    )
    return [alive, [arm, { type: 'fetchSnapshotPiece', from: role.leaderId, epoch, id, position: 0 }]]
  }
  if (event.diverging !== undefined) {
    const own = log.endOffsetFor(event.diverging.epoch)
    const to = Math.min(event.diverging.endOffset, own.epoch === -1 ? log.endOffset : own.endOffset)
    assert(
      to >= state.highWatermark,
      () => `a committed record is never truncated: asked for ${to}, committed below ${state.highWatermark}`,
    )
    return [alive, [arm, { type: 'truncate', to }, fetch]]
  }
  if (event.records.length > 0) {
    return [alive, [arm, { type: 'replicate', records: event.records, epoch, leaderHighWatermark: event.highWatermark }]]
  }
  const [informed, committed] = learnHighWatermark(alive, event.highWatermark, log)
  return [becomeVoterIfCaughtUp(informed, event.highWatermark, log), [arm, ...committed, fetch]]
}

/** A newcomer has all that is committed, the leader's record for it included: see `Standing`. To follow this leader is to have voted in its epoch. */
function becomeVoterIfCaughtUp(state: QuorumState, leaderHighWatermark: number, log: LogView): QuorumState {
  const { role, standing, votedFor } = state
  if (standing !== 'newcomer' || role.type !== 'follower' || role.isWelcome !== true || log.endOffset < leaderHighWatermark) return state
  return { ...state, standing: 'voter', votedFor: votedFor ?? { id: role.leaderId, directoryId: ZERO_UUID } }
}

/** What a fetch brought is on disk: only now may the next fetch tell the leader so. */
export function stepReplicated(state: QuorumState, event: Extract<QuorumEvent, { type: 'replicated' }>, log: LogView): Step {
  const { role, epoch } = state
  if (role.type !== 'follower' || epoch !== event.epoch) return [state, []]
  const [next, committed] = learnHighWatermark(state, event.leaderHighWatermark, log)
  return [next, [...committed, { type: 'fetch', from: role.leaderId, epoch, when: 'now' }]]
}

/** A new leader may know less of what is committed than its followers do, and they may have less than it commits. */
function learnHighWatermark(state: QuorumState, leaderHighWatermark: number, log: LogView): Step {
  const highWatermark = Math.min(leaderHighWatermark, log.endOffset)
  if (highWatermark <= state.highWatermark) return [state, []]
  return [{ ...state, highWatermark }, [{ type: 'commit', highWatermark }]]
}

export function stepFetchFailed(state: QuorumState, event: Extract<QuorumEvent, { type: 'fetchFailed' }>): Step {
  const { role } = state
  const current = role.type === 'follower' && role.leaderId === event.from && event.epoch === state.epoch
  return current ? retryFetch(state) : [state, []]
}

/** A fetch from the leader we follow brought nothing usable: once more after a while, in which we campaign if it stays like this. */
export function retryFetch(state: QuorumState): Step {
  const { role, epoch } = state
  assert(role.type === 'follower', 'only a follower fetches')
  const [next, effects] = suspectLeader(state)
  return [next, [...effects, { type: 'fetch', from: role.leaderId, epoch, when: 'afterBackoff' }]]
}

/**
 * There is reason to think that the leader is gone: campaigns soon instead of waiting for the fetch timeout. A leader that is there after all is
 * in no danger: it and those who fetch from it refuse the pre-vote.
 */
export function suspectLeader(state: QuorumState): Step {
  const { role } = state
  if (role.type !== 'follower' || role.contact === 'lost') return [state, []]
  return [{ ...state, role: { ...role, contact: 'lost' } }, [armElectionTimer('campaign', state.failedCampaigns)]]
}
