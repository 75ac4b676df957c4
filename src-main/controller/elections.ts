import type { Uuid } from '../base/uuid.ts'
import { LEADER_UNCHANGED } from '../metadata/delta.ts'
import { topicFlag, topicNumber } from '../metadata/effectiveConfig.ts'
import { leaderRecoveryState, type MetadataImage, NO_LEADER, type PartitionImage, type Placement } from '../metadata/image.ts'
import { type MetadataRecord, metadataRecord } from '../protocol/messages/metadataRecords.ts'
import { isSame } from './decision.ts'
import { type EligibilityRules, eligibleLeaders, isInSyncEnough, lastKnownLeader, mayGiveUpOthers } from './eligibleLeaders.ts'

/**
 * online: whoever leads stays if it may; else the first replica that is in sync and online: its broker is alive, and its log folder works. When nobody
 *   is in sync, the first that is eligible (KIP-966) and online; when nobody is eligible either, the last known leader, if it is online.
 * preferred: the first replica, if it is in sync and online; else as above.
 * unclean: as online, and when that finds nobody the first that is online, at the price of records.
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

export interface ElectionRules extends EligibilityRules {
  readonly election: Election
  readonly image: MetadataImage
  /** Whether a broker is alive, from the point of view of this change; as the image says when left out. */
  readonly isActive?: ((brokerId: number) => boolean) | undefined
}

export type PartitionChange = MetadataRecord<'PartitionChangeRecord'>

/**
 * The record that brings a partition to its target and elects a leader for it; undefined when nothing changes. Without eligible leader replicas, the
 * last in-sync replica is never dropped for being away, because nobody else has all that was acknowledged: the partition keeps it and has no leader
 * until it is back. With them, it leaves like the others and is remembered as eligible.
 */
export function partitionChange(
  topicId: Uuid,
  before: PartitionImage,
  target: PartitionTarget,
  rules: ElectionRules,
): PartitionChange | undefined {
  const asked = {
    isr: target.isr ?? before.isr,
    replicas: target.replicas ?? before.replicas,
    adding: target.addingReplicas ?? before.addingReplicas,
    removing: target.removingReplicas ?? before.removingReplicas,
  }
  const wanted = completed(before, asked, rules)
  const { replicas } = wanted
  const { minInsyncReplicas } = rules
  const directories = replicas.map(replica => directoryOf(before, replica, target, rules.image))
  const eligible = eligibleLeaders(before, wanted, rules)
  const { leader, from } = elect(before, { ...wanted, directories, eligible }, rules)
  const keepsLast = minInsyncReplicas === undefined && wanted.isr.length === 0
  const isr = from === 'inSync' ? (keepsLast ? before.isr : wanted.isr) : [leader]
  // The new leader alone may be enough: then what it commits, the others that were eligible do not have.
  const isEnough = minInsyncReplicas === undefined || isInSyncEnough({ replicas, isr }, minInsyncReplicas)
  const elr = from === 'anybody' || isEnough ? [] : eligible.filter(replica => replica !== leader)
  const lastKnownElr = lastKnownLeader(before, { replicas, isr, leader }, rules)
  const recovery = from === 'anybody' ? leaderRecoveryState.RECOVERING : (target.leaderRecoveryState ?? before.leaderRecoveryState)

  // A replica that was removed must stop at once, and only a new leader epoch tells the leader and its followers so.
  const losesReplica = before.replicas.some(replica => !replicas.includes(replica))
  const namesLeader = leader !== before.leader || losesReplica
  const hasOtherReplicas = !isSame(replicas, before.replicas)

  const changes = {
    ...(namesLeader && { leader }),
    ...(!isSame(isr, before.isr) && { isr }),
    ...(!isSame(elr, before.elr) && { eligibleLeaderReplicas: elr }),
    ...(!isSame(lastKnownElr, before.lastKnownElr) && { lastKnownElr }),
    ...(hasOtherReplicas && { replicas }),
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

/** Ends a reassignment once everybody who was to be added is in sync (KIP-455), and those who are to go are not needed any more. */
function completed(before: PartitionImage, wanted: Assignment, rules: EligibilityRules): Assignment {
  const { isr, replicas, adding, removing } = wanted
  if (adding.length + removing.length === 0) return wanted
  const staying = (replica: number) => !removing.includes(replica)
  const remaining = isr.filter(staying)
  if (remaining.length === 0 || !adding.every(replica => remaining.includes(replica))) return wanted
  const settled = { isr: remaining, replicas: replicas.filter(staying), adding: [], removing: [] }
  return mayGiveUpOthers(before, wanted, settled, rules) ? settled : wanted
}

/** A leader, and among whom it was found; nobody is found among those in sync. */
interface Elected {
  readonly leader: number
  readonly from: 'inSync' | 'eligible' | 'anybody'
}

function elect(
  before: PartitionImage,
  { isr, replicas, directories, eligible }: Assignment & Placement & { readonly eligible: readonly number[] },
  { election, image, isActive = brokerId => image.isActive(brokerId), minInsyncReplicas }: ElectionRules,
): Elected {
  const isOnline = (replica: number) => isActive(replica) && image.hasOnlineDirectory({ replicas, directories }, replica)
  const mayLead = (replica: number) => isr.includes(replica) && isOnline(replica)
  const inSync = (leader: number): Elected => ({ leader, from: 'inSync' })
  const [preferred = NO_LEADER] = replicas

  if (election === 'preferred' && mayLead(preferred)) return inSync(preferred)
  if (replicas.includes(before.leader) && mayLead(before.leader)) return inSync(before.leader)
  const first = replicas.find(mayLead)
  if (first !== undefined) return inSync(first)
  if (minInsyncReplicas !== undefined && isr.length === 0) {
    const next = replicas.find(replica => eligible.includes(replica) && isOnline(replica))
    if (next !== undefined) return { leader: next, from: 'eligible' }
    const [last = NO_LEADER, ...others] = before.lastKnownElr
    // Several are members that another Kafka remembers: each of them may be the wrong one.
    if (eligible.length === 0 && others.length === 0 && replicas.includes(last) && isOnline(last)) return { leader: last, from: 'anybody' }
  }
  if (election !== 'unclean') return inSync(NO_LEADER)
  const online = replicas.find(isOnline)
  return online === undefined ? inSync(NO_LEADER) : { leader: online, from: 'anybody' }
}

/** How a topic's partitions are elected without being asked. */
export function electionFor(image: MetadataImage, topic: string, staticConfigs: ReadonlyMap<string, string>): Election {
  return topicFlag(image, staticConfigs, topic, 'unclean.leader.election.enable') ? 'unclean' : 'online'
}

/** What holds for the elections of a topic; of the kind that it has without being asked, unless another is given. */
export function rulesFor(
  image: MetadataImage,
  topic: string,
  staticConfigs: ReadonlyMap<string, string>,
  election: Election = electionFor(image, topic, staticConfigs),
): ElectionRules {
  const minInsyncReplicas = image.hasEligibleLeaders ? topicNumber(image, staticConfigs, topic, 'min.insync.replicas') : undefined
  return { election, image, minInsyncReplicas }
}

/** For a broker that goes: out of every ISR (without eligible leader replicas: where others remain), and others lead where they can. */
export function changesWithout(image: MetadataImage, brokerId: number, staticConfigs: ReadonlyMap<string, string>): PartitionChange[] {
  const isActive = (other: number) => other !== brokerId && image.isActive(other)
  return changesOf(image, staticConfigs, ({ isr }) => (isr.includes(brokerId) ? { isr: without(isr, brokerId) } : undefined), { isActive })
}

/** For a broker that is gone without a clean shutdown: as `changesWithout`, and it is not eligible any more to lead (KIP-966). */
export function changesAfterUncleanShutdown(
  image: MetadataImage,
  brokerId: number,
  staticConfigs: ReadonlyMap<string, string>,
): PartitionChange[] {
  const isActive = (other: number) => other !== brokerId && image.isActive(other)
  const targetOf = ({ isr, elr }: PartitionImage) =>
    isr.includes(brokerId) || elr.includes(brokerId) ? { isr: without(isr, brokerId) } : undefined
  return changesOf(image, staticConfigs, targetOf, { isActive, uncleanlyShutDown: brokerId })
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
  return changesOf(image, staticConfigs, whereLeaderless, { isActive: other => other === brokerId || image.isActive(other) })
}

/**
 * For configs that changed, in an image that says so already: leaders for the partitions that have none and may have one by now, such as after
 * `unclean.leader.election.enable` was set, and other eligible leader replicas, and moves that come to their end, where another number of replicas is
 * enough.
 */
export function changesForConfigs(image: MetadataImage, staticConfigs: ReadonlyMap<string, string>): PartitionChange[] {
  const dependsOnNumber = ({ elr, removingReplicas }: PartitionImage) => elr.length + removingReplicas.length > 0
  return changesOf(image, staticConfigs, partition => (dependsOnNumber(partition) ? {} : whereLeaderless(partition)))
}

function whereLeaderless({ leader }: PartitionImage): PartitionTarget | undefined {
  return leader === NO_LEADER ? {} : undefined
}

function changesOf(
  image: MetadataImage,
  staticConfigs: ReadonlyMap<string, string>,
  targetOf: (partition: PartitionImage) => PartitionTarget | undefined,
  given: Pick<ElectionRules, 'isActive' | 'uncleanlyShutDown'> = {},
): PartitionChange[] {
  const changes: PartitionChange[] = []
  for (const { topicId, name, partitions } of image.topicsById.values()) {
    let rules: ElectionRules | undefined
    for (const partition of partitions) {
      const target = targetOf(partition)
      if (target === undefined) continue
      rules ??= { ...rulesFor(image, name, staticConfigs), ...given }
      const change = partitionChange(topicId, partition, target, rules)
      if (change !== undefined) changes.push(change)
    }
  }
  return changes
}

/** Gives leadership back to preferred replicas that are in sync and online. At most `limit` partitions at a time. */
export function changesToPreferred(image: MetadataImage, limit: number, staticConfigs: ReadonlyMap<string, string>): PartitionChange[] {
  const changes: PartitionChange[] = []
  for (const { topicId, name, partitions } of image.topicsById.values()) {
    let rules: ElectionRules | undefined
    for (const partition of partitions) {
      if (changes.length === limit) return changes
      if (partition.leader === partition.replicas[0]) continue
      rules ??= rulesFor(image, name, staticConfigs, 'preferred')
      const change = partitionChange(topicId, partition, {}, rules)
      if (change !== undefined) changes.push(change)
    }
  }
  return changes
}
