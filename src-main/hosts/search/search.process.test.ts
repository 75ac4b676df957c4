import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AdminServices, adminServices } from '../../admin/adminServices.ts'
import { replicaLogs } from '../../cluster/replicaLogs.ts'
import type { MessageRow, OffsetRange } from '../../contract/messages.ts'
import type { SearchFilter, SearchItem } from '../../contract/search.ts'
import { nodeEnv } from '../../env/node/env.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { type CompressionName, compressionNames } from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { KafkaConnection } from '../../wire/client.ts'
import { type RunningCluster, startCluster } from '../cli/startCluster.ts'
import { type NodeSearchWorkers, nodeSearchWorkers } from './nodeSearchWorkers.ts'

const clusterId = 'local'
const PARTITIONS = 3
const BATCHES = 120
const PER_BATCH = 50
const RECORDS = PARTITIONS * BATCHES * PER_BATCH
/** One of so many records is a hit. */
const ONE_IN = 100

let cluster: RunningCluster
let workers: NodeSearchWorkers
let admin: AdminServices

beforeAll(async () => {
  // Small segments, so that a partition has several.
  cluster = await startCluster({ settings: { 'log.segment.bytes': '1048576', 'replica.high.watermark.checkpoint.interval.ms': '200' } })
  workers = nodeSearchWorkers({ parallelism: 2 })
  const env = nodeEnv()
  const brokers = cluster.brokerIds.map(brokerId => ({ brokerId, directories: [join(cluster.directory, `broker-${brokerId}`)] }))
  admin = adminServices(env, {
    bootstrapOf: () => cluster.brokerIds.map(id => ({ host: '127.0.0.1', port: cluster.portOf(id) })),
    searchWorkers: workers,
    filesOf: () => ({ disk: env.disk, of: topic => replicaLogs(env.disk, brokers, topic, cluster.snapshot().partitions) }),
  })
  for (const codec of compressionNames) await fill(codec)
})
afterAll(async () => {
  await admin.close()
  workers.close()
  await cluster.stop()
})

async function fill(codec: CompressionName): Promise<void> {
  await admin.topics.create({ clusterId, name: codec, partitions: PARTITIONS, replicationFactor: 3, configs: { 'retention.ms': '-1' } })
  const { partitions } = await admin.topics.describe({ clusterId, topic: codec })
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const { leader } = partitions.find(each => each.partition === partition)!
    const connection = await KafkaConnection.open(
      nodeEnv(),
      { host: '127.0.0.1', port: cluster.portOf(leader!) },
      { clientId: 'test', connectTimeoutMs: 2_000, requestTimeoutMs: 10_000, negotiate: true },
    )
    for (let batch = 0; batch < BATCHES; batch++) {
      const records = Array.from({ length: PER_BATCH }, (_, index) => {
        const offset = batch * PER_BATCH + index
        const value = {
          n: offset,
          isHit: offset % ONE_IN === 7,
          text: offset % ONE_IN === 7 ? 'a needle in hay' : 'nothing but hay'.repeat(25),
        }
        return { key: Buffer.from(`key-${offset}`), value: Buffer.from(JSON.stringify(value)), timestamp: 1_700_000_000_000 + offset }
      })
      const answer = await connection.send(Produce, {
        acks: -1,
        timeoutMs: 10_000,
        topicData: [{ name: codec, partitionData: [{ index: partition, records: buildBatch({ records, codec }) }] }],
      })
      expect(answer.responses[0]!.partitionResponses[0]!.errorCode).toBe(0)
    }
    connection.close()
  }
}

type Input = Parameters<AdminServices['search']['run']>[0]
const asked = (topic: string, filter: SearchFilter, more: Partial<Input> = {}): Input => ({
  clusterId,
  topic,
  filter,
  ranges: null,
  fromMs: null,
  toMs: null,
  order: 'newestFirst',
  maxHits: null,
  source: 'brokers',
  ...more,
})
const text: SearchFilter = { kind: 'text', text: 'needle', isCaseSensitive: true, where: ['value'] }
const predicate = (source: string): SearchFilter => ({ kind: 'predicate', source })

async function searched(input: Input): Promise<{ rows: MessageRow[]; end: Extract<SearchItem, { type: 'ended' }> }> {
  const rows: MessageRow[] = []
  for await (const item of admin.search.run(input, new AbortController().signal)) {
    if (item.type === 'hits') rows.push(...item.rows)
    if (item.type === 'ended') return { rows, end: item }
  }
  throw new Error('the search did not end')
}

describe('a search over the protocol', () => {
  it.each(compressionNames)('finds every hit once, however records are compressed (%s)', async codec => {
    const filters: SearchFilter[] = [
      text,
      { kind: 'text', text: 'NEEDLE', isCaseSensitive: false, where: ['key', 'value'] },
      { kind: 'regex', pattern: 'a n\\w+ in', isCaseSensitive: true, where: ['value'] },
      { kind: 'json', conditions: [{ part: 'value', path: 'isHit', operator: 'equals', value: 'true' }], combine: 'every' },
      predicate('value.isHit'),
    ]
    for (const filter of filters) {
      const { rows, end } = await searched(asked(codec, filter, { columns: ['value.n'] }))
      expect(end).toMatchObject({ why: 'completed', remaining: [], progress: { hits: RECORDS / ONE_IN, records: RECORDS, failures: 0 } })
      expect(new Set(rows.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(RECORDS / ONE_IN)
      for (const { offset, columns } of rows) expect([offset % ONE_IN, columns]).toEqual([7, [`${offset}`]])
    }
  })

  it('gives the newest of each partition first, and goes on in what remains', async () => {
    const found = new Map<number, number[]>()
    let ranges: OffsetRange[] | null = null
    for (;;) {
      const { rows, end } = await searched(asked('lz4', text, { ranges, maxHits: 17 }))
      for (const { partition, offset } of rows) found.set(partition, [...(found.get(partition) ?? []), offset])
      if (end.why === 'completed') break
      expect(end.why).toBe('enough')
      expect(rows).toHaveLength(17)
      ranges = end.remaining
    }
    const all = Array.from({ length: RECORDS / PARTITIONS / ONE_IN }, (_, index) => index * ONE_IN + 7).reverse()
    expect([...found.values()]).toEqual([all, all, all])
  })

  it('skips what is too old, and counts nothing that is too young', async () => {
    const { rows, end } = await searched(
      asked('none', text, { fromMs: 1_700_000_000_000 + 1_000, toMs: 1_700_000_000_000 + 1_107, order: 'oldestFirst' }),
    )
    expect(rows.map(({ offset }) => offset)).toEqual([1_007, 1_007, 1_007])
    expect(end.progress.records).toBeLessThanOrEqual(RECORDS - PARTITIONS * 1_000)
  })

  it('refuses what is no filter, with the reason', async () => {
    await expect(searched(asked('none', predicate('value ===')))).rejects.toMatchObject({ code: 'INVALID_FILTER' })
    await expect(searched(asked('none', predicate('import("node:fs")')))).rejects.toMatchObject({ code: 'INVALID_FILTER' })
    await expect(searched(asked('none', { kind: 'regex', pattern: '(', isCaseSensitive: true, where: ['value'] }))).rejects.toMatchObject({
      details: { problem: expect.stringContaining('(') as string },
    })
  })

  it('stops promptly when nobody listens any more', async () => {
    const stop = new AbortController()
    const stopped = (async () => {
      for await (const item of admin.search.run(
        asked('none', predicate('for (const end = offset + 1e7, i = [0]; i[0] < end; i[0]++); return true')),
        stop.signal,
      )) {
        if (item.type === 'ended') return item.why
      }
      return 'stopped'
    })()
    setTimeout(() => stop.abort(), 500)
    expect(await stopped).toBe('stopped')
  })

  it('goes on when a broker dies meanwhile', async () => {
    const [victim] = cluster.brokerIds
    const rows: MessageRow[] = []
    let isKilled = false
    for await (const item of admin.search.run(asked('none', { ...text, text: 'hay' }), new AbortController().signal)) {
      if (!isKilled) {
        isKilled = true
        await cluster.kill(victim!)
      }
      if (item.type === 'hits') rows.push(...item.rows)
    }
    expect(new Set(rows.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(RECORDS)
    expect(rows).toHaveLength(RECORDS)
    await cluster.start(victim!)
  })
})

describe('a filter that does harm', () => {
  const others = () => searched(asked('gzip', text))

  it.each<[string, SearchFilter]>([
    ['an endless loop', predicate('while (true);')],
    ['an endless loop of promises', predicate('(async () => { for (;;) await 1 })(); return true')],
    ['a regular expression without end', { kind: 'regex', pattern: '^\\{"n":\\d+,(.+)+!$', isCaseSensitive: true, where: ['value'] }],
  ])('costs its search and nothing else: %s', async (_, filter) => {
    const [harm, other] = await Promise.all([searched(asked('none', filter)), others()])
    expect(harm.end.why).toBe('tooSlow')
    expect(harm.end.remaining).toHaveLength(PARTITIONS)
    expect(other.end).toMatchObject({ why: 'completed', progress: { hits: RECORDS / ONE_IN } })
    expect((await others()).end.why).toBe('completed')
  })

  it.each([
    ['objects', 'const all = []; for (;;) all.push(new Array(1_000).fill({ offset }))'],
    ['a text that doubles', 'let all = "x"; for (;;) { all += all.length + all; all.charCodeAt(3) }'],
    ['a large array', 'new Array(2 ** 25).fill(1.5).length'],
    ['many letters', '"x".repeat(5e8).split("")'],
  ])('and so does one that wants all memory: %s', async (_, source) => {
    const [harm, other] = await Promise.all([searched(asked('none', predicate(source))), others()])
    expect(harm.end.why).toBe('tooMuchMemory')
    expect(other.end.why).toBe('completed')
  })
})

describe('a search of files', () => {
  it('finds what a search over the protocol does, with the brokers running and with all of them stopped', async () => {
    const running = await searched(asked('none', text, { source: 'files', order: 'oldestFirst' }))
    expect(running.end).toMatchObject({ why: 'completed', progress: { hits: RECORDS / ONE_IN } })
    for (const brokerId of cluster.brokerIds) await cluster.stopBroker(brokerId)
    for (const codec of compressionNames) {
      for (const order of ['newestFirst', 'oldestFirst'] as const) {
        const { rows, end } = await searched(asked(codec, text, { source: 'files', order }))
        expect(end).toMatchObject({ why: 'completed', remaining: [], progress: { hits: RECORDS / ONE_IN, records: RECORDS, failures: 0 } })
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const offsets = rows.filter(row => row.partition === partition).map(({ offset }) => offset)
          const all = Array.from({ length: RECORDS / PARTITIONS / ONE_IN }, (_, index) => index * ONE_IN + 7)
          expect(offsets).toEqual(order === 'oldestFirst' ? all : all.toReversed())
        }
      }
    }
    const ranges = [{ partition: 1, from: 1_050, to: 1_250 }]
    const some = await searched(asked('zstd', predicate('value.isHit'), { source: 'files', ranges, maxHits: 1 }))
    expect(some.rows.map(({ offset }) => offset)).toEqual([1_207])
    expect(some.end).toMatchObject({ why: 'enough', remaining: [{ partition: 1, from: 1_050, to: 1_207 }] })
  })
})
