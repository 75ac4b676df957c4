import { NetworkError } from '../src-main/env/env.ts'
import { errorName } from '../src-main/protocol/errors.ts'
import { CreateTopics } from '../src-main/protocol/messages/createTopics.ts'
import { DeleteTopics } from '../src-main/protocol/messages/deleteTopics.ts'
import { DescribeCluster } from '../src-main/protocol/messages/describeCluster.ts'
import { ListOffsets } from '../src-main/protocol/messages/listOffsets.ts'
import { Metadata } from '../src-main/protocol/messages/metadata.ts'
import { ZERO_UUID } from '../src-main/base/uuid.ts'
import type { KafkaConnection } from '../src-main/wire/client.ts'
import { sleep } from './brokers.ts'
import type { MeasuredCluster } from './cluster.ts'
import { connectTo } from './wire.ts'

const LOOK_EVERY_MS = 20
const PATIENCE_MS = 60_000
const LATEST = -1

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly replicas: number
  /** Who gets every partition, its leader first; the controller decides when left out. */
  readonly brokerIds?: readonly number[]
}

/** A partition as one broker's metadata has it. */
export interface SeenPartition {
  readonly topic: string
  readonly partition: number
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
}

/** Until each of these brokers serves clients and knows all of them as serving. `between` may give up by throwing. */
export async function untilServed(
  cluster: MeasuredCluster,
  brokerIds: readonly number[],
  withinMs = PATIENCE_MS,
  between: () => void = () => undefined,
): Promise<void> {
  const knowsAll = async (brokerId: number) => {
    try {
      const { brokers } = await over(cluster, brokerId, connection =>
        connection.send(DescribeCluster, { includeClusterAuthorizedOperations: false }),
      )
      return brokerIds.every(id => brokers.some(each => each.brokerId === id))
    } catch (problem) {
      if (problem instanceof NetworkError) return false // not yet
      throw problem
    }
  }
  const each = async (brokerId: number) => {
    for (const deadline = performance.now() + withinMs; !(await knowsAll(brokerId)); await sleep(LOOK_EVERY_MS)) {
      between()
      if (performance.now() > deadline) throw new Error(`broker ${brokerId} does not serve clients within ${withinMs} ms`)
    }
  }
  await Promise.all(brokerIds.map(each))
}

/** Sends one request for all of them; resolves when that is answered. */
export async function askForTopics(cluster: MeasuredCluster, topics: readonly NewTopic[]): Promise<void> {
  const answer = await over(cluster, cluster.brokerIds[0]!, connection =>
    connection.send(CreateTopics, { topics: topics.map(requestOf), timeoutMs: 30_000 }),
  )
  // Who forwarded it may have asked a second time, of the next controller.
  const refused = answer.topics.find(each => !['NONE', 'TOPIC_ALREADY_EXISTS'].includes(errorName(each.errorCode)))
  if (refused !== undefined) throw new Error(`topic ${refused.name} was not created: ${errorName(refused.errorCode)}`)
}

function requestOf({ name, partitions, replicas, brokerIds }: NewTopic) {
  if (brokerIds === undefined) return { name, numPartitions: partitions, replicationFactor: replicas, assignments: [], configs: [] }
  const assignments = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, brokerIds: [...brokerIds] }))
  return { name, numPartitions: -1, replicationFactor: -1, assignments, configs: [] }
}

/** Resolves when every broker knows a leader and all replicas in sync for every partition, and every leader knows that it leads. */
export async function createTopics(cluster: MeasuredCluster, topics: readonly NewTopic[]): Promise<void> {
  await askForTopics(cluster, topics)
  await untilAllInSync(cluster, topics)
  // What a broker tells of a partition and what it does for it are two things, and the first comes first.
  for (const deadline = performance.now() + PATIENCE_MS; !(await leadersServe(cluster, topics)); await sleep(LOOK_EVERY_MS)) {
    if (performance.now() > deadline) throw new Error('there are partitions that nobody leads')
  }
}

async function leadersServe(cluster: MeasuredCluster, topics: readonly NewTopic[]): Promise<boolean> {
  const names = topics.map(each => each.name)
  const seen = await seenBy(cluster, cluster.brokerIds[0]!, names)
  if (seen.some(each => each.leader < 0)) return false
  const asked = [...Map.groupBy(seen, each => each.leader)].map(async ([leader, led]) => {
    const byTopic = Map.groupBy(led, each => each.topic)
    const answer = await over(cluster, leader, connection =>
      connection.send(ListOffsets, {
        replicaId: -1,
        topics: [...byTopic].map(([name, partitions]) => ({
          name,
          partitions: partitions.map(each => ({ partitionIndex: each.partition, timestamp: LATEST })),
        })),
      }),
    )
    return answer.topics.flatMap(each => each.partitions).every(each => each.errorCode === 0)
  })
  return (await Promise.all(asked)).every(Boolean)
}

export async function untilAllInSync(
  cluster: MeasuredCluster,
  topics: readonly Pick<NewTopic, 'name' | 'partitions'>[],
  { everyMs = LOOK_EVERY_MS, withinMs = PATIENCE_MS, replicas = 1 } = {},
): Promise<void> {
  const partitions = topics.reduce((sum, each) => sum + each.partitions, 0)
  for (const brokerId of cluster.brokerIds) {
    for (const deadline = performance.now() + withinMs; ; await sleep(everyMs)) {
      const seen = await seenBy(
        cluster,
        brokerId,
        topics.map(each => each.name),
      )
      const whole = seen.filter(
        each => each.leader >= 0 && each.replicas.length >= replicas && each.inSyncReplicas.length === each.replicas.length,
      )
      if (whole.length === partitions) break
      if (performance.now() > deadline) throw new Error(`only ${whole.length} of ${partitions} partitions are in sync`)
    }
  }
}

export async function deleteTopics(cluster: MeasuredCluster, names: readonly string[]): Promise<void> {
  const topics = names.map(name => ({ name, topicId: ZERO_UUID }))
  await over(cluster, cluster.brokerIds[0]!, connection =>
    connection.send(DeleteTopics, { topics, topicNames: [...names], timeoutMs: 30_000 }),
  )
}

/** The broker that leads a partition, as any client would learn it. */
export async function leaderOf(cluster: MeasuredCluster, topic: string, partition = 0): Promise<number> {
  const asked = cluster.brokerIds.find(id => cluster.pidOf(id) !== null)
  const seen = asked === undefined ? [] : await seenBy(cluster, asked, [topic])
  const leader = seen.find(each => each.partition === partition)?.leader ?? -1
  if (leader < 0) throw new Error(`partition ${partition} of ${topic} has no leader`)
  return leader
}

/** What one broker knows of these topics; of those that it does not know, nothing. */
export async function seenBy(cluster: MeasuredCluster, brokerId: number, names: readonly string[]): Promise<SeenPartition[]> {
  const { topics } = await over(cluster, brokerId, connection =>
    connection.send(Metadata, { topics: names.map(name => ({ topicId: ZERO_UUID, name })), allowAutoTopicCreation: false }),
  )
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(each => ({
      topic: name ?? '',
      partition: each.partitionIndex,
      leader: each.leaderId,
      replicas: each.replicaNodes,
      inSyncReplicas: each.isrNodes,
    })),
  )
}

/** A connection for one question. */
async function over<T>(cluster: MeasuredCluster, brokerId: number, ask: (connection: KafkaConnection) => Promise<T>): Promise<T> {
  const connection = await connectTo(cluster, brokerId)
  try {
    return await ask(connection)
  } finally {
    connection.close()
  }
}
