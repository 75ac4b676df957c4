import { nodeEnv } from '../../src-main/env/node/env.ts'
import { CreateTopics } from '../../src-main/protocol/messages/createTopics.ts'
import { Fetch } from '../../src-main/protocol/messages/fetch.ts'
import { Produce } from '../../src-main/protocol/messages/produce.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { nextOffset } from '../../src-main/protocol/records/batch.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'
import { startCluster, untilInSync } from '../brokers.ts'
import type { Row } from '../figures.ts'

const RECORD_BYTES = 1_000
const IN_FLIGHT = 8

interface Case {
  readonly topic: string
  readonly batchBytes: number
  readonly replicas: number
  readonly acks: -1 | 1
}

const CASES: readonly Case[] = [
  { topic: 'all-16k', batchBytes: 16_000, replicas: 3, acks: -1 },
  { topic: 'all-1m', batchBytes: 1_000_000, replicas: 3, acks: -1 },
  { topic: 'one-16k', batchBytes: 16_000, replicas: 1, acks: 1 },
  { topic: 'one-1m', batchBytes: 1_000_000, replicas: 1, acks: 1 },
]

/** One connection, one partition, batches built beforehand: the brokers' own ceiling, not that of a client library. */
export async function throughput(rounds: number, megabytes: number): Promise<Row[]> {
  await using cluster = await startCluster()
  const env = nodeEnv()
  const open = (port: number) =>
    KafkaConnection.open(
      env,
      { host: '127.0.0.1', port },
      { clientId: 'bench', connectTimeoutMs: 2_000, requestTimeoutMs: 30_000, negotiate: true },
    )
  const admin = await open(cluster.portOf(cluster.brokerIds[0] ?? 1))
  await admin.send(CreateTopics, {
    topics: CASES.map(({ topic, replicas }) => ({
      name: topic,
      numPartitions: 1,
      replicationFactor: replicas,
      assignments: [],
      configs: [],
    })),
    timeoutMs: 10_000,
  })
  admin.close()
  await untilInSync(cluster)

  const rows: Row[] = []
  for (const each of CASES) {
    const partition = cluster.snapshot().partitions.find(({ topic }) => topic === each.topic)
    const leader = await open(cluster.portOf(partition?.leader ?? 1))
    const produced: number[] = []
    const fetched: number[] = []
    for (let round = 0; round < rounds; round++) {
      const bytes = megabytes * 1e6
      produced.push(await timed(bytes, () => produce(leader, each, bytes)))
      fetched.push(await timed(bytes, () => fetch(leader, partition?.topic ?? '', bytes)))
    }
    leader.close()
    const what = `${each.batchBytes >= 1e6 ? '1 MB' : '16 KB'} batches, acks=${each.acks === -1 ? 'all' : '1'}, replication ${each.replicas}`
    rows.push(
      { name: `produce, ${what}`, unit: 'MB/s', values: produced },
      { name: `fetch what was just produced, ${what}`, unit: 'MB/s', values: fetched },
    )
  }
  return rows
}

async function timed(bytes: number, run: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await run()
  return bytes / 1e6 / ((performance.now() - startedAt) / 1000)
}

async function produce(leader: KafkaConnection, { topic, batchBytes, acks }: Case, bytes: number): Promise<void> {
  const value = Buffer.alloc(RECORD_BYTES - 10, 'x')
  const timestamp = Date.now()
  const records = Array.from({ length: batchBytes / RECORD_BYTES }, () => ({ key: null, value, timestamp }))
  const batch = buildBatch({ baseOffset: 0, records })
  let left = Math.ceil(bytes / batch.length)
  const sender = async () => {
    while (left-- > 0) {
      // The broker is given bytes; each send writes its own copy of nothing: the same batch goes out again and again.
      const answer = await leader.send(Produce, {
        acks,
        timeoutMs: 30_000,
        topicData: [{ name: topic, partitionData: [{ index: 0, records: batch }] }],
      })
      const code = answer.responses[0]?.partitionResponses[0]?.errorCode
      if (code !== 0) throw new Error(`produce was answered with error ${code}`)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
}

async function fetch(leader: KafkaConnection, topic: string, bytes: number): Promise<void> {
  let offset = 0
  for (let got = 0; got < bytes;) {
    const answer = await leader.send(
      Fetch,
      {
        maxWaitMs: 500,
        minBytes: 1,
        maxBytes: 8_000_000,
        topics: [{ topic, partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 8_000_000 }] }],
      },
      { version: 12 },
    )
    const partition = answer.responses[0]?.partitions[0]
    if (partition?.errorCode !== 0) throw new Error(`fetch was answered with error ${partition?.errorCode}`)
    const { records } = partition
    if (records === null || records.length === 0) throw new Error('there is less in the log than was produced')
    got += records.length
    offset = lastOffsetIn(records)
  }
}

function lastOffsetIn(records: Buffer): number {
  let next = 0
  for (let at = 0; at + 12 <= records.length;) {
    const size = records.readInt32BE(at + 8) + 12
    if (at + size > records.length) break
    next = nextOffset(records, at)
    at += size
  }
  return next
}
