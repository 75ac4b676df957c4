import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { eventually, startCluster, type RunningCluster } from './builtCluster.ts'
import { everyCodec, type Client, type Codec, type Consumed, type ToProduce } from './clients/client.ts'
import { kafkajs, kafkaOf, withAdmin } from './clients/kafkajs.ts'
import { kcat } from './clients/kcat.ts'
import { platformatic } from './clients/platformatic.ts'
import { confluentPython, kafkaPython } from './clients/python.ts'

const clients: readonly Client[] = [kafkajs, platformatic, kcat, confluentPython, kafkaPython]
/** As many as the dev profile gives a topic that is made on first use. */
const PARTITIONS = 3

let cluster: RunningCluster
beforeAll(async () => {
  cluster = await startCluster()
  const observed: ToProduce = { partition: 0, key: null, value: 'observed', headers: [], timestamp: null }
  await kafkajs.produce(cluster.bootstrapServers, { topic: 'observed', codec: 'none', records: [observed] })
  await kafkajs.consume(cluster.bootstrapServers, { topic: 'observed', groupId: 'observers', count: 1 })
})
afterAll(() => cluster.stop())

/** Says what is missing where somebody sees it, and counts as skipped. */
function skip(context: TestContext, missing: string): never {
  console.warn(`SKIPPED: ${context.task.name}: ${missing}`)
  return context.skip(missing)
}

function need(context: TestContext, ...needed: readonly Client[]) {
  for (const client of needed) {
    const missing = client.missing()
    if (missing !== undefined) skip(context, missing)
  }
}

const topicOf = (client: Client) => `made-by-${client.name.replace(/[^a-z0-9]+/gi, '-')}`

/** What one client produces with one codec to one partition: every shape of a record that the client can send. */
function recordsOf(client: Client, codec: Codec, partition: number): ToProduce[] {
  const plain = { partition, headers: [], timestamp: null }
  const name = `${codec}-${partition}`
  const records: ToProduce[] = [
    { ...plain, key: `${name}-key`, value: `${name}-value` },
    { ...plain, key: null, value: `${name} without a key` },
    { ...plain, key: `${name}-tombstone`, value: null },
    { ...plain, key: `${name}-long`, value: 'compressible '.repeat(1_000) },
    {
      ...plain,
      key: `${name}-headers`,
      value: 'with headers',
      headers: [
        ['trace', 'a1'],
        ['trace', 'a2'],
        ['unit', 'ms'],
      ],
    },
  ]
  if (!client.isRich) return records
  const allBytes = Buffer.from(Array.from({ length: 1_024 }, (_, n) => (n * 7) % 256)).toString('latin1')
  return [
    ...records,
    { ...plain, key: '', value: '' },
    {
      ...plain,
      key: allBytes,
      value: allBytes,
      headers: [
        ['bytes', 'Gr\u00fc\u00dfe'],
        ['nothing', ''],
      ],
    },
    { ...plain, key: `${name}-then`, value: 'of 2017', timestamp: 1_500_000_000_123 },
    { ...plain, key: `${name}-later`, value: 'of 2017 too', timestamp: 1_500_000_001_456 },
  ]
}

const LARGE: ToProduce = { partition: 0, key: 'large', value: 'x'.repeat(1_000_000), headers: [], timestamp: null }

/** Per partition, what a client sends in the order in which it sends it; the large record comes last. */
function everythingOf(client: Client): ToProduce[][] {
  const codecs = everyCodec.filter(codec => client.codecs.includes(codec))
  return Array.from({ length: PARTITIONS }, (_, partition) => [
    ...codecs.flatMap(codec => recordsOf(client, codec, partition)),
    ...(partition === LARGE.partition ? [LARGE] : []),
  ])
}

/** Clients that keep headers by name may give those of one name together; the values of one name stay in order. */
const byName = (headers: ToProduce['headers']) => [...headers].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))

function expectExactly(consumed: readonly Consumed[], produced: readonly ToProduce[][], since: number) {
  for (const [partition, expected] of produced.entries()) {
    const there = consumed.filter(each => each.partition === partition)
    expect(there.map(each => each.offset)).toEqual(expected.map((_, offset) => offset))
    expect(there.map(({ key, value, headers }) => ({ key, value, headers: byName(headers) }))).toEqual(
      expected.map(({ key, value, headers }) => ({ key, value, headers: byName(headers) })),
    )
    for (const [index, { timestamp }] of expected.entries()) {
      if (timestamp !== null) expect(there[index]?.timestamp).toBe(timestamp)
      else expect(there[index]?.timestamp).toBeGreaterThanOrEqual(since)
    }
  }
}

const startedAt = Date.now() - 1_000
const rows = clients.map(client => ({ client, name: client.name }))

describe('a client that nobody here wrote', () => {
  it.for(rows)('$name creates a topic of three replicas and produces with every codec, and a megabyte', async ({ client }, context) => {
    need(context, client)
    const topic = topicOf(client)
    await client.createTopic?.(cluster.bootstrapServers, { name: topic, partitions: PARTITIONS, replicationFactor: 3 })
    const unusable = everyCodec.filter(codec => !client.codecs.includes(codec))
    if (unusable.length > 0) console.warn(`SKIPPED: ${client.name} lacks on this machine what it needs for ${unusable.join(', ')}`)
    for (const codec of client.codecs) {
      const records = Array.from({ length: PARTITIONS }, (_, partition) => recordsOf(client, codec, partition)).flat()
      // Apart, because @platformatic/kafka 2.12.1 writes a batch wrongly whose timestamps are more than 2^31 ms apart.
      const ofTheirTime = Map.groupBy(records, ({ timestamp }) => timestamp === null)
      for (const batch of ofTheirTime.values()) await client.produce(cluster.bootstrapServers, { topic, codec, records: batch })
    }
    await client.produce(cluster.bootstrapServers, { topic, codec: 'none', records: [LARGE] })
    const there = cluster.snapshot().partitions.filter(each => each.topic === topic)
    expect(there.map(each => each.replicas.length)).toEqual(Array.from({ length: PARTITIONS }, () => 3))
  })

  it.for(rows)('$name makes a topic by using it', async ({ client }, context) => {
    need(context, client)
    const topic = `${topicOf(client)}-on-first-use`
    const record: ToProduce = { partition: 0, key: 'first', value: 'use', headers: [], timestamp: null }
    await client.produce(cluster.bootstrapServers, { topic, codec: 'none', records: [record] })
    const [read, ...others] = await client.consume(cluster.bootstrapServers, { topic, groupId: `${topic}-group`, count: 1 })
    expect(read).toMatchObject({ partition: 0, offset: 0, key: 'first', value: 'use' })
    expect(others).toEqual([])
    const there = cluster.snapshot().partitions.filter(each => each.topic === topic)
    expect(there.map(each => each.replicas.length)).toEqual(Array.from({ length: PARTITIONS }, () => 3))
  })

  it.for(rows.filter(({ client }) => client.administer !== undefined))(
    '$name describes and alters what there is',
    async ({ client }, context) => {
      need(context, client)
      const report = await client.administer?.(cluster.bootstrapServers, { topic: `${topicOf(client)}-admin`, retentionMs: 123_456 })
      const { groups, ...others } = report ?? {}
      expect(others).toEqual({
        partitionsAtFirst: 2,
        retentionAtFirst: '123456',
        retentionAltered: '246912',
        partitionsAdded: 4,
        ...('logStartOffset' in others && { logStartOffset: 2 }),
        isListedAfterDelete: false,
      })
      expect(groups).toContain('observers')
    },
  )

  const pairs = rows.flatMap(reader =>
    rows.map(writer => ({ reader: reader.client, writer: writer.client, names: [reader.name, writer.name] })),
  )
  it.for(pairs)('$names.0 consumes in a group exactly what $names.1 produced', async ({ reader, writer }, context) => {
    need(context, reader, writer)
    const unreadable = writer.codecs.filter(codec => !reader.codecs.includes(codec))
    if (unreadable.length > 0) skip(context, `${reader.name} lacks on this machine what it needs for ${unreadable.join(', ')}`)
    const topic = topicOf(writer)
    const produced = everythingOf(writer)
    const count = produced.flat().length
    const groupId = `${topicOf(reader)}-reads-${topic}`
    expectExactly(await reader.consume(cluster.bootstrapServers, { topic, groupId, count }), produced, startedAt)
    await eventually('what was read is committed', async () => {
      const [of] = await withAdmin(kafkaOf(cluster.bootstrapServers, 'checker'), admin => admin.fetchOffsets({ groupId, topics: [topic] }))
      const committed = (of?.partitions ?? []).sort((a, b) => a.partition - b.partition).map(each => Number(each.offset))
      return committed.length === PARTITIONS && committed.every((offset, partition) => offset === produced[partition]?.length)
    })
  })
})
