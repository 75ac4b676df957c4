import type { Uuid } from '../base/uuid.ts'
import { LEADER_UNCHANGED } from '../metadata/delta.ts'
import { topicFlag } from '../metadata/effectiveConfig.ts'
import { leaderRecoveryState, type MetadataImage, NO_LEADER, type PartitionImage } from '../metadata/image.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import { sameNumbers } from './decision.ts'

/**
 * online: whoever leads stays if it may; else the first replica that is in sync and alive.
 * preferred: the first replica, if it is in sync and alive; else as above.
 * unclean: as online, and when nobody is in sync and alive the first that is alive, at the price of records.
 */
export type Election = 'online' | 'preferred' | 'unclean'

/** What a partition shall become. What is left out stays. */
export interface PartitionTarget {
  readonly isr?: readonly number[]
  readonly replicas?: readonly number[]
  readonly addingReplicas?: readonly number[]
  readonly removingReplicas?: readonly number[]
  readonly leaderRecoveryState?: number
}

export interface ElectionRules {
  readonly election: Election
  /** Whether a broker is alive, from the point of view of this change. */
  readonly isAcceptableLeader: (brokerId: number) => boolean
}

export type PartitionChange = MetadataRecord<'PartitionChangeRecord'>

/**
 * The record that brings a partition to its target and elects a leader for it; undefined when nothing changes. The last in-sync replica is never
 * dropped for being away, because nobody else has all that was acknowledged: the partition keeps it and has no leader until it is back.
 */
export function partitionChange(
  topicId: Uuid,
  before: PartitionImage,
  target: PartitionTarget,
  rules: ElectionRules,
): PartitionChange | undefined {
  const wanted = completed({
    isr: target.isr ?? before.isr,
    replicas: target.replicas ?? before.replicas,
    adding: target.addingReplicas ?? before.addingReplicas,
    removing: target.removingReplicas ?? before.removingReplicas,
  })
  const elected = elect(before, wanted, rules)
  const isr = elected.unclean ? [elected.leader] : wanted.isr.length > 0 ? wanted.isr : before.isr
  const recovery = elected.unclean ? leaderRecoveryState.RECOVERING : (target.leaderRecoveryState ?? before.leaderRecoveryState)

  // A replica that was removed must stop at once, and only a new leader epoch tells the leader and its followers so.
  const losesReplica = before.replicas.some(replica => !wanted.replicas.includes(replica))
  const namesLeader = elected.leader !== before.leader || losesReplica

  const changes = {
    ...(namesLeader && { leader: elected.leader }),
    ...(!sameNumbers(isr, before.isr) && { isr }),
    ...(!sameNumbers(wanted.replicas, before.replicas) && { replicas: wanted.replicas }),
    ...(!sameNumbers(wanted.adding, before.addingReplicas) && { addingReplicas: wanted.adding }),
    ...(!sameNumbers(wanted.removing, before.removingReplicas) && { removingReplicas: wanted.removing }),
    ...(recovery !== before.leaderRecoveryState && { leaderRecoveryState: recovery }),
  }
  if (Object.keys(changes).length === 0) return undefined
  return metadataRecord({ type: 'PartitionChangeRecord', topicId, partitionId: before.partition, leader: LEADER_UNCHANGED, ...changes })
}

interface Assignment {
  readonly isr: readonly number[]
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

/** Ends a reassignment once everybody who was to be added is in sync (KIP-455). */
function completed(wanted: Assignment): Assignment {
  const { isr, replicas, adding, removing } = wanted
  if (adding.length + removing.length === 0) return wanted
  const staying = (replica: number) => !removing.includes(replica)
  const remaining = isr.filter(staying)
  if (remaining.length === 0 || !adding.every(replica => remaining.includes(replica))) return wanted
  return { isr: remaining, replicas: replicas.filter(staying), adding: [], removing: [] }
}

function elect(
  before: PartitionImage,
  { isr, replicas }: Assignment,
  { election, isAcceptableLeader }: ElectionRules,
): { readonly leader: number; readonly unclean: boolean } {
  const mayLead = (replica: number) => isr.includes(replica) && isAcceptableLeader(replica)
  const clean = (leader: number) => ({ leader, unclean: false })
  const [preferred = NO_LEADER] = replicas

  if (election === 'preferred' && mayLead(preferred)) return clean(preferred)
  if (replicas.includes(before.leader) && mayLead(before.leader)) return clean(before.leader)
  const inSync = replicas.find(mayLead)
  if (inSync !== undefined) return clean(inSync)
  if (election !== 'unclean') return clean(NO_LEADER)
  const alive = replicas.find(isAcceptableLeader)
  return alive === undefined ? clean(NO_LEADER) : { leader: alive, unclean: true }
}

/** How a topic's partitions are elected without being asked. */
export function electionFor(image: MetadataImage, topic: string, staticConfigs: ReadonlyMap<string, string>): Election {
  return topicFlag(image, staticConfigs, topic, 'unclean.leader.election.enable') ? 'unclean' : 'online'
}

/** For a broker that goes: out of every ISR where others remain, and others lead where they can. */
export function changesWithout(image: MetadataImage, brokerId: number, staticConfigs: ReadonlyMap<string, string>): PartitionChange[] {
  const isAcceptableLeader = (other: number) => other !== brokerId && image.isActive(other)
  return changesOf(image, staticConfigs, isAcceptableLeader, ({ isr }) =>
    isr.includes(brokerId) ? { isr: isr.filter(other => other !== brokerId) } : undefined,
  )
}

/** For a broker that comes: it leads the partitions that waited for it. */
export function changesWith(image: MetadataImage, brokerId: number, staticConfigs: ReadonlyMap<string, string>): PartitionChange[] {
  const isAcceptableLeader = (other: number) => other === brokerId || image.isActive(other)
  return changesOf(image, staticConfigs, isAcceptableLeader, ({ leader }) => (leader === NO_LEADER ? {} : undefined))
}

/** Leaders for the partitions that have none and may have one by now, such as after `unclean.leader.election.enable` was set. */
export function changesForLeaderless(image: MetadataImage, staticConfigs: ReadonlyMap<string, string>): PartitionChange[] {
  return changesOf(
    image,
    staticConfigs,
    brokerId => image.isActive(brokerId),
    ({ leader }) => (leader === NO_LEADER ? {} : undefined),
  )
}

function changesOf(
  image: MetadataImage,
  staticConfigs: ReadonlyMap<string, string>,
  isAcceptableLeader: (brokerId: number) => boolean,
  targetOf: (partition: PartitionImage) => PartitionTarget | undefined,
): PartitionChange[] {
  const changes: PartitionChange[] = []
  for (const { topicId, name, partitions } of image.topicsById.values()) {
    let election: Election | undefined
    for (const partition of partitions) {
      const target = targetOf(partition)
      if (target === undefined) continue
      election ??= electionFor(image, name, staticConfigs)
      const change = partitionChange(topicId, partition, target, { election, isAcceptableLeader })
      if (change !== undefined) changes.push(change)
    }
  }
  return changes
}

/** Gives leadership back to preferred replicas that are in sync and alive. At most `limit` partitions at a time. */
export function changesToPreferred(image: MetadataImage, limit: number): PartitionChange[] {
  const changes: PartitionChange[] = []
  const rules: ElectionRules = { election: 'preferred', isAcceptableLeader: brokerId => image.isActive(brokerId) }
  for (const { topicId, partitions } of image.topicsById.values()) {
    for (const partition of partitions) {
      if (changes.length === limit) return changes
      if (partition.leader === partition.replicas[0]) continue
      const change = partitionChange(topicId, partition, {}, rules)
      if (change !== undefined) changes.push(change)
    }
  }
  return changes
}
