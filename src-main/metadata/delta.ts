import { assert, unreachable } from '../base/assert.ts'
import { METADATA_TOPIC_ID, UNASSIGNED_DIRECTORY, type Uuid } from '../base/uuid.ts'
import type { MetadataRecord } from '../protocol/messages/metadataRecords.ts'
import { configKey, configResourceType } from './configResource.ts'
import {
  type BrokerImage,
  type ClientQuota,
  type MetadataImage,
  type PartitionImage,
  type ScramCredential,
  scramCredentialKey,
  type TopicImage,
} from './image.ts'

/** What a batch of records changed in an image, for those who have to follow: replicas, coordinators, caches. */
export interface MetadataDelta {
  /** New ones, and those in which a partition changed. Deleted ones are not among them. */
  readonly changedTopics: Set<Uuid>
  /** As they were. One that came and went within the batch is here too. */
  readonly deletedTopics: TopicImage[]
  /** Partitions of `changedTopics`, each once. */
  readonly changedPartitions: { readonly topicId: Uuid; readonly partition: number }[]
  /** Registered, changed or gone. */
  readonly changedBrokers: Set<number>
  /** Keys of `MetadataImage.configs`. */
  readonly changedConfigs: Set<string>
  readonly changedFeatures: Set<string>
  readonly producerIdsChanged: boolean
  readonly quotasChanged: boolean
  readonly credentialsChanged: boolean
  readonly aclsChanged: boolean
}

/** Adds records to an image, in place, in order. Records that contradict the image are a bug of whoever wrote them: an assert. */
export function applyRecords(image: MetadataImage, records: readonly MetadataRecord[]): MetadataDelta {
  const change = new Change(image)
  for (const record of records) change.apply(record)
  return change.finish()
}

/** The image once the records are applied; the given one stays as it is. */
export function imageAfter(image: MetadataImage, records: readonly MetadataRecord[]): MetadataImage {
  const copy = image.clone()
  applyRecords(copy, records)
  return copy
}

/** A topic that this batch has already copied, so that a thousand partitions cost one copy and not a thousand. */
interface OwnTopic {
  readonly topicId: Uuid
  readonly name: string
  readonly partitions: PartitionImage[]
}

class Change {
  readonly #image: MetadataImage
  readonly #own = new Map<Uuid, OwnTopic>()
  readonly #partitions = new Map<Uuid, Set<number>>()
  readonly #deletedTopics: TopicImage[] = []
  readonly #brokers = new Set<number>()
  readonly #configs = new Set<string>()
  readonly #features = new Set<string>()
  #producerIds = false
  #quotas = false
  #credentials = false
  #acls = false

  constructor(image: MetadataImage) {
    this.#image = image
  }

  finish(): MetadataDelta {
    return {
      changedTopics: new Set(this.#partitions.keys()),
      deletedTopics: this.#deletedTopics,
      changedPartitions: [...this.#partitions].flatMap(([topicId, partitions]) =>
        [...partitions].map(partition => ({ topicId, partition })),
      ),
      changedBrokers: this.#brokers,
      changedConfigs: this.#configs,
      changedFeatures: this.#features,
      producerIdsChanged: this.#producerIds,
      quotasChanged: this.#quotas,
      credentialsChanged: this.#credentials,
      aclsChanged: this.#acls,
    }
  }

  apply(record: MetadataRecord): void {
    const image = this.#image
    switch (record.type) {
      case 'TopicRecord':
        return this.#addTopic(record)
      case 'RemoveTopicRecord':
        return this.#removeTopic(record)
      case 'PartitionRecord':
        return this.#addPartition(record)
      case 'PartitionChangeRecord':
        return this.#changePartition(record)
      case 'ClearElrRecord':
        return this.#clearElr(record)

      case 'RegisterBrokerRecord':
        return this.#setBroker({
          brokerId: record.brokerId,
          brokerEpoch: record.brokerEpoch,
          incarnationId: record.incarnationId,
          endpoints: record.endPoints,
          features: record.features,
          rack: record.rack,
          fenced: record.fenced,
          inControlledShutdown: record.inControlledShutdown,
          directories: record.logDirs,
        })
      case 'UnregisterBrokerRecord':
        image.brokers.delete(record.brokerId)
        this.#brokers.add(record.brokerId)
        return
      case 'FenceBrokerRecord':
        return this.#setBroker({ ...this.#broker(record.id, record.epoch), fenced: true })
      case 'UnfenceBrokerRecord':
        return this.#setBroker({ ...this.#broker(record.id, record.epoch), fenced: false })
      case 'BrokerRegistrationChangeRecord':
        return this.#changeBroker(record)

      case 'ConfigRecord':
        return this.#setConfig(record)
      case 'FeatureLevelRecord':
        if (record.featureLevel === 0) image.features.delete(record.name)
        else image.features.set(record.name, record.featureLevel)
        this.#features.add(record.name)
        return
      case 'ProducerIdsRecord':
        assert(record.nextProducerId >= image.nextProducerId, 'producer ids are never given out twice')
        image.nextProducerId = record.nextProducerId
        this.#producerIds = true
        return

      case 'ClientQuotaRecord':
        return this.#setQuota(record)
      case 'UserScramCredentialRecord':
        image.scramCredentials.set(scramCredentialKey(record), ownCredential(record))
        this.#credentials = true
        return
      case 'RemoveUserScramCredentialRecord':
        image.scramCredentials.delete(scramCredentialKey(record))
        this.#credentials = true
        return
      case 'AccessControlEntryRecord':
        image.acls.set(record.id, record)
        this.#acls = true
        return
      case 'RemoveAccessControlEntryRecord':
        image.acls.delete(record.id)
        this.#acls = true
        return

      // What another Kafka may have left in a log that we took over: we make no use of it.
      case 'DelegationTokenRecord':
      case 'RemoveDelegationTokenRecord':
      case 'NoOpRecord':
      case 'ZkMigrationStateRecord':
      case 'RegisterControllerRecord':
      case 'UnregisterControllerRecord':
      // Our batches are atomic, so we write no transactions; of theirs, only whole ones are below the high watermark when a log is taken over.
      case 'BeginTransactionRecord':
      case 'EndTransactionRecord':
      case 'AbortTransactionRecord':
        return
      default:
        return unreachable(record)
    }
  }

  #addTopic({ topicId, name }: MetadataRecord<'TopicRecord'>): void {
    assert(topicId !== METADATA_TOPIC_ID, 'the metadata topic is not described by itself')
    assert(!this.#image.topicsByName.has(name), () => `there is no topic ${name} yet`)
    this.#ownTopic({ topicId, name, partitions: [] })
    this.#partitions.set(topicId, new Set())
  }

  #removeTopic({ topicId }: MetadataRecord<'RemoveTopicRecord'>): void {
    const topic = this.#topic(topicId)
    this.#deletedTopics.push(topic)
    this.#image.topicsById.delete(topicId)
    this.#image.topicsByName.delete(topic.name)
    this.#own.delete(topicId)
    this.#partitions.delete(topicId)
    // A topic's configs go with it, without records of their own.
    const key = configKey(configResourceType.TOPIC, topic.name)
    if (this.#image.configs.delete(key)) this.#configs.add(key)
  }

  #addPartition(record: MetadataRecord<'PartitionRecord'>): void {
    const { partitions } = this.#topic(record.topicId)
    const known = partitions[record.partitionId]
    assert(known !== undefined || record.partitionId === partitions.length, 'partitions are numbered without gaps')
    partitions[record.partitionId] = {
      partition: record.partitionId,
      replicas: record.replicas,
      isr: record.isr,
      leader: record.leader,
      leaderEpoch: record.leaderEpoch,
      partitionEpoch: record.partitionEpoch,
      addingReplicas: record.addingReplicas,
      removingReplicas: record.removingReplicas,
      leaderRecoveryState: record.leaderRecoveryState,
      directories:
        record.directories.length === record.replicas.length ? record.directories : record.replicas.map(() => UNASSIGNED_DIRECTORY),
      elr: record.eligibleLeaderReplicas ?? [],
      lastKnownElr: record.lastKnownElr ?? [],
    }
    this.#touch(record.topicId, record.partitionId)
  }

  #changePartition(record: MetadataRecord<'PartitionChangeRecord'>): void {
    const { partitions } = this.#topic(record.topicId)
    const before = partitions[record.partitionId]
    assert(before !== undefined, 'only a partition that exists changes')
    partitions[record.partitionId] = changedPartition(before, record)
    this.#touch(record.topicId, record.partitionId)
  }

  #clearElr({ topicName }: MetadataRecord<'ClearElrRecord'>): void {
    // An empty name means every topic.
    for (const { topicId, name } of [...this.#image.topicsById.values()]) {
      if (topicName !== '' && topicName !== name) continue
      const { partitions } = this.#topic(topicId)
      for (const [index, partition] of partitions.entries()) {
        if (partition.elr.length + partition.lastKnownElr.length === 0) continue
        partitions[index] = { ...partition, elr: [], lastKnownElr: [] }
        this.#touch(topicId, index)
      }
    }
  }

  #changeBroker(record: MetadataRecord<'BrokerRegistrationChangeRecord'>): void {
    const broker = this.#broker(record.brokerId, record.brokerEpoch)
    this.#setBroker({
      ...broker,
      // 1 is yes, -1 is no, 0 leaves it as it is.
      fenced: record.fenced === 0 ? broker.fenced : record.fenced > 0,
      inControlledShutdown: record.inControlledShutdown === 0 ? broker.inControlledShutdown : record.inControlledShutdown > 0,
      directories: record.logDirs.length > 0 ? record.logDirs : broker.directories,
    })
  }

  #setConfig(record: MetadataRecord<'ConfigRecord'>): void {
    const key = configKey(record.resourceType, record.resourceName)
    const values = new Map(this.#image.configs.get(key))
    if (record.value === null) values.delete(record.name)
    else values.set(record.name, record.value)
    if (values.size > 0) this.#image.configs.set(key, values)
    else this.#image.configs.delete(key)
    this.#configs.add(key)
  }

  #setQuota({ entity, key, value, remove }: MetadataRecord<'ClientQuotaRecord'>): void {
    const id = quotaEntityKey(entity)
    const values = new Map(this.#image.quotas.get(id)?.values)
    if (remove) values.delete(key)
    else values.set(key, value)
    if (values.size > 0) this.#image.quotas.set(id, { entity, values })
    else this.#image.quotas.delete(id)
    this.#quotas = true
  }

  #broker(brokerId: number, brokerEpoch: number): BrokerImage {
    const broker = this.#image.brokers.get(brokerId)
    assert(broker !== undefined, () => `broker ${brokerId} is registered`)
    assert(broker.brokerEpoch === brokerEpoch, () => `broker ${brokerId} is spoken of in its own epoch`)
    return broker
  }

  #setBroker(broker: BrokerImage): void {
    this.#image.brokers.set(broker.brokerId, broker)
    this.#brokers.add(broker.brokerId)
  }

  /** The topic, as a copy of this batch's own. */
  #topic(topicId: Uuid): OwnTopic {
    const own = this.#own.get(topicId)
    if (own !== undefined) return own
    const topic = this.#image.topicsById.get(topicId)
    assert(topic !== undefined, () => `topic ${topicId} exists`)
    return this.#ownTopic({ ...topic, partitions: [...topic.partitions] })
  }

  #ownTopic(topic: OwnTopic): OwnTopic {
    this.#own.set(topic.topicId, topic)
    this.#image.topicsById.set(topic.topicId, topic)
    this.#image.topicsByName.set(topic.name, topic)
    return topic
  }

  #touch(topicId: Uuid, partition: number): void {
    const touched = this.#partitions.get(topicId)
    if (touched === undefined) this.#partitions.set(topicId, new Set([partition]))
    else touched.add(partition)
  }
}

/** What a change makes of a partition: naming a leader, even the same one, begins a leader epoch; every change begins a partition epoch. */
export function changedPartition(before: PartitionImage, change: MetadataRecord<'PartitionChangeRecord'>): PartitionImage {
  const replicas = change.replicas ?? before.replicas
  const namesLeader = change.leader !== LEADER_UNCHANGED
  return {
    partition: before.partition,
    replicas,
    isr: change.isr ?? before.isr,
    leader: namesLeader ? change.leader : before.leader,
    leaderEpoch: before.leaderEpoch + (namesLeader ? 1 : 0),
    partitionEpoch: before.partitionEpoch + 1,
    addingReplicas: change.addingReplicas ?? before.addingReplicas,
    removingReplicas: change.removingReplicas ?? before.removingReplicas,
    leaderRecoveryState: change.leaderRecoveryState === -1 ? before.leaderRecoveryState : change.leaderRecoveryState,
    directories: change.directories ?? directoriesOf(replicas, before),
    elr: change.eligibleLeaderReplicas ?? before.elr,
    lastKnownElr: change.lastKnownElr ?? before.lastKnownElr,
  }
}

/** The leader of a PartitionChangeRecord that does not speak of the leader. */
export const LEADER_UNCHANGED = -2

function directoriesOf(replicas: readonly number[], before: PartitionImage): readonly Uuid[] {
  if (replicas === before.replicas) return before.directories
  return replicas.map(replica => before.directories[before.replicas.indexOf(replica)] ?? UNASSIGNED_DIRECTORY)
}

/** Its bytes are views of a whole fetch of metadata, which need not stay in memory for them. */
function ownCredential({ name, mechanism, iterations, ...bytes }: MetadataRecord<'UserScramCredentialRecord'>): ScramCredential {
  const [salt, storedKey, serverKey] = [bytes.salt, bytes.storedKey, bytes.serverKey].map(each => Buffer.from(each)) as [
    Buffer,
    Buffer,
    Buffer,
  ]
  return { name, mechanism, iterations, salt, storedKey, serverKey }
}

/** One text for an entity, in whatever order its parts were named. */
export function quotaEntityKey(entity: ClientQuota['entity']): string {
  return JSON.stringify(entity.map(({ entityType, entityName }) => [entityType, entityName]).toSorted(([a], [b]) => (a! < b! ? -1 : 1)))
}
