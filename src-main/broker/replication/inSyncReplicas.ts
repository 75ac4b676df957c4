/**
 * The in-sync replicas as their leader sees them. `committed` is what the controller last said; a change is proposed with AlterPartition and
 * stands as pending until the controller answers or new metadata arrives (KIP-497).
 *
 *   committed --expandIsrIfCaughtUp--> expanding --+
 *   committed --shrinkIsrIfLagging---> shrinking --+-- AlterPartition answered, or metadata with a newer partition epoch --> committed
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { type FollowerProgress, isCaughtUp } from './followerProgress.ts'

export type InSyncReplicas =
  | { readonly type: 'committed'; readonly isr: readonly number[]; readonly partitionEpoch: number }
  | { readonly type: 'expanding'; readonly isr: readonly number[]; readonly partitionEpoch: number; readonly added: number }
  | { readonly type: 'shrinking'; readonly isr: readonly number[]; readonly partitionEpoch: number; readonly removed: readonly number[] }

/** Every replica that may be in the set, whichever way a pending change ends: only what all of these have may be called committed. */
export function maximalIsr(inSync: InSyncReplicas): readonly number[] {
  return inSync.type === 'expanding' ? [...inSync.isr, inSync.added] : inSync.isr
}

/** The set that a pending change asks for. */
export function proposedIsr(inSync: InSyncReplicas): readonly number[] {
  switch (inSync.type) {
    case 'committed':
      return inSync.isr
    case 'expanding':
      return [...inSync.isr, inSync.added]
    case 'shrinking':
      return inSync.isr.filter(each => !inSync.removed.includes(each))
  }
}

/** The pending expansion, or undefined when the follower may not join now. One change at a time. */
export function expandIsrIfCaughtUp(
  inSync: InSyncReplicas,
  follower: {
    replicaId: number
    logEndOffset: number
    highWatermark: number
    /** Where the leader's epoch began. Below it the follower may hold what an earlier leader never committed. */
    epochStartOffset: number
    /** Unfenced, not shutting down, and of the broker epoch that is registered (KIP-903). */
    isEligible: boolean
  },
): InSyncReplicas | undefined {
  if (inSync.type !== 'committed' || inSync.isr.includes(follower.replicaId) || !follower.isEligible) return undefined
  if (follower.logEndOffset < follower.highWatermark || follower.logEndOffset < follower.epochStartOffset) return undefined
  return { ...inSync, type: 'expanding', added: follower.replicaId }
}

/** The pending shrink, or undefined when every member keeps up. */
export function shrinkIsrIfLagging(
  inSync: InSyncReplicas,
  leader: {
    leaderId: number
    leaderEndOffset: number
    followers: ReadonlyMap<number, FollowerProgress>
    nowMs: number
    maxLagMs: number
  },
): InSyncReplicas | undefined {
  if (inSync.type !== 'committed') return undefined
  const removed = inSync.isr.filter(id => {
    if (id === leader.leaderId) return false
    const progress = leader.followers.get(id)
    return progress === undefined || !isCaughtUp(progress, leader)
  })
  return removed.length === 0 ? undefined : { ...inSync, type: 'shrinking', removed }
}

export type AlterPartitionOutcome =
  | { readonly error: 'NONE'; readonly isr: readonly number[]; readonly partitionEpoch: number }
  | { readonly error: Exclude<ErrorName, 'NONE'> }

/** What an answer to AlterPartition leads to; `retry` asks the sender to propose the same once more. */
export function afterAlterPartition(inSync: InSyncReplicas, outcome: AlterPartitionOutcome): { next: InSyncReplicas; retry: boolean } {
  if (inSync.type === 'committed') return { next: inSync, retry: false } // metadata was faster than the answer
  switch (outcome.error) {
    case 'NONE':
      if (outcome.partitionEpoch < inSync.partitionEpoch) return { next: inSync, retry: false }
      return { next: { type: 'committed', isr: outcome.isr, partitionEpoch: outcome.partitionEpoch }, retry: false }
    case 'INELIGIBLE_REPLICA':
    case 'OPERATION_NOT_ATTEMPTED':
      // The controller changed nothing, so that the set is known again.
      return { next: { type: 'committed', isr: inSync.isr, partitionEpoch: inSync.partitionEpoch }, retry: false }
    case 'FENCED_LEADER_EPOCH':
    case 'INVALID_UPDATE_VERSION':
    case 'INVALID_REQUEST':
    case 'UNKNOWN_TOPIC_ID':
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'NEW_LEADER_ELECTED':
      // The controller knows more than we do: until its metadata is here, either set may be the true one.
      return { next: inSync, retry: false }
    default:
      return { next: inSync, retry: true }
  }
}
