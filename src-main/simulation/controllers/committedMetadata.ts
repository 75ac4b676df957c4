import type { Uuid } from '../../base/uuid.ts'
import { applyRecords } from '../../metadata/delta.ts'
import { configResourceType } from '../../metadata/configResource.ts'
import { ELIGIBLE_LEADERS_FEATURE } from '../../metadata/features.ts'
import { MetadataImage, NO_LEADER, type PartitionImage } from '../../metadata/image.ts'
import { replaceImage } from '../../metadata/replaceImage.ts'
import { recordsOf } from '../../metadata/snapshot.ts'
import type { MetadataRecord } from '../../protocol/messages/metadataRecords.ts'

/** A batch of the metadata log, as the quorum tells of it. */
export interface Committed {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly records: readonly MetadataRecord[]
}

/**
 * The metadata log of a simulated cluster, read once, record by record, and held against what must be true of it after each: partitions are whole, epochs
 * never fall, and, where there are eligible leader replicas, nobody leads who may lack what was acknowledged while somebody is left who does not.
 */
export class CommittedMetadata {
  readonly image = new MetadataImage()
  /** Of each partition, the brokers that surely have all that was ever acknowledged. */
  readonly #complete = new Map<string, Set<number>>()
  readonly #uncleanStarts = new Set<Uuid>()
  readonly #violate: (message: string) => void
  #batches = 0

  constructor(violate: (message: string) => void) {
    this.#violate = violate
  }

  /** A process started without having been shut down cleanly: what it had not written is gone. */
  startedUncleanly(incarnationId: Uuid): void {
    this.#uncleanStarts.add(incarnationId)
  }

  /** Told by every node, in order; what is known already is left out. */
  apply(batch: Committed): void {
    if (batch.baseOffset <= this.image.lastAppliedOffset) return
    for (const record of batch.records) {
      const before = partitionOf(this.image, record)
      // Of one that was removed for good and comes back, nobody knows with what.
      if (record.type === 'RegisterBrokerRecord' && !this.image.brokers.has(record.brokerId)) this.#losesSome(record.brokerId)
      applyRecords(this.image, [record])
      // What it was before, the controller knows nothing of.
      if (record.type === 'FeatureLevelRecord' && record.name === ELIGIBLE_LEADERS_FEATURE) this.#complete.clear()
      if (record.type === 'RegisterBrokerRecord' && this.#uncleanStarts.has(record.incarnationId)) this.#losesSome(record.brokerId)
      const after = partitionOf(this.image, record)
      if (after === undefined) continue
      const name = nameOf(this.image, record)
      this.#checkChange(name, before, after)
      // The leader vouches for those that it takes in; with the end of a reassignment, one of them may lead at once.
      if (record.type === 'PartitionChangeRecord' && record.replicas !== null && before !== undefined && before.leader !== NO_LEADER)
        for (const member of after.isr) this.#complete.get(keyOf(record))?.add(member)
      if (before !== undefined && after.leader !== NO_LEADER && after.leader !== before.leader)
        this.#checkLeader(name, keyOf(record), after)
    }
    this.image.lastAppliedOffset = batch.lastOffset
    this.#follow()
    this.#checkBatch()
  }

  #losesSome(brokerId: number): void {
    for (const complete of this.#complete.values()) complete.delete(brokerId)
  }

  #checkChange(name: string, before: PartitionImage | undefined, after: PartitionImage): void {
    const { isr, leader, replicas, elr, directories, addingReplicas, removingReplicas } = after
    const isWithin = (members: readonly number[]) =>
      members.every(member => replicas.includes(member)) && new Set(members).size === members.length
    if (!isWithin(replicas)) this.#violate(`${name}: a replica is named twice`)
    if (![isr, elr, addingReplicas, removingReplicas].every(isWithin)) this.#violate(`${name}: a stranger is among its replicas`)
    if (directories.length !== replicas.length) this.#violate(`${name}: it is not known where its replicas are`)
    if (elr.some(member => isr.includes(member))) this.#violate(`${name}: somebody is in sync and eligible`)
    if (leader !== NO_LEADER && !isr.includes(leader)) this.#violate(`${name}: the leader is not in sync`)
    if (before === undefined) return
    if (after.leaderEpoch < before.leaderEpoch || after.partitionEpoch < before.partitionEpoch) this.#violate(`${name}: an epoch fell`)
    if (leader !== before.leader && after.leaderEpoch === before.leaderEpoch) this.#violate(`${name}: another leader in the same epoch`)
  }

  /** Who leads with enough in sync has records acknowledged that all others lack; who joins those in sync has caught up. */
  #follow(): void {
    const { image } = this
    for (const { topicId, name, partitions } of image.topicsById.values()) {
      const minInsyncReplicas = minInsyncReplicasOf(image, name)
      for (const { partition, replicas, isr, leader } of partitions) {
        const key = `${topicId}-${partition}`
        const known = this.#complete.get(key)
        if (leader === NO_LEADER) continue
        const isEnough = isr.length >= Math.min(minInsyncReplicas, replicas.length)
        // Who was elected for want of anybody better has all there is from now on.
        const isNew = known === undefined || !known.has(leader)
        const others = isEnough || isNew ? [] : replicas.filter(replica => known.has(replica))
        this.#complete.set(key, new Set([...others, ...isr]))
      }
    }
  }

  #checkLeader(name: string, key: string, { leader, replicas }: PartitionImage): void {
    const complete = this.#complete.get(key)
    // Without eligible leader replicas, whoever is last in sync is trusted whatever has become of it.
    if (!this.image.hasEligibleLeaders || complete === undefined || complete.has(leader)) return
    const better = replicas.filter(replica => complete.has(replica))
    if (better.length > 0) this.#violate(`${name}: ${leader} leads, and lacks what ${better.join()} have`)
  }

  #checkBatch(): void {
    const { image } = this
    for (const { topicId, name, partitions } of image.topicsById.values()) {
      const minInsyncReplicas = minInsyncReplicasOf(image, name)
      for (const { partition, replicas, isr, elr, leader, lastKnownElr, ...rest } of partitions) {
        const at = `${name}-${partition}: `
        if (isr.length + elr.length + lastKnownElr.length === 0) this.#violate(`${at}nobody can ever lead`)
        if (!image.hasEligibleLeaders && elr.length + lastKnownElr.length > 0) this.#violate(`${at}somebody is eligible`)
        if (image.hasEligibleLeaders && elr.length > 0 && isr.length >= Math.min(minInsyncReplicas, replicas.length))
          this.#violate(`${at}somebody is eligible although enough are in sync`)
        if (leader !== NO_LEADER && !image.isActive(leader)) this.#violate(`${at}the leader is not alive`)
        if (leader !== NO_LEADER && !image.hasOnlineDirectory({ replicas, directories: rest.directories }, leader))
          this.#violate(`${at}the leader's log folder does not work`)
        const complete = this.#complete.get(`${topicId}-${partition}`)
        const wrong = image.hasEligibleLeaders ? elr.filter(member => complete?.has(member) === false) : []
        if (wrong.length > 0) this.#violate(`${at}${wrong.join()} are eligible, and may lack something`)
      }
    }
    if (this.#batches++ % 16 === 0) this.#checkSnapshot()
  }

  /** The records of a snapshot add up to the same. */
  #checkSnapshot(): void {
    const copy = new MetadataImage()
    replaceImage(copy, [...recordsOf(this.image)])
    if (textOf(copy) !== textOf(this.image)) this.#violate('a snapshot does not say what the log says')
  }
}

/** What an image holds, in one text; when it was last changed does not matter. */
export function textOf(image: MetadataImage): string {
  const { topicsById, brokers, configs, features, quotas, scramCredentials, acls, nextProducerId } = image
  const parts = [topicsById, brokers, configs, features, quotas, scramCredentials, acls].map(map => [...map].toSorted(byKey))
  return JSON.stringify([...parts, nextProducerId], (_, value: unknown) => (value instanceof Map ? [...value].toSorted(byKey) : value))
}

function byKey([one]: readonly unknown[], [other]: readonly unknown[]): number {
  return String(one) < String(other) ? -1 : 1
}

function minInsyncReplicasOf(image: MetadataImage, topic: string): number {
  const name = 'min.insync.replicas'
  return Number(image.topicConfigs(topic).get(name) ?? image.configsOf(configResourceType.BROKER, '').get(name) ?? 1)
}

function partitionOf(image: MetadataImage, record: MetadataRecord): PartitionImage | undefined {
  if (record.type !== 'PartitionRecord' && record.type !== 'PartitionChangeRecord') return undefined
  return image.partition(record.topicId, record.partitionId)
}

function keyOf(record: MetadataRecord): string {
  return 'topicId' in record && 'partitionId' in record ? `${record.topicId}-${record.partitionId}` : ''
}

function nameOf(image: MetadataImage, record: MetadataRecord): string {
  return 'topicId' in record && 'partitionId' in record ? `${image.topicsById.get(record.topicId)?.name}-${record.partitionId}` : ''
}
