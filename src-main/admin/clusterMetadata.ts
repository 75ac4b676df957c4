import { ZERO_UUID } from '../base/uuid.ts'
import type { Address } from '../env/env.ts'
import { errorName, type ErrorName } from '../protocol/errors.ts'
import type { MetadataResponse } from '../protocol/messages/metadata.ts'

export interface BrokerNode extends Address {
  readonly brokerId: number
  readonly rack: string | null
}

/** A partition as the cluster's metadata tells it. */
export interface PartitionMetadata {
  readonly partition: number
  /** Null while it has none. */
  readonly leader: number | null
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export interface TopicMetadata {
  readonly name: string
  /** Null where brokers are too old to know one. */
  readonly topicId: string | null
  readonly isInternal: boolean
  /** By partition number. */
  readonly partitions: readonly PartitionMetadata[]
  /** NONE, or why nothing else is known of it. */
  readonly error: ErrorName
}

/** What one answer to Metadata says. */
export interface ClusterMetadata {
  readonly clusterId: string | null
  readonly controllerId: number | null
  /** Those that are alive. */
  readonly brokers: readonly BrokerNode[]
  readonly topics: readonly TopicMetadata[]
}

export function clusterMetadata(answer: MetadataResponse): ClusterMetadata {
  return {
    clusterId: answer.clusterId,
    controllerId: answer.controllerId < 0 ? null : answer.controllerId,
    brokers: answer.brokers.map(({ nodeId, host, port, rack }) => ({ brokerId: nodeId, host, port, rack })),
    topics: answer.topics.map(topicMetadata),
  }
}

function topicMetadata({ errorCode, name, topicId, isInternal, partitions }: MetadataResponse['topics'][number]): TopicMetadata {
  return {
    name: name ?? '',
    topicId: topicId === ZERO_UUID ? null : topicId,
    isInternal,
    error: errorName(errorCode),
    partitions: partitions
      .map(({ partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes, offlineReplicas }) => ({
        partition: partitionIndex,
        leader: leaderId < 0 ? null : leaderId,
        leaderEpoch,
        replicas: replicaNodes,
        inSyncReplicas: isrNodes,
        offlineReplicas,
      }))
      .sort((one, other) => one.partition - other.partition),
  }
}
