import { type Uuid, ZERO_UUID } from '../base/uuid.ts'
import type { Address, Clock } from '../env/env.ts'
import type { ErrorName } from '../protocol/errors.ts'
import type { NodeId, QuorumState, VoterKey } from './state.ts'

/** What DescribeQuorum answers for `__cluster_metadata-0` (KIP-836), in the response's own names. */
export interface QuorumDescription {
  /** `NOT_LEADER_OR_FOLLOWER` from all but the leader. */
  readonly error: ErrorName
  /** -1: not known. */
  readonly leaderId: NodeId
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly currentVoters: readonly ReplicaDescription[]
  readonly observers: readonly ReplicaDescription[]
  readonly nodes: readonly { readonly nodeId: NodeId; readonly host: string; readonly port: number }[]
}

export interface ReplicaDescription {
  readonly replicaId: NodeId
  readonly replicaDirectoryId: Uuid
  readonly logEndOffset: number
  /** Milliseconds since 1970; -1: not known. */
  readonly lastFetchTimestamp: number
  readonly lastCaughtUpTimestamp: number
}

interface Activity {
  readonly directoryId: Uuid
  readonly isNewcomer: boolean
  readonly fetchOffset: number
  readonly lastFetchMs: number
  /** The same moment by `elapsed`. */
  readonly heardMs: number
  readonly endOffsetThen: number
  readonly lastCaughtUpMs: number
}

const NOT_HEARD_OF = { directoryId: ZERO_UUID, lastFetchMs: -1, lastCaughtUpMs: -1 }
/** An observer that has not fetched for so long is not told of any more, as in Kafka. */
const OBSERVER_SESSION_MS = 300_000
/** More of them than this are not kept: anybody can fetch. */
const MAX_OBSERVERS = 1_000

/** When each replica fetched last, and when it last had all there was. No promise of the quorum rests on it. */
export class ReplicaActivity {
  readonly #clock: Clock
  readonly #replicas = new Map<NodeId, Activity>()
  /** By their directories: voters that come back with an empty disk, and fetch as nobody in particular. */
  readonly #newcomers = new Map<Uuid, NodeId>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  reset(): void {
    this.#replicas.clear()
    this.#newcomers.clear()
  }

  /** The voter is a newcomer until it fetches under its own id. */
  joins({ id, directoryId }: VoterKey): void {
    this.#newcomers.set(directoryId, id)
  }

  /** A replica fetches from `fetchOffset` when the leader's log ends at `endOffset`. */
  fetched(replica: VoterKey, fetchOffset: number, endOffset: number): void {
    const { directoryId } = replica
    const joining = replica.id < 0 ? this.#newcomers.get(directoryId) : undefined
    const id = joining ?? replica.id
    if (id < 0) return
    if (joining === undefined) this.#newcomers.delete(directoryId)
    const nowMs = this.#clock.now()
    const known = this.#replicas.get(id)
    const before = known?.directoryId === directoryId ? known : undefined
    if (known === undefined && this.#replicas.size >= MAX_OBSERVERS) return
    // With all that there was at its previous fetch, it was caught up then, however much came since.
    const caughtUpThen = before !== undefined && fetchOffset >= before.endOffsetThen ? before.lastFetchMs : (before?.lastCaughtUpMs ?? -1)
    const lastCaughtUpMs = fetchOffset >= endOffset ? nowMs : caughtUpThen
    const isNewcomer = joining !== undefined
    const heardMs = this.#clock.elapsed()
    this.#replicas.set(id, { directoryId, isNewcomer, fetchOffset, lastFetchMs: nowMs, heardMs, endOffsetThen: endOffset, lastCaughtUpMs })
  }

  /** How many of these voters have fetched within so long. */
  heardWithin(ms: number, voters: readonly NodeId[]): number {
    const sinceMs = this.#clock.elapsed() - ms
    const heard = voters.flatMap(id => this.#replicas.get(id) ?? [])
    return heard.filter(({ isNewcomer, heardMs }) => !isNewcomer && heardMs >= sinceMs).length
  }

  voter(replicaId: NodeId): Omit<ReplicaDescription, 'logEndOffset'> {
    const activity = this.#replicas.get(replicaId)
    const { directoryId, lastFetchMs, lastCaughtUpMs } = activity === undefined || activity.isNewcomer ? NOT_HEARD_OF : activity
    return { replicaId, replicaDirectoryId: directoryId, lastFetchTimestamp: lastFetchMs, lastCaughtUpTimestamp: lastCaughtUpMs }
  }

  /** Who fetches and is none of the voters, or, with an empty disk, not yet. */
  observers(voters: readonly NodeId[]): ReplicaDescription[] {
    const since = this.nowMs - OBSERVER_SESSION_MS
    return [...this.#replicas]
      .filter(([id, { isNewcomer, lastFetchMs }]) => (isNewcomer || !voters.includes(id)) && lastFetchMs >= since)
      .map(([replicaId, { directoryId, fetchOffset, lastFetchMs, lastCaughtUpMs }]) => ({
        replicaId,
        replicaDirectoryId: directoryId,
        logEndOffset: fetchOffset,
        lastFetchTimestamp: lastFetchMs,
        lastCaughtUpTimestamp: lastCaughtUpMs,
      }))
      .sort((one, other) => one.replicaId - other.replicaId)
  }

  get nowMs(): number {
    return this.#clock.now()
  }
}

export function describeQuorum(
  state: QuorumState | undefined,
  {
    voters,
    logEndOffset,
    activity,
  }: {
    readonly voters: ReadonlyMap<NodeId, Address>
    readonly logEndOffset: number
    readonly activity: ReplicaActivity
  },
): QuorumDescription {
  const nodes = [...voters].map(([nodeId, { host, port }]) => ({ nodeId, host, port }))
  if (state?.role.type !== 'leader') {
    const leaderId = state?.role.type === 'follower' ? state.role.leaderId : -1
    return {
      error: 'NOT_LEADER_OR_FOLLOWER',
      leaderId,
      leaderEpoch: state?.epoch ?? -1,
      highWatermark: -1,
      currentVoters: [],
      observers: [],
      nodes,
    }
  }
  const { role, self, epoch, highWatermark } = state
  const currentVoters = state.voters.map(replicaId =>
    replicaId === self.id
      ? {
          replicaId,
          replicaDirectoryId: self.directoryId,
          logEndOffset,
          lastFetchTimestamp: activity.nowMs,
          lastCaughtUpTimestamp: activity.nowMs,
        }
      : { ...activity.voter(replicaId), logEndOffset: role.fetchOffsets.get(replicaId) ?? -1 },
  )
  const observers = activity.observers(state.voters)
  return { error: 'NONE', leaderId: self.id, leaderEpoch: epoch, highWatermark, currentVoters, observers, nodes }
}
