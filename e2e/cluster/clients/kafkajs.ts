import kafkajsModule, { type Admin, type CompressionTypes, type IHeaders, type Kafka, type KafkaMessage, type RetryOptions } from 'kafkajs'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { compress as snappyCompress, uncompress as snappyUncompress } from 'snappy'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { bytesOf, caughtUp, everyCodec, textOf, type Client, type Codec, type Consumed } from './client.ts'

// Node does not see all of its names: it is CommonJS.
const { CompressionCodecs, CompressionTypes: Compression, ConfigResourceTypes, Kafka: KafkaClass, logLevel } = kafkajsModule

/** kafkajs brings gzip; the other codecs are plugged in, as its documentation says. */
const plugIn = (
  type: CompressionTypes,
  codec: { compress: (raw: Buffer) => Promise<Buffer>; decompress: (packed: Buffer) => Promise<Buffer> },
) => {
  CompressionCodecs[type as CompressionTypes.Snappy] = () => ({
    compress: (encoder: { buffer: Buffer }) => codec.compress(encoder.buffer),
    decompress: codec.decompress,
  })
}

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16

/** Java's and Python's producers cut the data into blocks; others send one plain block. */
async function unsnappy(packed: Buffer): Promise<Buffer> {
  if (!packed.subarray(0, XERIAL.length).equals(XERIAL)) return asBuffer(await snappyUncompress(packed))
  const blocks: Buffer[] = []
  for (let at = XERIAL_HEADER_BYTES; at < packed.length; at += 4 + packed.readUInt32BE(at))
    blocks.push(asBuffer(await snappyUncompress(packed.subarray(at + 4, at + 4 + packed.readUInt32BE(at)))))
  return Buffer.concat(blocks)
}
const asBuffer = (bytes: string | Buffer): Buffer => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes)

plugIn(Compression.Snappy, { compress: raw => snappyCompress(raw), decompress: unsnappy })
plugIn(Compression.LZ4, { compress: raw => compressFrame(raw), decompress: packed => decompressFrame(packed) })
plugIn(Compression.ZSTD, { compress: raw => promisify(zstdCompress)(raw), decompress: packed => promisify(zstdDecompress)(packed) })

const CONSUME_MS = 60_000

const types: Record<Codec, CompressionTypes> = {
  none: Compression.None,
  gzip: Compression.GZIP,
  snappy: Compression.Snappy,
  lz4: Compression.LZ4,
  zstd: Compression.ZSTD,
}

/** A client that tries again quickly and for long, so that a fault costs a test no more than the cluster needs to heal. */
export function kafkaOf(bootstrap: string, clientId: string, retry: RetryOptions = {}): Kafka {
  return new KafkaClass({
    clientId,
    brokers: bootstrap.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 30, maxRetryTime: 200, retries: 60, ...retry },
  })
}

export async function withAdmin<T>(kafka: Kafka, act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await act(admin)
  } finally {
    await admin.disconnect()
  }
}

const retention = (topic: string, retentionMs: number) => ({
  type: ConfigResourceTypes.TOPIC,
  name: topic,
  configEntries: [{ name: 'retention.ms', value: String(retentionMs) }],
})

async function retentionOf(admin: Admin, topic: string): Promise<string | undefined> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }],
  })
  return resources[0]?.configEntries.find(each => each.configName === 'retention.ms')?.configValue
}

const partitionsOf = async (admin: Admin, topic: string) =>
  (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions.length ?? 0

export const kafkajs: Client = {
  name: 'kafkajs',
  codecs: everyCodec,
  isRich: true,
  missing: () => undefined,

  createTopic: (bootstrap, { name, partitions, replicationFactor }) =>
    withAdmin(kafkaOf(bootstrap, 'kafkajs'), async admin => {
      const isNew = await admin.createTopics({ topics: [{ topic: name, numPartitions: partitions, replicationFactor }] })
      if (!isNew) throw new Error(`${name} was there already`)
    }),

  async produce(bootstrap, { topic, codec, records }) {
    const producer = kafkaOf(bootstrap, 'kafkajs').producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    await producer.send({
      topic,
      acks: -1,
      compression: types[codec],
      messages: records.map(({ partition, key, value, headers, timestamp }) => ({
        partition,
        key: bytesOf(key),
        value: bytesOf(value),
        headers: groupedHeaders(headers),
        ...(timestamp === null ? {} : { timestamp: String(timestamp) }),
      })),
    })
    await producer.disconnect()
  },

  async consume(bootstrap, { topic, groupId, count }) {
    const consumed: Consumed[] = []
    const consumer = kafkaOf(bootstrap, 'kafkajs').consumer({ groupId, maxWaitTimeInMs: 100, sessionTimeout: 10_000 })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const all = Promise.withResolvers<void>()
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) all.reject(payload.error)
    })
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        consumed.push(readBy(partition, message))
        if (consumed.length === count) all.resolve()
      },
    })
    const late = setTimeout(() => all.reject(new Error(`only ${consumed.length} of ${count} records came`)), CONSUME_MS)
    await all.promise.finally(() => {
      clearTimeout(late)
      return consumer.disconnect()
    })
    return consumed
  },

  administer: (bootstrap, { topic, retentionMs }) =>
    withAdmin(kafkaOf(bootstrap, 'kafkajs'), async admin => {
      const { configEntries } = retention(topic, retentionMs)
      await admin.createTopics({ topics: [{ topic, numPartitions: 2, replicationFactor: 3, configEntries }] })
      const partitionsAtFirst = await caughtUp(
        () => partitionsOf(admin, topic),
        count => count > 0,
      )
      const retentionAtFirst = await retentionOf(admin, topic)
      await admin.alterConfigs({ validateOnly: false, resources: [retention(topic, retentionMs * 2)] })
      const retentionAltered = await caughtUp(
        () => retentionOf(admin, topic),
        value => value !== retentionAtFirst,
      )
      await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
      const partitionsAdded = await caughtUp(
        () => partitionsOf(admin, topic),
        count => count !== partitionsAtFirst,
      )
      const { groups } = await admin.listGroups()
      const producer = kafkaOf(bootstrap, 'kafkajs').producer()
      await producer.connect()
      await producer.send({ topic, messages: ['a', 'b', 'c'].map(value => ({ partition: 0, value })) })
      await producer.disconnect()
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
      const offsets = await admin.fetchTopicOffsets(topic)
      await admin.deleteTopics({ topics: [topic] })
      return {
        partitionsAtFirst,
        ...(retentionAtFirst !== undefined && { retentionAtFirst }),
        ...(retentionAltered !== undefined && { retentionAltered }),
        partitionsAdded,
        groups: groups.map(group => group.groupId),
        logStartOffset: Number(offsets.find(each => each.partition === 0)?.low),
        isListedAfterDelete: await caughtUp(
          async () => (await admin.listTopics()).includes(topic),
          isListed => !isListed,
        ),
      }
    }),
}

/** kafkajs keeps the headers of a record in an object, several values of one name in an array. */
function groupedHeaders(headers: readonly (readonly [string, string | null])[]): IHeaders {
  const names = Map.groupBy(headers, ([name]) => name)
  return Object.fromEntries([...names].map(([name, all]) => [name, all.map(([, value]) => bytesOf(value) ?? Buffer.alloc(0))]))
}

function readBy(partition: number, { key, value, offset, timestamp, headers = {} }: KafkaMessage): Consumed {
  const entries = Object.entries(headers).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map(each => [name, typeof each === 'string' ? each : textOf(each)] as const),
  )
  return { partition, offset: Number(offset), key: textOf(key), value: textOf(value), headers: entries, timestamp: Number(timestamp) }
}
