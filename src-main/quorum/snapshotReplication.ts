import { assert } from '../base/assert.ts'
import { hearOfLeader, leaderToTell, type Step } from './elections.ts'
import { retryFetch } from './replication.ts'
import { type Effect, type FetchVerdict, majorityOf, type QuorumEvent, type QuorumState } from './state.ts'

type FetchSnapshotEvent = Extract<QuorumEvent, { type: 'fetchSnapshot' }>
type PieceAnswered = Extract<QuorumEvent, { type: 'snapshotPieceAnswered' }>

/** A replica asks for a piece of a snapshot. Who does so is there, but does not have what the snapshot covers before it fetches behind it. */
export function stepFetchSnapshot(state: QuorumState, { replicaId, epoch }: FetchSnapshotEvent): Step {
  const { role, self, voters } = state
  const respond = (verdict: FetchVerdict): Effect => ({ type: 'answerFetch', verdict, leader: leaderToTell(state) })
  const refuse = (error: Extract<FetchVerdict, { type: 'refused' }>['error']): Step => [state, [respond({ type: 'refused', error })]]
  if (epoch !== -1 && epoch < state.epoch) return refuse('FENCED_LEADER_EPOCH')
  if (epoch !== -1 && epoch > state.epoch) return refuse('UNKNOWN_LEADER_EPOCH')
  if (role.type !== 'leader') return refuse('NOT_LEADER_OR_FOLLOWER')
  if (replicaId === self.id || !voters.includes(replicaId)) return [state, [respond({ type: 'read' })]]

  const recentlyFetched = new Set([...role.recentlyFetched, replicaId])
  const majorityFetched = recentlyFetched.size + 1 >= majorityOf(state)
  return [
    { ...state, role: { ...role, recentlyFetched: majorityFetched ? new Set() : recentlyFetched } },
    [...(majorityFetched ? [{ type: 'armCheckQuorumTimer' } as const] : []), respond({ type: 'read' })],
  ]
}

/** A piece of the snapshot that the leader told us to fetch, or why there is none. */
export function stepSnapshotPieceAnswered(state: QuorumState, event: PieceAnswered): Step {
  const { role, epoch } = state
  if (role.type !== 'follower' || role.leaderId !== event.from || epoch !== event.epoch)
    return hearOfLeader(state, event.from, event.leader)
  if (event.error !== 'NONE') {
    // A snapshot that is gone gave way to a newer one, of which the next fetch tells.
    const heard = hearOfLeader(state, event.from, event.leader)
    return heard[0] === state ? retryFetch(state) : heard
  }
  const { id, position, bytes, size } = event
  const next = position + bytes.length
  if (bytes.length === 0 || next > size) return retryFetch(state)
  assert(
    id.endOffset > state.highWatermark,
    () => `a snapshot brings more than is committed here: it ends at ${id.endOffset}, committed below ${state.highWatermark}`,
  )
  const alive: QuorumState = { ...state, role: { ...role, contact: 'made' }, failedCampaigns: 0 }
  return [
    alive,
    [
      { type: 'armElectionTimer', wait: { type: 'fetchTimeout' } },
      { type: 'keepSnapshotPiece', from: role.leaderId, epoch, id, position, bytes, isLast: next === size },
    ],
  ]
}

/** What a snapshot covers was committed, whoever leads by now. The next fetch tells the leader that it is on our disk. */
export function stepSnapshotInstalled(state: QuorumState, { epoch, id }: Extract<QuorumEvent, { type: 'snapshotInstalled' }>): Step {
  const { role } = state
  const highWatermark = Math.max(state.highWatermark, id.endOffset)
  const goesOn = role.type === 'follower' && epoch === state.epoch
  return [
    { ...state, highWatermark },
    [
      ...(highWatermark > state.highWatermark ? [{ type: 'commit', highWatermark } as const] : []),
      ...(goesOn ? [{ type: 'fetch', from: role.leaderId, epoch, when: 'now' } as const] : []),
    ],
  ]
}
