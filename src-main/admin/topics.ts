import { ZERO_UUID } from '../base/uuid.ts'
import type { Served } from '../contract/operations.ts'
import type { ConfigEntry, PartitionDetail, TopicSummary, topics } from '../contract/topics.ts'
import { errorName } from '../protocol/errors.ts'
import { CreateTopics } from '../protocol/messages/createTopics.ts'
import { DeleteTopics } from '../protocol/messages/deleteTopics.ts'
import { DescribeConfigs, type DescribeConfigsResponse } from '../protocol/messages/describeConfigs.ts'
import type { BrokerNode, PartitionMetadata, TopicMetadata } from './clusterMetadata.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError, throwIfRefused } from './kafkaError.ts'
import { describeLogDirs, type LogDirs } from './logDirs.ts'
import { EARLIEST, LATEST, listOffsets, type OffsetTable } from './offsets.ts'
import { type Deadline, sleep } from './waiting.ts'

/** A screen polls this: what a dead broker alone knows is shown as unknown rather than waited for. */
const LIST_PATIENCE_MS = 1_200
const CHANGE_PATIENCE_MS = 20_000
/** What the controller may take for one change, as it is told. */
const CHANGE_TIMEOUT_MS = 8_000
const LOOK_AGAIN_MS = 25

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
/** -1 leaves a count to the cluster's defaults, from this version of CreateTopics on (KIP-464). */
const FIRST_VERSION_WITH_DEFAULTS = 4
const FIRST_DELETE_WITH_STRUCTS = 6

/** What a person does to topics, on any cluster. */
export function topicServices(clientOf: (clusterId: string) => KafkaClient): Served<typeof topics> {
  return {
    list: async ({ clusterId }) => list(clientOf(clusterId)),
    describe: async ({ clusterId, topic }) => describe(clientOf(clusterId), topic),
    configs: async ({ clusterId, topic }) => configs(clientOf(clusterId), topic),
    create: async ({ clusterId, ...wanted }) => create(clientOf(clusterId), wanted),
    delete: async ({ clusterId, topic }) => remove(clientOf(clusterId), topic),
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
  const [starts, ends, logDirs] = await Promise.all([
    listOffsets(client, [topic], EARLIEST, client.deadline(LIST_PATIENCE_MS)),
    listOffsets(client, [topic], LATEST, client.deadline(LIST_PATIENCE_MS)),
    describeLogDirs(client, idsOf(brokers), { topic: name, partitions: numbers }),
  ])
  const learned = { starts, ends, logDirs, alive: new Set(idsOf(brokers)) }
  return {
    name,
    topicId: topic.topicId,
    isInternal: topic.isInternal,
    partitions: topic.partitions.map(partition => partitionDetail(name, partition, learned)),
    atMs: client.clock.now(),
  }
}

function partitionDetail(topic: string, metadata: PartitionMetadata, { starts, ends, logDirs, alive }: Learned): PartitionDetail {
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
        // Kafka tells these of the leader only.
        logStartOffset: isLeader ? logStartOffset : null,
        highWatermark: isLeader ? highWatermark : null,
        logEndOffset: null,
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

interface NewTopic {
  readonly name: string
  readonly partitions: number | null
  readonly replicationFactor: number | null
  readonly configs: Readonly<Record<string, string>>
}

async function create(client: KafkaClient, wanted: NewTopic): Promise<void> {
  const deadline = client.deadline(CHANGE_PATIENCE_MS)
  // After an answer that was lost, "already exists" is what our own success looks like.
  let mayBeDone = false
  await client.retrying(async () => {
    const { topics: results } = await unlessUncertain(
      () => (mayBeDone = true),
      client.controller(CreateTopics, version => createRequest(wanted, version), { timeoutMs: CHANGE_TIMEOUT_MS + 2_000 }),
    )
    for (const { errorCode, errorMessage } of results) {
      const error = errorName(errorCode)
      if (mayBeDone && error === 'TOPIC_ALREADY_EXISTS') return
      if (error === 'REQUEST_TIMED_OUT') mayBeDone = true
      throwIfRefused(errorCode, errorMessage)
    }
  }, deadline)
  const isReady = (topic: TopicMetadata | undefined) =>
    topic !== undefined && topic.partitions.length >= (wanted.partitions ?? 1) && topic.partitions.every(({ leader }) => leader !== null)
  if (!(await isSeenEverywhere(client, wanted.name, isReady, deadline))) {
    throw new KafkaError('LEADER_NOT_AVAILABLE', `The topic ${wanted.name} was created, but not all of its partitions have a leader yet.`)
  }
}

function createRequest({ name, partitions, replicationFactor, configs: given }: NewTopic, version: number) {
  if (version < FIRST_VERSION_WITH_DEFAULTS && (partitions === null || replicationFactor === null)) {
    throw new KafkaError('UNSUPPORTED_VERSION', 'This cluster has to be told the number of partitions and replicas.')
  }
  const topic = {
    name,
    numPartitions: partitions ?? -1,
    replicationFactor: replicationFactor ?? -1,
    assignments: [],
    configs: Object.entries(given).map(([key, value]) => ({ name: key, value })),
  }
  return { topics: [topic], timeoutMs: CHANGE_TIMEOUT_MS }
}

async function remove(client: KafkaClient, name: string): Promise<void> {
  const deadline = client.deadline(CHANGE_PATIENCE_MS)
  let mayBeDone = false
  await client.retrying(async () => {
    const { responses } = await unlessUncertain(
      () => (mayBeDone = true),
      client.controller(DeleteTopics, version => deleteRequest(name, version), { timeoutMs: CHANGE_TIMEOUT_MS + 2_000 }),
    )
    for (const { errorCode, errorMessage } of responses) {
      const error = errorName(errorCode)
      if (error === 'REQUEST_TIMED_OUT') mayBeDone = true
      if (error === 'UNKNOWN_TOPIC_OR_PARTITION') {
        if (mayBeDone) return
        throw new KafkaError(error, `There is no topic ${name}.`, { isFinal: true })
      }
      throwIfRefused(errorCode, errorMessage)
    }
  }, deadline)
  client.forgetTopic(name)
  // It is deleted whatever the brokers still say; waiting spares the screens a topic that comes back for a moment.
  await isSeenEverywhere(client, name, topic => topic === undefined, client.deadline(2_000))
}

function deleteRequest(name: string, version: number) {
  const timeoutMs = CHANGE_TIMEOUT_MS
  return version >= FIRST_DELETE_WITH_STRUCTS ? { topics: [{ name, topicId: ZERO_UUID }], timeoutMs } : { topicNames: [name], timeoutMs }
}

/** A change whose answer did not come may have been made all the same. */
async function unlessUncertain<T>(uncertain: () => void, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (problem) {
    if (!(problem instanceof KafkaError)) uncertain()
    throw problem
  }
}

/** Waits until every broker that lives and answers sees the topic so. */
async function isSeenEverywhere(
  client: KafkaClient,
  name: string,
  isSo: (topic: TopicMetadata | undefined) => boolean,
  deadline: Deadline,
): Promise<boolean> {
  for (;;) {
    const brokers = await client.brokers(deadline)
    const views = await Promise.all(brokers.map(broker => isSeenAt(client, broker, name, isSo)))
    // A broker that does not answer has no clients either; but one at least must have seen it.
    if (views.includes(true) && !views.includes(false)) return true
    if (deadline.remainingMs <= LOOK_AGAIN_MS) return false
    await sleep(client.clock, LOOK_AGAIN_MS)
  }
}

async function isSeenAt(
  client: KafkaClient,
  broker: BrokerNode,
  name: string,
  isSo: (topic: TopicMetadata | undefined) => boolean,
): Promise<boolean | undefined> {
  try {
    return isSo(await client.topicAt(broker, name))
  } catch (problem) {
    if (isTransient(problem)) return undefined
    throw problem
  }
}

const idsOf = (brokers: readonly BrokerNode[]) => brokers.map(({ brokerId }) => brokerId)
