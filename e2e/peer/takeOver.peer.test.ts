import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Fetch } from '../../src-main/protocol/messages/fetch.ts'
import { CreateTopics } from '../../src-main/protocol/messages/createTopics.ts'
import { batchesIn, nextOffset } from '../../src-main/protocol/records/batch.ts'
import type { KafkaConnection } from '../../src-main/wire/client.ts'
import { recordsIn, logBytes, type StoredRecord } from '../cluster/logFiles.ts'
import { aFolder, dumpedByTrilog, produceTo, usedBroker } from './folders.ts'
import { classpath, runKafka } from './kafka.ts'
import { KafkaBroker } from './kafkaBroker.ts'

let work: string
beforeAll(() => {
  work = aFolder('broker')
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

describe.skipIf(classpath === undefined)('a broker of Apache Kafka', () => {
  it.each(['stopped', 'killed'] as const)('takes over the folder of one of ours that was %s, and serves every record', async end => {
    const ours = join(work, end)
    await usedBroker(ours, end)
    const stored = recordsIn(await logBytes(join(ours, 'broker-1'), 'orders', 0))
    expect(stored.length).toBeGreaterThan(5000)
    const logDir = join(work, `${end}-and-taken`)
    cpSync(join(ours, 'broker-1'), logDir, { recursive: true })

    const broker = await KafkaBroker.start(work, { logDir, format: false })
    try {
      const connection = await broker.connect()
      expect(await fetchedFrom(connection, 'orders')).toEqual(stored)
      await produceTo(connection, 'orders', 9)
      expect(await fetchedFrom(connection, 'orders')).toHaveLength(stored.length + 3000)
      connection.close()
    } finally {
      await broker.stop()
    }
    expect(problems(await dumpedByTrilog([logDir]))).toEqual([])
  })

  it('writes nothing that we cannot read, while it runs and afterwards', async () => {
    const logDir = join(work, 'theirs')
    const settings = { 'metadata.log.max.record.bytes.between.snapshots': '2000', 'log.segment.bytes': '1048576' }
    const broker = await KafkaBroker.start(work, { logDir, format: true, settings })
    try {
      const connection = await broker.connect()
      await connection.send(CreateTopics, {
        timeoutMs: 30_000,
        topics: [{ name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
      })
      for (const round of [0, 1, 2]) await produceTo(connection, 'orders', round)
      await transactionsOf(broker)
      const running = await dumpedByTrilog([logDir])
      expect(problems(running)).toEqual([])
      expect(new Set(running.map(each => each.type))).toContain('unused') // indexes that are written to are made as large as they may get
      connection.close()
    } finally {
      await broker.stop()
    }
    const stopped = await dumpedByTrilog([logDir])
    expect(problems(stopped)).toEqual([])
    const decoded = stopped.flatMap(each =>
      each.type === 'record' && 'decoded' in each ? [(each['decoded'] as { type: string }).type] : [],
    )
    expect(decoded).toEqual(expect.arrayContaining(['snapshotHeader', 'kraftVoters', 'FeatureLevelRecord', 'transactionState', 'commit']))
    expect(decoded.filter(type => /unknown/i.test(type))).toEqual([])
  })
})

const problems = (told: readonly { readonly type: string }[]) => told.filter(each => each.type === 'problem')

function transactionsOf({ port }: KafkaBroker) {
  const args = [
    '--topic',
    'orders',
    '--num-records',
    '500',
    '--record-size',
    '100',
    '--throughput',
    '-1',
    '--transaction-duration-ms',
    '20',
  ]
  return runKafka('org.apache.kafka.tools.ProducerPerformance', ...args, '--bootstrap-server', `127.0.0.1:${port}`)
}

async function fetchedFrom(connection: KafkaConnection, topic: string): Promise<StoredRecord[]> {
  const fetched: StoredRecord[] = []
  for (let fetchOffset = 0; ;) {
    const topics = [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 4_000_000 }] }]
    const answer = await connection.send(Fetch, { maxWaitMs: 500, minBytes: 1, maxBytes: 8_000_000, topics }, { version: 12 })
    const [partition] = answer.responses[0]?.partitions ?? []
    expect(partition?.errorCode).toBe(0)
    const records = partition?.records ?? Buffer.alloc(0)
    if (records.length === 0) return fetched
    const whole = recordsIn(records).filter(each => each.offset >= fetchOffset)
    fetched.push(...whole)
    for (const at of batchesIn(records)) fetchOffset = nextOffset(records, at)
  }
}
