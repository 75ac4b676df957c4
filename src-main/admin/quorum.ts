import { ZERO_UUID } from '../base/uuid.ts'
import type { Served } from '../contract/operations.ts'
import type { quorum, QuorumDetail, QuorumReplica } from '../contract/quorum.ts'
import { DescribeQuorum, type DescribeQuorumResponse } from '../protocol/messages/describeQuorum.ts'
import { CLUSTER_METADATA_TOPIC } from '../protocol/topicName.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError, throwIfRefused } from './kafkaError.ts'

type Described = DescribeQuorumResponse['topics'][number]['partitions'][number]

/** Shorter than the look of a person who waits for the next figure. */
const PATIENCE_MS = 5_000

/** Who holds the metadata of any cluster. */
export function quorumServices(clientOf: (clusterId: string) => KafkaClient): Served<typeof quorum> {
  return { describe: async ({ clusterId }) => describe(clientOf(clusterId)) }
}

async function describe(client: KafkaClient): Promise<QuorumDetail> {
  const request = { topics: [{ topicName: CLUSTER_METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }] }
  return client.retrying(async () => {
    const { errorCode, errorMessage, topics, nodes } = await client.any(DescribeQuorum, () => request)
    throwIfRefused(errorCode, errorMessage)
    const described = topics[0]?.partitions[0]
    if (described === undefined) throw new KafkaError('UNKNOWN_SERVER_ERROR', 'The cluster says nothing of its quorum.')
    throwIfRefused(described.errorCode, described.errorMessage)
    return detailOf(described, nodes, client.clock.now())
  }, client.deadline(PATIENCE_MS))
}

function detailOf(described: Described, nodes: DescribeQuorumResponse['nodes'], atMs: number): QuorumDetail {
  const { leaderId, leaderEpoch, highWatermark, currentVoters, observers } = described
  const end = currentVoters.find(({ replicaId }) => replicaId === leaderId)?.logEndOffset
  const replicaOf = (replica: Described['observers'][number], role: QuorumReplica['role']): QuorumReplica => {
    const at = nodes.find(({ nodeId }) => nodeId === replica.replicaId)?.listeners[0]
    const logEndOffset = known(replica.logEndOffset)
    return {
      nodeId: replica.replicaId,
      role,
      directoryId: replica.replicaDirectoryId === ZERO_UUID ? null : replica.replicaDirectoryId,
      address: at === undefined ? null : `${at.host}:${at.port}`,
      logEndOffset,
      lag: end === undefined || logEndOffset === null ? null : Math.max(0, end - logEndOffset),
      lastFetchMs: known(replica.lastFetchTimestamp),
      lastCaughtUpMs: known(replica.lastCaughtUpTimestamp),
    }
  }
  const byId = (one: QuorumReplica, other: QuorumReplica) => one.nodeId - other.nodeId
  return {
    atMs,
    leaderId: known(leaderId),
    leaderEpoch,
    highWatermark: known(highWatermark),
    replicas: [
      ...currentVoters.map(each => replicaOf(each, each.replicaId === leaderId ? 'leader' : 'voter')).sort(byId),
      ...observers.map(each => replicaOf(each, 'observer')).sort(byId),
    ],
  }
}

const known = (value: number) => (value < 0 ? null : value)
