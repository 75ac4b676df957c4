import { NO_LEADER, type PartitionImage } from '../metadata/image.ts'

/** What decides who is eligible, beside the partition itself. */
export interface EligibilityRules {
  /** Of the topic, in a cluster that has eligible leader replicas; left out in one that has none. */
  readonly minInsyncReplicas?: number | undefined
  /** A broker whose process is known to have ended without a clean shutdown: what it had not written may be gone. */
  readonly uncleanlyShutDown?: number | undefined
}

type Members = Pick<PartitionImage, 'replicas' | 'isr'>

/**
 * The eligible leader replicas of a partition that is to have other in-sync replicas (KIP-966). While fewer are in sync than min.insync.replicas asks
 * for, nothing is committed: whoever leaves the ISR then still has everything, and so have those who left before. As soon as there are enough, records
 * are committed that they do not have. Whose process ended without writing all it had is not eligible.
 */
export function eligibleLeaders(before: PartitionImage, { replicas, isr }: Members, rules: EligibilityRules): readonly number[] {
  const { minInsyncReplicas, uncleanlyShutDown } = rules
  if (minInsyncReplicas === undefined || isInSyncEnough({ replicas, isr }, minInsyncReplicas)) return []
  const hasAll = (replica: number) => before.elr.includes(replica) || before.isr.includes(replica)
  return replicas.filter(replica => hasAll(replica) && !isr.includes(replica) && replica !== uncleanlyShutDown)
}

/** Whether so many are in sync that records are committed. It cannot be asked for more replicas than there are. */
export function isInSyncEnough({ replicas, isr }: Members, minInsyncReplicas: number): boolean {
  return isr.length >= Math.min(minInsyncReplicas, replicas.length)
}

/**
 * Whether a partition may come to its new replicas and do without the others: enough of those that stay are in sync, or none of those that go is sure to
 * have everything. Differs from Kafka, which is content with a single one that stays: that may have lost its disk a moment ago, and nobody knows yet.
 */
export function mayGiveUpOthers(before: PartitionImage, now: Members, settled: Members, rules: EligibilityRules): boolean {
  const { minInsyncReplicas } = rules
  if (minInsyncReplicas === undefined || isInSyncEnough(settled, minInsyncReplicas)) return true
  const complete = [...now.isr, ...eligibleLeaders(before, now, rules)]
  return complete.every(replica => settled.replicas.includes(replica))
}

/**
 * What a partition remembers of its last leader: who led when the last in-sync replica went, until there is a leader again. Once nobody is left of whom
 * it is sure that they have everything, that one has most, and it may lead without being told to.
 */
export function lastKnownLeader(
  before: PartitionImage,
  { replicas, isr, leader }: Members & { readonly leader: number },
  { minInsyncReplicas }: EligibilityRules,
): readonly number[] {
  if (minInsyncReplicas === undefined || leader !== NO_LEADER) return []
  if (isr.length > 0 || before.isr.length === 0) return before.lastKnownElr.filter(replica => replicas.includes(replica))
  // It had no leader when the last in-sync replica was kept for being the last, in the time before there were eligible ones: that one will have to do.
  const last = before.leader !== NO_LEADER ? before.leader : before.isr[0]!
  return [last].filter(replica => replicas.includes(replica))
}
