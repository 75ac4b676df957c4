import type { BrokerThen, ClusterThen, ConfigThen, PartitionThen, TopicThen } from '../../contract/metadataLog.ts'
import { configResourceOf, configResourceType } from '../../metadata/configResource.ts'
import type { MetadataDelta } from '../../metadata/delta.ts'
import { type MetadataImage, NO_LEADER, type PartitionImage, type TopicImage } from '../../metadata/image.ts'
import { HIDDEN, isSecretConfig, withoutSecrets } from '../dump/decodeContents.ts'
import type { LoggedRecord } from './sayings.ts'
import type { StateThen } from './timeline.ts'

/** The state as a screen shows it, with what its last record changed. `topic`: whose partitions are wanted. */
export function clusterThen({ entry, record, image, delta, controllerId }: StateThen, topic: string | null): ClusterThen {
  const shown = image.topicsByName.get(topic ?? entry?.topic ?? '')
  return {
    entry: entry ?? null,
    fields: record === undefined ? '' : fieldsOf(record),
    controllerId,
    brokers: brokersOf(image, delta),
    topics: [...image.topicsByName.values()].map(each => topicThen(each, delta)).sort((one, other) => (one.name < other.name ? -1 : 1)),
    topic: shown?.name ?? null,
    partitions: shown?.partitions.map(each => partitionThen(each, isTouched(delta, shown, each.partition))) ?? [],
    configs: configsOf(image, delta),
    features: [...image.features].map(([name, level]) => ({ name, level })),
  }
}

/** Bytes are shown as base64, as Kafka's own tools do. */
export function fieldsOf({ record }: LoggedRecord): string {
  return JSON.stringify(
    withoutSecrets({ ...record }),
    (_, value: unknown) => {
      const bytes = value as { type?: unknown; data?: unknown } | null
      return bytes?.type === 'Buffer' && Array.isArray(bytes.data) ? Buffer.from(bytes.data as number[]).toString('base64') : value
    },
    2,
  )
}

function brokersOf(image: MetadataImage, delta: MetadataDelta | undefined): BrokerThen[] {
  const shares = new Map<number, { leaders: number; replicas: number }>()
  const shareOf = (id: number) => shares.get(id) ?? shares.set(id, { leaders: 0, replicas: 0 }).get(id)!
  for (const { partitions } of image.topicsById.values()) {
    for (const { leader, replicas } of partitions) {
      if (leader !== NO_LEADER) shareOf(leader).leaders += 1
      for (const id of replicas) shareOf(id).replicas += 1
    }
  }
  return [...image.brokers.values()]
    .map(({ brokerId, brokerEpoch, fenced, inControlledShutdown, endpoints: [at], rack, directories }) => ({
      brokerId,
      brokerEpoch,
      state: fenced ? ('fenced' as const) : inControlledShutdown ? ('leaving' as const) : ('active' as const),
      address: at === undefined ? null : `${at.host}:${at.port}`,
      rack,
      directories: [...directories],
      ...shareOf(brokerId),
      isChanged: delta?.changedBrokers.has(brokerId) ?? false,
    }))
    .sort((one, other) => one.brokerId - other.brokerId)
}

function topicThen({ name, topicId, partitions }: TopicImage, delta: MetadataDelta | undefined): TopicThen {
  return {
    name,
    topicId,
    partitions: partitions.length,
    leaderless: partitions.filter(({ leader }) => leader === NO_LEADER).length,
    underReplicated: partitions.filter(({ isr, replicas }) => isr.length < replicas.length).length,
    isChanged: delta?.changedTopics.has(topicId) ?? false,
  }
}

function partitionThen(image: PartitionImage, isChanged: boolean): PartitionThen {
  const { partition, leader, leaderEpoch, partitionEpoch, replicas, isr, addingReplicas, removingReplicas, elr } = image
  return {
    partition,
    leader: leader === NO_LEADER ? null : leader,
    leaderEpoch,
    partitionEpoch,
    replicas: [...replicas],
    inSyncReplicas: [...isr],
    addingReplicas: [...addingReplicas],
    removingReplicas: [...removingReplicas],
    eligibleLeaderReplicas: [...elr],
    isChanged,
  }
}

const isTouched = (delta: MetadataDelta | undefined, { topicId }: TopicImage, partition: number) =>
  delta?.changedPartitions.some(each => each.topicId === topicId && each.partition === partition) ?? false

const KINDS = new Map<number, string>(
  Object.entries(configResourceType).map(([name, type]) => [type, name.toLowerCase().replace('_', ' ')]),
)

function configsOf(image: MetadataImage, delta: MetadataDelta | undefined): ConfigThen[] {
  return [...image.configs].flatMap(([key, values]) => {
    const { type, name: resource } = configResourceOf(key)
    return [...values].map(([name, value]) => ({
      resource: `${KINDS.get(type) ?? type} ${resource === '' ? '*' : resource}`,
      name,
      value: isSecretConfig(name) ? HIDDEN : value,
      isChanged: delta?.changedConfigs.has(key) ?? false,
    }))
  })
}
