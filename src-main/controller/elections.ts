import type { Uuid } from '../base/uuid.ts'
import { LEADER_UNCHANGED } from '../metadata/delta.ts'
import { topicFlag } from '../metadata/effectiveConfig.ts'
import { leaderRecoveryState, type MetadataImage, NO_LEADER, type PartitionImage, type Placement } from '../metadata/image.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import { isSame } from './decision.ts'

/**
 * online: whoever leads stays if it may; else the first replica that is in sync and online: its broker is alive, and its log folder works.
 * preferred: the first replica, if it is in sync and online; else as above.
 * unclean: as online, and when nobody is in sync and online the first that is online, at the price of records.
 */
export type Election = 'online' | 'preferred' | 'unclean'

/** What a partition shall become. What is left out stays. */
export interface PartitionTarget {
  readonly isr?: readonly number[]
  readonly replicas?: readonly number[]
  readonly addingReplicas?: readonly number[]
  readonly removingReplicas?: readonly number[]
  readonly leaderRecoveryState?: number
  /** By broker, the log folders of replicas that are not where they were. */
  readonly directories?: ReadonlyMap<number, Uuid>
}

export interface ElectionRules {
  readonly election: Election
  readonly image: MetadataImage
  /** Whether a broker is alive, from the point of view of this change; as the image says when left out. */
  readonly isActive?: ((brokerId: number) => boolean) | undefined
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
  const directories = wanted.replicas.map(replica => directoryOf(before, replica, target, rules.image))
  const elected = elect(before, { ...wanted, directories }, rules)
  const isr = elected.unclean ? [elected.leader] : wanted.isr.length > 0 ? wanted.isr : before.isr
  const recovery = elected.unclean ? leaderRecoveryState.RECOVERING : (target.leaderRecoveryState ?? before.leaderRecoveryState)

  // A replica that was removed must stop at once, and only a new leader epoch tells the leader and its followers so.
  const losesReplica = before.replicas.some(replica => !wanted.replicas.includes(replica))
  const namesLeader = elected.leader !== before.leader || losesReplica
  const hasOtherReplicas = !isSame(wanted.replicas, before.replicas)

  const changes = {
    ...(namesLeader && { leader: elected.leader }),
    ...(!isSame(isr, before.isr) && { isr }),
    ...(hasOtherReplicas && { replicas: wanted.replicas }),
    ...((hasOtherReplicas || !isSame(directories, before.directories)) && { directories }),
    ...(!isSame(wanted.adding, before.addingReplicas) && { addingReplicas: wanted.adding }),
    ...(!isSame(wanted.removing, before.removingReplicas) && { removingReplicas: wanted.removing }),
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

/** Where a replica is to be: where the target says, or where it was, or, being new, where its broker cannot but put it. */
function directoryOf(before: PartitionImage, replica: number, { directories }: PartitionTarget, image: MetadataImage): Uuid {
  return directories?.get(replica) ?? before.directories[before.replicas.indexOf(replica)] ?? image.directoryOfNewReplica(replica)
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
  { isr, replicas, directories }: Assignment & Placement,
  { election, image, isActive = brokerId => image.isActive(brokerId) }: ElectionRules,
): { readonly leader: number; readonly unclean: boolean } {
  const isOnline = (replica: number) => isActive(replica) && image.hasOnlineDirectory({ replicas, directories }, replica)
  const mayLead = (replica: number) => isr.includes(replica) && isOnline(replica)
  const clean = (leader: number) => ({ leader, unclean: false })
  const [preferred = NO_LEADER] = replicas

  if (election === 'preferred' && mayLead(preferred)) return clean(preferred)
  if (replicas.includes(before.leader) && mayLead(before.leader)) return clean(before.leader)
  const inSync = replicas.find(mayLead)
  if (inSync !== undefined) return clean(inSync)
  if (election !== 'unclean') return clean(NO_LEADER)
  const online = replicas.find(isOnline)
  return online === undefined ? clean(NO_LEADER) : { leader: online, unclean: true }
}

/** How a topic's partitions are elected without being asked. */
export function electionFor(image: MetadataImage, topic: string, staticConfigs: ReadonlyMap<string, string>): Election {
  return topicFlag(image, staticConfigs, topic, 'unclean.leader.election.enable') ? 'unclean' : 'online'
}

/** For a broker that goes: out of every ISR where others remain, and others lead where they can. */
export function changesWithout(image: MetadataImage, brokerId: number, staticConfigs: ReadonlyMap<string, string>): PartitionChange[] {
  const isActive = (other: number) => other !== brokerId && image.isActive(other)
  return changesOf(image, staticConfigs, ({ isr }) => (isr.includes(brokerId) ? { isr: without(isr, brokerId) } : undefined), isActive)
}

/**
 * For log folders of a broker that work no more, in an image that says so already (KIP-858): the replicas there leave every ISR where others remain,
 * and others lead where they can.
 */
export function changesWithoutOfflineReplicas(
  image: MetadataImage,
  brokerId: number,
  staticConfigs: ReadonlyMap<string, string>,
): PartitionChange[] {
  return changesOf(image, staticConfigs, partition => {
    const isAffected = partition.isr.includes(brokerId) && !image.hasOnlineDirectory(partition, brokerId)
    return isAffected ? { isr: without(partition.isr, brokerId) } : undefined
  })
}

/** In-sync replicas but one. */
export function without(isr: readonly number[], brokerId: number): readonly number[] {
  return isr.filter(other => other !== brokerId)
}

/** For a broker that comes: it leads the partitions that waited for it. */
export function changesWith(image: MetadataImage, brokerId: number, staticConfigs: ReadonlyMap<string, string>): PartitionChange[] {
  return changesOf(image, staticConfigs, whereLeaderless, other => other === brokerId || image.isActive(other))
}

/** Leaders for the partitions that have none and may have one by now, such as after `unclean.leader.election.enable` was set. */
export function changesForLeaderless(image: MetadataImage, staticConfigs: ReadonlyMap<string, string>): PartitionChange[] {
  return changesOf(image, staticConfigs, whereLeaderless)
}

function whereLeaderless({ leader }: PartitionImage): PartitionTarget | undefined {
  return leader === NO_LEADER ? {} : undefined
}

function changesOf(
  image: MetadataImage,
  staticConfigs: ReadonlyMap<string, string>,
  targetOf: (partition: PartitionImage) => PartitionTarget | undefined,
  isActive?: (brokerId: number) => boolean,
): PartitionChange[] {
  const changes: PartitionChange[] = []
  for (const { topicId, name, partitions } of image.topicsById.values()) {
    let election: Election | undefined
    for (const partition of partitions) {
      const target = targetOf(partition)
      if (target === undefined) continue
      election ??= electionFor(image, name, staticConfigs)
      const change = partitionChange(topicId, partition, target, { election, image, isActive })
      if (change !== undefined) changes.push(change)
    }
  }
  return changes
}

/** Gives leadership back to preferred replicas that are in sync and online. At most `limit` partitions at a time. */
export function changesToPreferred(image: MetadataImage, limit: number): PartitionChange[] {
  const changes: PartitionChange[] = []
  const rules: ElectionRules = { election: 'preferred', image }
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
