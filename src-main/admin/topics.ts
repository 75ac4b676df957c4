import type { Served } from '../contract/operations.ts'
import type { PartitionDetail, TopicSummary, topics } from '../contract/topics.ts'
import type { ClusterSession } from './clusterSession.ts'
import type { BrokerNode, PartitionMetadata, TopicMetadata } from './clusterMetadata.ts'
import { alterTopicConfigs, checkTopicConfigs } from './configChanges.ts'
import { topicConfigs } from './configs.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { describeLogDirs, type LogDirs } from './logDirs.ts'
import { EARLIEST, LATEST, listOffsets, listReplicaOffsets, type OffsetTable } from './offsets.ts'
import { deleteRecords } from './recordDeletion.ts'
import { addPartitions, createTopic, deleteTopic } from './topicChanges.ts'
import { cloneTopic } from './topicClone.ts'
import { topicStatistics } from './topicStatistics.ts'
import { eligibleLeaders, surveyTopics, unlessUnknown } from './topicSurvey.ts'

/** A screen polls this: what a dead broker alone knows is shown as unknown rather than waited for. */
const LIST_PATIENCE_MS = 1_200

/** What a person does to topics, on any cluster. */
export function topicServices(sessionOf: (clusterId: string) => ClusterSession): Served<typeof topics> {
  const clientOf = (clusterId: string) => sessionOf(clusterId).client
  return {
    list: async ({ clusterId }) => list(clientOf(clusterId)),
    describe: async ({ clusterId, topic }) => describe(clientOf(clusterId), topic),
    survey: async ({ clusterId }) => surveyTopics(clientOf(clusterId)),
    configs: async ({ clusterId, topic }) => topicConfigs(clientOf(clusterId), topic),
    checkConfigs: async ({ clusterId, topic, changes }) => checkTopicConfigs(clientOf(clusterId), topic, changes),
    alterConfigs: async ({ clusterId, topic, changes }) => alterTopicConfigs(clientOf(clusterId), topic, changes),
    create: async ({ clusterId, ...wanted }) => createTopic(clientOf(clusterId), wanted),
    addPartitions: async ({ clusterId, topic, partitions }) => addPartitions(clientOf(clusterId), topic, partitions),
    deleteRecords: async ({ clusterId, topic, partitions }) => deleteRecords(clientOf(clusterId), topic, partitions),
    clone: ({ clusterId, ...wanted }, signal) => cloneTopic(sessionOf(clusterId), wanted, signal),
    statistics: ({ clusterId, topic, sample }, signal) => topicStatistics(clientOf(clusterId), { topic, sample }, signal),
    delete: async ({ clusterId, topic }) => deleteTopic(clientOf(clusterId), topic),
  }
}

async function list(client: KafkaClient): Promise<TopicSummary[]> {
  const { topics: found, brokers } = await client.cluster()
  const known = found.filter(({ error }) => error === 'NONE')
  const [starts, ends, logDirs] = await Promise.all([
    listOffsets(client, known, EARLIEST, client.deadline(LIST_PATIENCE_MS)),
    listOffsets(client, known, LATEST, client.deadline(LIST_PATIENCE_MS)),
    describeLogDirs(client, idsOf(brokers), null),
  ])
  const alive = new Set(idsOf(brokers))
  return known.map(topic => summary(topic, { starts, ends, logDirs, alive })).sort((one, other) => (one.name < other.name ? -1 : 1))
}

interface Learned {
  readonly starts: OffsetTable
  readonly ends: OffsetTable
  readonly logDirs: LogDirs
  readonly alive: ReadonlySet<number>
}

function summary({ name, topicId, isInternal, partitions }: TopicMetadata, { starts, ends, logDirs, alive }: Learned): TopicSummary {
  return {
    name,
    topicId,
    isInternal,
    partitions: partitions.length,
    replicationFactor: Math.max(0, ...partitions.map(({ replicas }) => replicas.length)),
    records: sum(partitions, ({ partition }) => {
      const [start, end] = [starts.get(name, partition), ends.get(name, partition)]
      // Asked one after the other: retention may have moved the start beyond the end of a moment ago.
      return start === undefined || end === undefined ? undefined : Math.max(0, end - start)
    }),
    logEndOffsets: sum(partitions, ({ partition }) => ends.get(name, partition)),
    sizeBytes: sum(partitions, ({ partition, leader }) => (leader === null ? undefined : logDirs.get(leader, name, partition)?.sizeBytes)),
    underReplicated: partitions.filter(({ inSyncReplicas, replicas }) => inSyncReplicas.length < replicas.length).length,
    offline: partitions.filter(({ leader }) => leader === null || !alive.has(leader)).length,
  }
}

/** Null as soon as one part is unknown: part of a sum looks like the whole. */
function sum(partitions: readonly PartitionMetadata[], of: (partition: PartitionMetadata) => number | undefined): number | null {
  let total = 0
  for (const partition of partitions) {
    const part = of(partition)
    if (part === undefined) return null
    total += part
  }
  return total
}

async function describe(client: KafkaClient, name: string) {
  const [topic, brokers] = await Promise.all([client.topic(name, { isFresh: true }), client.brokers()])
  const numbers = topic.partitions.map(({ partition }) => partition)
  const [starts, ends, logDirs, replicaStarts, replicaEnds, eligible] = await Promise.all([
    listOffsets(client, [topic], EARLIEST, client.deadline(LIST_PATIENCE_MS)),
    listOffsets(client, [topic], LATEST, client.deadline(LIST_PATIENCE_MS)),
    describeLogDirs(client, idsOf(brokers), [{ topic: name, partitions: numbers }]),
    replicaOffsets(client, topic, brokers, EARLIEST),
    replicaOffsets(client, topic, brokers, LATEST),
    unlessUnknown(eligibleLeaders(client, [topic])),
  ])
  const learned = { starts, ends, logDirs, alive: new Set(idsOf(brokers)), replicaStarts, replicaEnds, eligible: eligible?.get(name) }
  return {
    name,
    topicId: topic.topicId,
    isInternal: topic.isInternal,
    partitions: topic.partitions.map(partition => partitionDetail(name, partition, learned)),
    atMs: client.clock.now(),
  }
}

/** By broker. */
type ReplicaOffsets = ReadonlyMap<number, OffsetTable>

async function replicaOffsets(
  client: KafkaClient,
  { name, partitions }: TopicMetadata,
  brokers: readonly BrokerNode[],
  timestamp: number,
): Promise<ReplicaOffsets> {
  const tables = brokers.map(async ({ brokerId }): Promise<[number, OffsetTable]> => {
    const held = partitions.filter(({ replicas }) => replicas.includes(brokerId)).map(({ partition }) => ({ topic: name, partition }))
    return [brokerId, await listReplicaOffsets(client, brokerId, held, timestamp)]
  })
  return new Map(await Promise.all(tables))
}

interface LearnedOfReplicas extends Learned {
  readonly replicaStarts: ReplicaOffsets
  readonly replicaEnds: ReplicaOffsets
  readonly eligible: ReadonlyMap<number, readonly number[]> | undefined
}

function partitionDetail(
  topic: string,
  metadata: PartitionMetadata,
  { starts, ends, logDirs, alive, replicaStarts, replicaEnds, eligible }: LearnedOfReplicas,
): PartitionDetail {
  const { partition, leader, leaderEpoch, replicas, inSyncReplicas, offlineReplicas } = metadata
  const logStartOffset = starts.get(topic, partition) ?? null
  const highWatermark = ends.get(topic, partition) ?? null
  return {
    partition,
    leader,
    leaderEpoch,
    replicas: [...replicas],
    inSyncReplicas: [...inSyncReplicas],
    eligibleLeaderReplicas: eligible === undefined ? null : [...(eligible.get(partition) ?? [])],
    logStartOffset,
    highWatermark,
    replicaLogs: replicas.map(brokerId => {
      const onDisk = logDirs.get(brokerId, topic, partition)
      const isLeader = brokerId === leader
      return {
        brokerId,
        isOnline: alive.has(brokerId) && !offlineReplicas.includes(brokerId),
        logStartOffset: replicaStarts.get(brokerId)?.get(topic, partition) ?? (isLeader ? logStartOffset : null),
        // What a follower believes of it, nobody tells.
        highWatermark: isLeader ? highWatermark : null,
        logEndOffset: replicaEnds.get(brokerId)?.get(topic, partition) ?? null,
        sizeBytes: onDisk?.sizeBytes ?? null,
        offsetLag: onDisk?.offsetLag ?? null,
      }
    }),
  }
}

const idsOf = (brokers: readonly BrokerNode[]) => brokers.map(({ brokerId }) => brokerId)
