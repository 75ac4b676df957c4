import { type FollowerProgress, isCaughtUp } from './followerProgress.ts'
import { type InSyncReplicas, maximalIsr } from './inSyncReplicas.ts'

export interface LeaderView {
  readonly leaderId: number
  readonly leaderEndOffset: number
  readonly highWatermark: number
  readonly inSync: InSyncReplicas
  readonly followers: ReadonlyMap<number, FollowerProgress>
  /** Whether the controller would let the replica into the in-sync set now. */
  readonly isEligible: (replicaId: number) => boolean
  readonly minIsr: number
  readonly nowMs: number
  readonly maxLagMs: number
}

/**
 * The offset below which records are committed. It waits for the maximal in-sync set and for those about to join it, who would otherwise have
 * to catch up with a moving mark; it stands still while the set is too small for min.insync.replicas (KIP-966); it never falls.
 */
export function nextHighWatermark(leader: LeaderView): number {
  const { inSync, highWatermark } = leader
  if (inSync.isr.length < leader.minIsr) return highWatermark
  const members = maximalIsr(inSync)
  let lowest = leader.leaderEndOffset
  for (const [id, progress] of leader.followers) {
    if (progress.logEndOffset >= lowest) continue
    if (members.includes(id) || (isCaughtUp(progress, leader) && leader.isEligible(id))) lowest = progress.logEndOffset
  }
  return Math.max(highWatermark, lowest)
}

/** min.insync.replicas cannot ask for more replicas than there are. */
export function effectiveMinIsr(minInsyncReplicas: number, replicaCount: number): number {
  return Math.min(minInsyncReplicas, replicaCount)
}

/** Whether an acks=-1 append up to `requiredOffset` can be answered, and with what; undefined is "not yet". */
export function produceOutcome(state: {
  requiredOffset: number
  highWatermark: number
  inSync: InSyncReplicas
  minIsr: number
}): 'NONE' | 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' | undefined {
  if (state.highWatermark < state.requiredOffset) return undefined
  return maximalIsr(state.inSync).length >= state.minIsr ? 'NONE' : 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'
}
