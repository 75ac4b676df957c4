import type { MessageDetail, MessageRow, messages, PartitionExtent } from '../contract/messages.ts'
import type { Served } from '../contract/operations.ts'
import type { BatchHeader } from '../protocol/records/batch.ts'
import type { LogRecord } from '../protocol/records/record.ts'
import type { ClusterSession } from './clusterSession.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import type { Schemas } from './formats/schemas.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError } from './kafkaError.ts'
import { EARLIEST, LATEST, listOffsets, NO_OFFSET, type OffsetTable } from './offsets.ts'
import { Partitioner } from './partitioner.ts'
import { OutcomeUnknown, PRODUCE_PATIENCE_MS } from './producer.ts'
import { readRanges } from './topicReader.ts'
import { TopicReading } from './topicReading.ts'
import { TopicTail } from './topicTail.ts'

const MAX_OFFSETS = 1_000
const OFFSETS_PATIENCE_MS = 4_000

/** What a person does with the records of a topic, on any cluster. */
export function messageServices(
  sessionOf: (clusterId: string) => ClusterSession,
  schemasOf: (clusterId: string) => Schemas,
): Served<typeof messages> {
  const readingOf = ({ clusterId, ...how }: Pick<ReadInput, 'clusterId' | 'topic' | 'formats' | 'columns'>) =>
    new TopicReading({ ...how, schemas: schemasOf(clusterId) })
  return {
    extent: async ({ clusterId, topic }) => extent(sessionOf(clusterId).client, topic),
    read: async input => read(sessionOf(input.clusterId), input, readingOf(input)),
    detail: async input => detail(sessionOf(input.clusterId), input, readingOf(input)),
    offsetsAt: async ({ clusterId, topic, timestampMs }) => offsetsAt(sessionOf(clusterId).client, topic, timestampMs),
    tail: (input, signal) => new TopicTail(sessionOf(input.clusterId).client, { ...input, reading: readingOf(input) }, signal).rows(),
    produce: async ({ clusterId, ...message }) => produce(sessionOf(clusterId), message),
  }
}

/** Partitions that nobody can tell of at the moment are left out. */
async function extent(client: KafkaClient, name: string): Promise<PartitionExtent[]> {
  const topic = await client.topic(name, { isFresh: true })
  const deadline = client.deadline(OFFSETS_PATIENCE_MS)
  const [starts, ends] = await Promise.all([
    listOffsets(client, [topic], EARLIEST, deadline),
    listOffsets(client, [topic], LATEST, deadline),
  ])
  throwWhenNobodyAnswered(topic, ends)
  return topic.partitions.flatMap(({ partition }) => {
    const [start, end] = [starts.get(name, partition), ends.get(name, partition)]
    return start === undefined || end === undefined ? [] : [{ partition, start, end: Math.max(start, end) }]
  })
}

type ReadInput = Parameters<Served<typeof messages>['read']>[0]
type DetailInput = Parameters<Served<typeof messages>['detail']>[0]

async function read({ client, fetched }: ClusterSession, { topic, ranges }: ReadInput, reading: TopicReading): Promise<MessageRow[]> {
  const offsets = ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)
  if (offsets > MAX_OFFSETS) {
    throw new KafkaError('INVALID_REQUEST', `At most ${MAX_OFFSETS} offsets can be read at once, not ${offsets}.`)
  }
  const found = ranges.map((): { partition: number; header: BatchHeader; record: LogRecord }[] => [])
  await readRanges(client, fetched, topic, ranges, (partition, batch) => {
    for (const [index, range] of ranges.entries()) {
      if (range.partition !== partition || batch.next <= range.from || batch.from >= range.to) continue
      for (const record of batch.records) {
        if (record.offset >= range.from && record.offset < range.to) found[index]!.push({ partition, header: batch.header, record })
      }
    }
  })
  const all = found.flat()
  await reading.prepared(all.map(({ record }) => record))
  return all.map(({ partition, header, record }) => reading.row(partition, header, record))
}

async function detail(
  { client, fetched }: ClusterSession,
  { topic, partition, offset, maxBytes }: DetailInput,
  reading: TopicReading,
): Promise<MessageDetail | null> {
  const found: { header: BatchHeader; record: LogRecord }[] = []
  await readRanges(client, fetched, topic, [{ partition, from: offset, to: offset + 1 }], (_, batch) => {
    const record = batch.records.find(each => each.offset === offset)
    if (record !== undefined) found.push({ header: batch.header, record })
  })
  const [only] = found
  if (only === undefined) return null
  await reading.prepared([only.record])
  return reading.detail(partition, only.header, only.record, maxBytes)
}

async function offsetsAt(client: KafkaClient, name: string, timestampMs: number) {
  const topic = await client.topic(name, { isFresh: true })
  const deadline = client.deadline(OFFSETS_PATIENCE_MS)
  // A negative number would not be a time but one of the points that have a name.
  const at = timestampMs < 0 ? EARLIEST : timestampMs
  const [found, ends] = await Promise.all([listOffsets(client, [topic], at, deadline), listOffsets(client, [topic], LATEST, deadline)])
  throwWhenNobodyAnswered(topic, ends)
  return topic.partitions.flatMap(({ partition }) => {
    const [offset, end] = [found.get(name, partition), ends.get(name, partition)]
    return offset === undefined || end === undefined ? [] : [{ partition, offset: offset === NO_OFFSET ? end : offset }]
  })
}

async function produce(
  { client, producer }: ClusterSession,
  { topic: name, partition: wanted, compression: codec, ...message }: Omit<Parameters<Served<typeof messages>['produce']>[0], 'clusterId'>,
) {
  const deadline = client.deadline(PRODUCE_PATIENCE_MS)
  const topic = await client.topic(name, { deadline })
  if (wanted !== null && !topic.partitions.some(each => each.partition === wanted)) client.forgetTopic(name)
  const [key, value] = [bufferOf(message.key), bufferOf(message.value)]
  const choice = wanted === null ? ({ kind: 'byKey' } as const) : ({ kind: 'fixed', partition: wanted } as const)
  const partition = new Partitioner(choice, topic, client.random).partitionOf(key, 0)
  const headers = message.headers.map(header => ({ key: header.key, value: bufferOf(header.value) }))
  const timestamp = client.clock.now()
  const at = await producer.append({ topic: name, partition, records: [{ key, value, headers, timestamp }], codec }, deadline)
  // Of a record that the broker knew already, it may not tell where it is.
  if (at.baseOffset === null) throw new OutcomeUnknown(new Error('No broker says at which offset it is.'), 1)
  return { partition, offset: at.baseOffset, timestampMs: at.logAppendTimeMs ?? timestamp }
}

function throwWhenNobodyAnswered({ partitions }: TopicMetadata, table: OffsetTable): void {
  if (table.size === 0 && partitions.length > 0) throw table.problem ?? new KafkaError('LEADER_NOT_AVAILABLE')
}

const bufferOf = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
