/** States and requests for tests: complete ones, of which a test names only what it is about. */
import type { Uuid } from '../base/uuid.ts'
import type { Random } from '../env/env.ts'
import { anImage, aPartition, aTopic, uuidOf } from '../metadata/builders.ts'
import type { MetadataImage, PartitionImage } from '../metadata/image.ts'
import type { AlterPartitionRequest } from '../protocol/messages/alterPartition.ts'
import type { AssignReplicasToDirsRequest } from '../protocol/messages/assignReplicasToDirs.ts'
import type { BrokerHeartbeatRequest } from '../protocol/messages/brokerHeartbeat.ts'
import type { BrokerRegistrationRequest } from '../protocol/messages/brokerRegistration.ts'
import type { CreateTopicsRequest } from '../protocol/messages/createTopics.ts'
import { supportedFeatures } from '../metadata/features.ts'
import { controllerConfigOf } from './controllerConfig.ts'
import type { ControllerSettings, ControllerState } from './decision.ts'

/** Chance that always takes the first. Its ids differ all the same. */
export function firstChoice(): Random {
  let drawn = 0
  return {
    below: () => 0,
    bytes: length => Buffer.alloc(length, 1 + (drawn++ % 250)),
  }
}

export function aState(image: MetadataImage = anImage(), settings: Partial<ControllerSettings> = {}): ControllerState {
  const statics = settings.staticConfigs ?? new Map<string, string>()
  return {
    image,
    nextOffset: 1000,
    isHeard: () => true,
    settings: { ...controllerConfigOf('a-cluster', statics), ...settings },
    random: firstChoice(),
  }
}

export { imageAfter as after } from '../metadata/delta.ts'

/** A topic `orders` with one partition, and brokers of which all are alive but those named. */
export function ordersOf(partition: Partial<PartitionImage>): MetadataImage {
  return anImage({ topics: [aTopic('orders', [partition])] })
}

export const orders = uuidOf('orders')

/** The first partition of `orders`. */
export function ordersIn(image: MetadataImage): PartitionImage {
  return image.partition(orders, 0) ?? aPartition()
}

export function aRegistration(brokerId: number, given: Partial<BrokerRegistrationRequest> = {}): BrokerRegistrationRequest {
  return {
    brokerId,
    clusterId: 'a-cluster',
    incarnationId: uuidOf(`next-${brokerId}`),
    listeners: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 19091 + brokerId, securityProtocol: 0 }],
    features: supportedFeatures.map(({ name, minVersion, maxVersion }) => ({
      name,
      minSupportedVersion: minVersion,
      maxSupportedVersion: maxVersion,
    })),
    rack: null,
    isMigratingZkBroker: false,
    logDirs: [uuidOf(`directory-${brokerId}`)],
    previousBrokerEpoch: -1,
    ...given,
  }
}

/** A heartbeat of a broker that has its epoch right, has caught up and wants nothing but to serve. */
export function aHeartbeat(brokerId: number, given: Partial<BrokerHeartbeatRequest> = {}): BrokerHeartbeatRequest {
  return {
    brokerId,
    brokerEpoch: 100 + brokerId,
    currentMetadataOffset: 999,
    wantFence: false,
    wantShutDown: false,
    offlineLogDirs: [],
    cordonedLogDirs: null,
    ...given,
  }
}

type AskedIsr = AlterPartitionRequest['topics'][number]['partitions'][number]

/** Broker 1 asks for other in-sync replicas of the first partition of `orders`, in the epochs that `aPartition` has. */
export function anIsrRequest(
  isr: readonly number[],
  given: Partial<AskedIsr> & { brokerId?: number; brokerEpoch?: number } = {},
): AlterPartitionRequest {
  const { brokerId = 1, brokerEpoch = 100 + brokerId, ...partition } = given
  return {
    brokerId,
    brokerEpoch,
    topics: [
      {
        topicId: orders,
        partitions: [
          {
            partitionIndex: 0,
            leaderEpoch: 5,
            partitionEpoch: 10,
            newIsr: [],
            newIsrWithEpochs: isr.map(member => ({ brokerId: member, brokerEpoch: 100 + member })),
            leaderRecoveryState: 0,
            ...partition,
          },
        ],
      },
    ],
  }
}

/** A broker says that its replica of the first partition of `orders` is in a log folder; one after the other, when there are more. */
export function anAssignment(
  brokerId: number,
  directories: readonly Uuid[],
  {
    brokerEpoch = 100 + brokerId,
    topicId = orders,
    partitionIndex = 0,
  }: { brokerEpoch?: number; topicId?: Uuid; partitionIndex?: number } = {},
): AssignReplicasToDirsRequest {
  const topics = [{ topicId, partitions: [{ partitionIndex }] }]
  return { brokerId, brokerEpoch, directories: directories.map(id => ({ id, topics })) }
}

type AskedTopic = CreateTopicsRequest['topics'][number]

export function creationOf(...topics: (Partial<AskedTopic> & { readonly name: string })[]): CreateTopicsRequest {
  return {
    topics: topics.map(topic => ({ numPartitions: 1, replicationFactor: 3, assignments: [], configs: [], ...topic })),
    timeoutMs: 30_000,
    validateOnly: false,
  }
}
