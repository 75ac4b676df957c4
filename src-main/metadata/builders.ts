/** Images for tests, of anybody who needs one: `anImage({ brokers: [aBroker(1)], topics: [aTopic('orders', [{ replicas: [1] }])] })`. */
import { UNASSIGNED_DIRECTORY, uuidFrom, type Uuid } from '../base/uuid.ts'
import { CLUSTER_DEFAULT, configKey, configResourceType } from './configResource.ts'
import {
  ELIGIBLE_LEADERS_FEATURE,
  ELIGIBLE_LEADERS_VERSION,
  METADATA_VERSION,
  METADATA_VERSION_FEATURE,
  supportedFeatures,
} from './features.ts'
import { type BrokerImage, MetadataImage, type PartitionImage, type TopicImage } from './image.ts'

/** An id that a text decides. */
export function uuidOf(text: string): Uuid {
  return uuidFrom(Buffer.from(text.padEnd(16, '.')).subarray(0, 16))
}

/** An unfenced broker whose epoch is 100 more than its id. */
export function aBroker(brokerId: number, given: Partial<BrokerImage> = {}): BrokerImage {
  return {
    brokerId,
    brokerEpoch: 100 + brokerId,
    incarnationId: uuidOf(`incarnation-${brokerId}`),
    endpoints: [
      { name: 'PLAINTEXT', host: '127.0.0.1', port: 19091 + brokerId, securityProtocol: 0 },
      { name: 'CONTROLLER', host: '127.0.0.1', port: 29091 + brokerId, securityProtocol: 0 },
    ],
    features: supportedFeatures.map(({ name, minVersion, maxVersion }) => ({
      name,
      minSupportedVersion: minVersion,
      maxSupportedVersion: maxVersion,
    })),
    rack: null,
    fenced: false,
    inControlledShutdown: false,
    directories: [uuidOf(`directory-${brokerId}`)],
    ...given,
  }
}

/** A partition whose in-sync replicas are all its replicas, led by the first of them, in leader epoch 5 and partition epoch 10. */
export function aPartition(given: Partial<PartitionImage> = {}): PartitionImage {
  const replicas = given.replicas ?? [1, 2, 3]
  const isr = given.isr ?? replicas
  return {
    partition: 0,
    replicas,
    isr,
    leader: isr[0]!,
    leaderEpoch: 5,
    partitionEpoch: 10,
    addingReplicas: [],
    removingReplicas: [],
    leaderRecoveryState: 0,
    directories: replicas.map(() => UNASSIGNED_DIRECTORY),
    elr: [],
    lastKnownElr: [],
    ...given,
  }
}

/** A topic whose id is made from its name. */
export function aTopic(name: string, partitions: readonly Partial<PartitionImage>[] = [{}]): TopicImage {
  return { topicId: uuidOf(name), name, partitions: partitions.map((given, partition) => aPartition({ partition, ...given })) }
}

/** An image of the brokers 1, 2 and 3, unless others are given. */
export function anImage(
  given: {
    readonly brokers?: readonly BrokerImage[]
    readonly topics?: readonly TopicImage[]
    /** By `configKey`. */
    readonly configs?: Readonly<Record<string, Readonly<Record<string, string>>>>
    readonly nextProducerId?: number
    /** Whether the cluster has eligible leader replicas (KIP-966), with this min.insync.replicas. */
    readonly eligibleLeaders?: { readonly minInsyncReplicas: number }
  } = {},
): MetadataImage {
  const image = new MetadataImage()
  image.features.set(METADATA_VERSION_FEATURE, METADATA_VERSION)
  for (const broker of given.brokers ?? [aBroker(1), aBroker(2), aBroker(3)]) image.brokers.set(broker.brokerId, broker)
  for (const topic of given.topics ?? []) {
    image.topicsById.set(topic.topicId, topic)
    image.topicsByName.set(topic.name, topic)
  }
  for (const [key, values] of Object.entries(given.configs ?? {})) image.configs.set(key, new Map(Object.entries(values)))
  if (given.eligibleLeaders !== undefined) {
    image.features.set(ELIGIBLE_LEADERS_FEATURE, ELIGIBLE_LEADERS_VERSION)
    const key = configKey(configResourceType.BROKER, CLUSTER_DEFAULT)
    const minInsyncReplicas = String(given.eligibleLeaders.minInsyncReplicas)
    image.configs.set(key, new Map([...(image.configs.get(key) ?? []), ['min.insync.replicas', minInsyncReplicas]]))
  }
  image.nextProducerId = given.nextProducerId ?? 0
  return image
}
