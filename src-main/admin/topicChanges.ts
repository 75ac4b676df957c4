import { ZERO_UUID } from '../base/uuid.ts'
import { errorName } from '../protocol/errors.ts'
import { CreatePartitions } from '../protocol/messages/createPartitions.ts'
import { CreateTopics } from '../protocol/messages/createTopics.ts'
import { DeleteTopics } from '../protocol/messages/deleteTopics.ts'
import type { BrokerNode, TopicMetadata } from './clusterMetadata.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError, throwIfRefused } from './kafkaError.ts'
import { type Deadline, sleep } from './waiting.ts'

const CHANGE_PATIENCE_MS = 20_000
/** What the controller may take for one change, as it is told. */
const CHANGE_TIMEOUT_MS = 8_000
const GONE_PATIENCE_MS = 2_000
const LOOK_AGAIN_MS = 25
/** -1 leaves a count to the cluster's defaults, from this version of CreateTopics on (KIP-464). */
const FIRST_VERSION_WITH_DEFAULTS = 4
const FIRST_DELETE_WITH_STRUCTS = 6

export interface NewTopic {
  readonly name: string
  readonly partitions: number | null
  readonly replicationFactor: number | null
  readonly configs: Readonly<Record<string, string>>
}

/**
 * Creates a topic, and resolves when every broker that answers names a leader for each of its partitions: from then on no client meets a broker that
 * does not know it.
 */
export async function createTopic(client: KafkaClient, wanted: NewTopic): Promise<void> {
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

/**
 * Raises the number of partitions, to `count` in all, and resolves when every broker that answers names a leader for each. Records stay where they
 * are, so that a key may go to another partition from then on.
 */
export async function addPartitions(client: KafkaClient, name: string, count: number): Promise<void> {
  const deadline = client.deadline(CHANGE_PATIENCE_MS)
  const before = (await client.topic(name, { isFresh: true, deadline })).partitions.length
  if (count <= before) {
    throw new KafkaError('INVALID_PARTITIONS', `${name} has ${before} partitions already, and Kafka cannot take any away.`, {
      isFinal: true,
    })
  }
  let mayBeDone = false
  await client.retrying(async () => {
    const request = { topics: [{ name, count, assignments: null }], timeoutMs: CHANGE_TIMEOUT_MS, validateOnly: false }
    const { results } = await unlessUncertain(
      () => (mayBeDone = true),
      client.controller(CreatePartitions, () => request, { timeoutMs: CHANGE_TIMEOUT_MS + 2_000 }),
    )
    for (const { errorCode, errorMessage } of results) {
      const error = errorName(errorCode)
      if (error === 'REQUEST_TIMED_OUT') mayBeDone = true
      // After an answer that was lost, this is what our own success looks like.
      if (mayBeDone && error === 'INVALID_PARTITIONS') return
      throwIfRefused(errorCode, errorMessage)
    }
  }, deadline)
  client.forgetTopic(name)
  const isReady = (topic: TopicMetadata | undefined) =>
    topic !== undefined && topic.partitions.length >= count && topic.partitions.every(({ leader }) => leader !== null)
  if (!(await isSeenEverywhere(client, name, isReady, deadline))) {
    throw new KafkaError('LEADER_NOT_AVAILABLE', `The partitions of ${name} were added, but not all of them have a leader yet.`)
  }
}

/** Deletes a topic, and resolves when no broker that answers knows it any more, or does so after a little while. */
export async function deleteTopic(client: KafkaClient, name: string): Promise<void> {
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
  await isSeenEverywhere(client, name, topic => topic === undefined, client.deadline(GONE_PATIENCE_MS))
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
