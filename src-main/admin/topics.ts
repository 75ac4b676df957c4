import type { Served } from '../contract/operations.ts'
import type { ConfigEntry, PartitionDetail, TopicSummary, topics } from '../contract/topics.ts'
import { DescribeConfigs, type DescribeConfigsResponse } from '../protocol/messages/describeConfigs.ts'
import type { BrokerNode, PartitionMetadata, TopicMetadata } from './clusterMetadata.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { throwIfRefused } from './kafkaError.ts'
import { describeLogDirs, type LogDirs } from './logDirs.ts'
import { EARLIEST, LATEST, listOffsets, listReplicaOffsets, type OffsetTable } from './offsets.ts'
import { createTopic, deleteTopic } from './topicChanges.ts'

/** A screen polls this: what a dead broker alone knows is shown as unknown rather than waited for. */
const LIST_PATIENCE_MS = 1_200

const TOPIC = 2
/** By their numbers in DescribeConfigs. */
const CONFIG_SOURCES = [
  'UNKNOWN',
  'DYNAMIC_TOPIC_CONFIG',
  'DYNAMIC_BROKER_CONFIG',
  'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'STATIC_BROKER_CONFIG',
  'DEFAULT_CONFIG',
  'DYNAMIC_BROKER_LOGGER_CONFIG',
  'CLIENT_METRICS_CONFIG',
  'GROUP_CONFIG',
]
const SET_ON_THE_TOPIC = 1

/** What a person does to topics, on any cluster. */
export function topicServices(clientOf: (clusterId: string) => KafkaClient): Served<typeof topics> {
  return {
    list: async ({ clusterId }) => list(clientOf(clusterId)),
    describe: async ({ clusterId, topic }) => describe(clientOf(clusterId), topic),
    configs: async ({ clusterId, topic }) => configs(clientOf(clusterId), topic),
    create: async ({ clusterId, ...wanted }) => createTopic(clientOf(clusterId), wanted),
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
  const [starts, ends, logDirs, replicaStarts, replicaEnds] = await Promise.all([
    listOffsets(client, [topic], EARLIEST, client.deadline(LIST_PATIENCE_MS)),
    listOffsets(client, [topic], LATEST, client.deadline(LIST_PATIENCE_MS)),
    describeLogDirs(client, idsOf(brokers), { topic: name, partitions: numbers }),
    replicaOffsets(client, topic, brokers, EARLIEST),
    replicaOffsets(client, topic, brokers, LATEST),
  ])
  const learned = { starts, ends, logDirs, alive: new Set(idsOf(brokers)), replicaStarts, replicaEnds }
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
}

function partitionDetail(
  topic: string,
  metadata: PartitionMetadata,
  { starts, ends, logDirs, alive, replicaStarts, replicaEnds }: LearnedOfReplicas,
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

async function configs(client: KafkaClient, topic: string): Promise<ConfigEntry[]> {
  const answer = await client.retrying(async () => {
    const { results } = await client.any(DescribeConfigs, version => ({
      resources: [{ resourceType: TOPIC, resourceName: topic, configurationKeys: null }],
      ...(version >= 3 ? { includeDocumentation: true } : {}),
    }))
    for (const { errorCode, errorMessage } of results) throwIfRefused(errorCode, errorMessage)
    return results
  })
  return answer.flatMap(result => result.configs.map(configEntry)).sort((one, other) => (one.name < other.name ? -1 : 1))
}

type DescribedConfig = DescribeConfigsResponse['results'][number]['configs'][number]

function configEntry({ name, value, readOnly, configSource, isSensitive, documentation }: DescribedConfig): ConfigEntry {
  return {
    name,
    value,
    isDefault: configSource !== SET_ON_THE_TOPIC,
    source: CONFIG_SOURCES[configSource] ?? 'UNKNOWN',
    isReadOnly: readOnly,
    isSensitive,
    documentation: documentation === '' ? null : documentation,
  }
}

const idsOf = (brokers: readonly BrokerNode[]) => brokers.map(({ brokerId }) => brokerId)
