import { afterEach, describe, expect, it } from 'vitest'
import { errorName } from '../../protocol/errors.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { batchesIn, nextOffset } from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { AClient } from './aClient.ts'
import { SimulatedCluster } from './simulatedCluster.ts'

const READ_BYTES = 10_000_000
const COMPACTED = { 'cleanup.policy': 'compact', 'internal.segment.bytes': '4096', 'min.cleanable.dirty.ratio': '0.1' }

describe('a compacted topic', () => {
  let cluster: SimulatedCluster
  afterEach(() => cluster.close())

  const logsOf = (topic: string) =>
    cluster.brokers.map(({ server }) => {
      const found = server!.replicas.find(topic, 0)
      if (typeof found === 'string' || found.log === undefined) throw new Error(`no log of ${topic}`)
      return found.log
    })

  async function lastValues(log: ReturnType<typeof logsOf>[number]): Promise<Map<string, string>> {
    const values = new Map<string, string>()
    for (let from = 0; from < log.logEndOffset;) {
      const read = await cluster.world.settle(log.read(from, { maxBytes: READ_BYTES, upTo: log.logEndOffset, atLeastOneBatch: true }))
      if (read.error !== 'NONE' || read.records.length === 0) throw new Error(`nothing at ${from}: ${read.error}`)
      for (const at of batchesIn(read.records)) {
        for (const { key, value } of decodeRecords(read.records, at, READ_BYTES)) values.set(String(key), String(value))
        from = nextOffset(read.records, at)
      }
    }
    return values
  }

  it.each([1, 2])('keeps the last value of each key on every broker, also over a restart (seed %i)', async seed => {
    cluster = new SimulatedCluster({ seed, logDirs: 2 })
    const client = new AClient(cluster)
    const { world } = cluster
    await world.settle(cluster.start())
    await client.createTopic('prices', { configs: COMPACTED })
    const expected = new Map<string, string>()
    for (let round = 0; round < 60; round++) {
      const records = Array.from({ length: 20 }, (_, index) => ({ key: `key ${index % 10}`, value: `${round}-${index}` }))
      for (const { key, value } of records) expected.set(key, value)
      const batch = buildBatch({
        records: records.map(({ key, value }) => ({
          timestamp: Math.floor(world.elapsed),
          key: Buffer.from(key),
          value: Buffer.from(value),
        })),
      })
      const topicData = [{ name: 'prices', partitionData: [{ index: 0, records: batch }] }]
      const { responses } = await world.settle(cluster.ask(client.leaderOf('prices')!, Produce, { acks: -1, timeoutMs: 2000, topicData }))
      expect(errorName(responses[0]!.partitionResponses[0]!.errorCode)).toBe('NONE')
    }
    await client.inSync('prices')
    const written = Math.max(...logsOf('prices').map(log => log.sizeInBytes))
    await world.run(() => logsOf('prices').every(log => log.sizeInBytes < written / 2), 60_000)
    await world.run(3000) // the pass under way comes to its end, and there is nothing more to do
    for (const log of logsOf('prices')) expect(await lastValues(log)).toEqual(expected)
    const cleaned = logsOf('prices').map(log => log.firstDirtyOffset)
    expect(cleaned.every(offset => offset !== undefined && offset > 0)).toBe(true)

    for (const { id } of cluster.brokers) cluster.kill(id)
    await world.settle(cluster.start())
    await client.inSync('prices')
    expect(logsOf('prices').map(log => log.firstDirtyOffset)).toEqual(cleaned)
    for (const log of logsOf('prices')) expect(await lastValues(log)).toEqual(expected)
    expect((await client.produce('prices', 'after')).error).toBe('INVALID_RECORD') // no key, which a compacted topic cannot do without
  })
})
