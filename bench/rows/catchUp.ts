import { CreateTopics } from '../../src-main/protocol/messages/createTopics.ts'
import { errorName } from '../../src-main/protocol/errors.ts'
import { Produce } from '../../src-main/protocol/messages/produce.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import type { RunningCluster } from '../../src-main/hosts/cli/startCluster.ts'
import type { KafkaConnection } from '../../src-main/wire/client.ts'
import { sleep, startCluster, untilInSync } from '../brokers.ts'
import type { Row } from '../figures.ts'
import { connectTo, produceOne } from '../wire.ts'

const BACKLOG = 'backlog'
const BACKLOG_PARTITIONS = 20
const BATCH_BYTES = 500_000
const IN_FLIGHT = 4
const RECORD_BYTES = 1_000
/** Between an acknowledgement and the next record: a producer with work of its own, not a saturated broker. */
const PAUSE_MS = 5
const CALM_MS = 5_000
const WIPED = 3
/** One topic each at the two brokers that stay. */
const STEADY = [
  { topic: 'steady-1', replicas: [1, 2, 3] },
  { topic: 'steady-2', replicas: [2, 3, 1] },
]

/** What producers notice of a broker that comes back with an empty disk and fetches everything. */
export async function catchUp(megabytes: number): Promise<Row[]> {
  await using cluster = await startCluster()
  await createTopics(cluster)
  await untilInSync(cluster)
  await fill(cluster, megabytes * 1e6)
  await untilInSync(cluster)
  await latencies(cluster, sleep(1_000)) // compiles the brokers' code
  const before = await latencies(cluster, sleep(CALM_MS))

  await cluster.kill(WIPED)
  await cluster.wipe(WIPED)
  const startedAt = performance.now()
  const caughtUp = cluster.start(WIPED).then(() => untilInSync(cluster))
  const during = await latencies(cluster, caughtUp)
  const tookMs = performance.now() - startedAt
  const of = `with a wiped broker that fetches ${megabytes} MB`
  return [
    { name: 'record of 1 KB to its acknowledgement, acks=all, all in sync', unit: 'ms', values: before },
    { name: 'the same: 99th percentile', unit: 'ms', values: [percentile(before, 0.99)] },
    { name: `record of 1 KB to its acknowledgement, acks=all, ${of}`, unit: 'ms', values: during },
    { name: 'the same: 99th percentile', unit: 'ms', values: [percentile(during, 0.99)] },
    { name: `start of a wiped broker to all in sync, ${megabytes} MB`, unit: 'ms', values: [tookMs] },
  ]
}

async function createTopics(cluster: RunningCluster): Promise<void> {
  const assigned = (name: string, partitions: readonly (readonly number[])[]) => ({
    name,
    numPartitions: -1,
    replicationFactor: -1,
    assignments: partitions.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds: [...brokerIds] })),
    configs: [],
  })
  const backlog = Array.from({ length: BACKLOG_PARTITIONS }, (_, index) => STEADY[index % STEADY.length]!.replicas)
  const admin = await connectTo(cluster, 1)
  await admin.send(CreateTopics, {
    topics: [assigned(BACKLOG, backlog), ...STEADY.map(({ topic, replicas }) => assigned(topic, [replicas]))],
    timeoutMs: 10_000,
  })
  admin.close()
}

async function fill(cluster: RunningCluster, bytes: number): Promise<void> {
  const records = buildBatch({ records: [{ key: null, value: Buffer.alloc(BATCH_BYTES, 'x'), timestamp: Date.now() }] })
  const connections = await Promise.all(STEADY.map(({ replicas }) => connectTo(cluster, replicas[0]!)))
  let left = Math.ceil(bytes / BATCH_BYTES)
  let next = 0
  const worker = async () => {
    while (left-- > 0) {
      const index = next++ % BACKLOG_PARTITIONS
      const topicData = [{ name: BACKLOG, partitionData: [{ index, records }] }]
      const { responses } = await connections[index % STEADY.length]!.send(Produce, { acks: -1, timeoutMs: 30_000, topicData })
      const error = errorName(responses[0]?.partitionResponses[0]?.errorCode ?? -1)
      if (error !== 'NONE') throw new Error(`produce was answered with ${error}`)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  for (const connection of connections) connection.close()
}

/** Of one record after the other at each of the two leaders, until the promise resolves. */
async function latencies(cluster: RunningCluster, until: Promise<void>): Promise<number[]> {
  let isOver = false
  const over = until.finally(() => (isOver = true))
  const values: number[] = []
  const batch = buildBatch({ records: [{ key: null, value: Buffer.alloc(RECORD_BYTES, 'x'), timestamp: Date.now() }] })
  const ask = async (connection: KafkaConnection, topic: string) => {
    while (!isOver) {
      const sentAt = performance.now()
      const error = await produceOne(connection, topic, batch)
      if (error !== 'NONE') throw new Error(`produce was answered with ${error}`)
      values.push(performance.now() - sentAt)
      await sleep(PAUSE_MS)
    }
    connection.close()
  }
  await Promise.all([over, ...STEADY.map(async ({ topic, replicas }) => ask(await connectTo(cluster, replicas[0]!), topic))])
  return values
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0
}
