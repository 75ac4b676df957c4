import { type Uuid, ZERO_UUID } from '../base/uuid.ts'
import type { Address, Clock } from '../env/env.ts'
import type { ErrorName } from '../protocol/errors.ts'
import type { NodeId, QuorumState } from './state.ts'

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
  readonly lastFetchMs: number
  readonly endOffsetThen: number
  readonly lastCaughtUpMs: number
}

/** When each replica fetched last, and when it last had all there was. Only told, never decided upon. */
export class ReplicaActivity {
  readonly #clock: Clock
  readonly #replicas = new Map<NodeId, Activity>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  reset(): void {
    this.#replicas.clear()
  }

  /** A replica fetches from `fetchOffset` when the leader's log ends at `endOffset`. */
  fetched(replicaId: NodeId, fetchOffset: number, endOffset: number): void {
    const nowMs = this.#clock.now()
    const before = this.#replicas.get(replicaId)
    // With all that there was at its previous fetch, it was caught up then, however much came since.
    const caughtUpThen = before !== undefined && fetchOffset >= before.endOffsetThen ? before.lastFetchMs : (before?.lastCaughtUpMs ?? -1)
    const lastCaughtUpMs = fetchOffset >= endOffset ? nowMs : caughtUpThen
    this.#replicas.set(replicaId, { lastFetchMs: nowMs, endOffsetThen: endOffset, lastCaughtUpMs })
  }

  of(replicaId: NodeId): { readonly lastFetchTimestamp: number; readonly lastCaughtUpTimestamp: number } {
    const activity = this.#replicas.get(replicaId)
    return { lastFetchTimestamp: activity?.lastFetchMs ?? -1, lastCaughtUpTimestamp: activity?.lastCaughtUpMs ?? -1 }
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
    directoryId,
    activity,
  }: {
    readonly voters: ReadonlyMap<NodeId, Address>
    readonly logEndOffset: number
    readonly directoryId: Uuid
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
          replicaDirectoryId: directoryId,
          logEndOffset,
          lastFetchTimestamp: activity.nowMs,
          lastCaughtUpTimestamp: activity.nowMs,
        }
      : { replicaId, replicaDirectoryId: ZERO_UUID, logEndOffset: role.fetchOffsets.get(replicaId) ?? -1, ...activity.of(replicaId) },
  )
  return { error: 'NONE', leaderId: self.id, leaderEpoch: epoch, highWatermark, currentVoters, observers: [], nodes }
}
