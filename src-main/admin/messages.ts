import type { MessageDetail, MessageRow, messages, OffsetRange, PartitionExtent } from '../contract/messages.ts'
import type { Served } from '../contract/operations.ts'
import type { ClusterSession } from './clusterSession.ts'
import { compileColumns, type ReadColumns } from './columns.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError } from './kafkaError.ts'
import { messageDetail, messageRow } from './messageRows.ts'
import { EARLIEST, LATEST, listOffsets, NO_OFFSET, type OffsetTable } from './offsets.ts'
import { readRanges } from './topicReader.ts'
import { TopicTail } from './topicTail.ts'

const MAX_OFFSETS = 1_000
const OFFSETS_PATIENCE_MS = 4_000

/** What a person does with the records of a topic, on any cluster. */
export function messageServices(sessionOf: (clusterId: string) => ClusterSession): Served<typeof messages> {
  return {
    extent: async ({ clusterId, topic }) => extent(sessionOf(clusterId).client, topic),
    read: async ({ clusterId, topic, ranges, columns = [] }) => read(sessionOf(clusterId), topic, ranges, compileColumns(columns)),
    detail: async ({ clusterId, topic, ...place }) => detail(sessionOf(clusterId), topic, place),
    offsetsAt: async ({ clusterId, topic, timestampMs }) => offsetsAt(sessionOf(clusterId).client, topic, timestampMs),
    tail: ({ clusterId, topic, partitions, columns = [] }, signal) =>
      new TopicTail(sessionOf(clusterId).client, { topic, partitions, columns: compileColumns(columns) }, signal).rows(),
    produce: async ({ clusterId, key, value, headers, ...message }) =>
      sessionOf(clusterId).producer.produce({
        ...message,
        key: bufferOf(key),
        value: bufferOf(value),
        headers: headers.map(header => ({ key: header.key, value: bufferOf(header.value) })),
      }),
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

async function read(
  { client, fetched }: ClusterSession,
  name: string,
  ranges: readonly OffsetRange[],
  columns: ReadColumns,
): Promise<MessageRow[]> {
  const offsets = ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)
  if (offsets > MAX_OFFSETS) {
    throw new KafkaError('INVALID_REQUEST', `At most ${MAX_OFFSETS} offsets can be read at once, not ${offsets}.`)
  }
  const rows = ranges.map((): MessageRow[] => [])
  await readRanges(client, fetched, name, ranges, (partition, batch) => {
    for (const [index, range] of ranges.entries()) {
      if (range.partition !== partition || batch.next <= range.from || batch.from >= range.to) continue
      for (const record of batch.records) {
        if (record.offset >= range.from && record.offset < range.to) rows[index]!.push(messageRow(partition, batch.header, record, columns))
      }
    }
  })
  return rows.flat()
}

async function detail(
  { client, fetched }: ClusterSession,
  name: string,
  { partition, offset, maxBytes }: { partition: number; offset: number; maxBytes?: number | undefined },
): Promise<MessageDetail | null> {
  let found: MessageDetail | null = null
  await readRanges(client, fetched, name, [{ partition, from: offset, to: offset + 1 }], (_, batch) => {
    const record = batch.records.find(each => each.offset === offset)
    if (record !== undefined) found = messageDetail(partition, batch.header, record, maxBytes)
  })
  return found
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

function throwWhenNobodyAnswered({ partitions }: TopicMetadata, table: OffsetTable): void {
  if (table.size === 0 && partitions.length > 0) throw table.problem ?? new KafkaError('LEADER_NOT_AVAILABLE')
}

const bufferOf = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
