import type { CloneProgress } from '../contract/topics.ts'
import type { CompressionName } from '../protocol/records/batch.ts'
import type { LogRecord } from '../protocol/records/record.ts'
import { BatchAppender } from './batchAppender.ts'
import { topicConfigs } from './configs.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { createTopic } from './topicChanges.ts'
import { scan, type ScannedBatch, wholeExtent } from './topicScan.ts'

/** Brokers take batches of about a megabyte unless told otherwise; a larger record goes by itself. */
const BATCH_BYTES = 256 * 1024
const BATCH_RECORDS = 2_000
const TELL_EVERY_MS = 250

/**
 * Makes a topic like another one, and then, if wanted, copies its records up to the end as of the beginning. Differs from a mirror: offsets are
 * counted anew where compaction left gaps, and records of transactions are copied as plain ones, aborted ones included.
 */
export async function* cloneTopic(
  client: KafkaClient,
  { topic, name, withRecords }: { readonly topic: string; readonly name: string; readonly withRecords: boolean },
  signal: AbortSignal,
): AsyncGenerator<CloneProgress, void, undefined> {
  const source = await client.topic(topic, { isFresh: true })
  const configs = await topicConfigs(client, topic)
  const extents = withRecords ? await wholeExtent(client, topic) : []
  await createTopic(client, {
    name,
    partitions: source.partitions.length,
    replicationFactor: Math.max(1, ...source.partitions.map(({ replicas }) => replicas.length)),
    configs: Object.fromEntries(
      configs.flatMap(({ name: config, value, isDefault, isSensitive }) =>
        isDefault || isSensitive || value === null ? [] : [[config, value]],
      ),
    ),
  })
  const all = extents.reduce((sum, { start, end }) => sum + end - start, 0)
  let [read, records, bytes] = [0, 0, 0]
  const told = (phase: CloneProgress['phase']): CloneProgress => ({ phase, read, all, records, bytes })
  yield told('created')
  const appender = new BatchAppender(client, name)
  const runs = extents.filter(({ start, end }) => end > start).map(({ partition, start, end }) => ({ partition, from: start, to: end }))
  let toldAt = client.clock.elapsed()
  for await (const { batches, parts } of scan(client, topic, runs, signal)) {
    await Promise.all(
      [...Map.groupBy(batches, ({ partition }) => partition)].map(async ([partition, of]) => {
        for (const batch of rebatched(of)) {
          if (signal.aborted) return
          await appender.append(partition, batch.records, batch.codec)
          records += batch.records.length
          bytes += batch.bytes
        }
      }),
    )
    read += parts.reduce((sum, { from, to }) => sum + to - from, 0)
    if (client.clock.elapsed() - toldAt < TELL_EVERY_MS) continue
    toldAt = client.clock.elapsed()
    yield told('copying')
  }
  if (!signal.aborted) yield told('done')
}

interface NewBatch {
  readonly records: LogRecord[]
  readonly codec: CompressionName
  bytes: number
}

/** Small batches put together, as long as their codec is the same. Where a record stood in its old batch means nothing in the new one. */
function* rebatched(batches: readonly ScannedBatch[]): Generator<NewBatch, void, undefined> {
  let next: NewBatch | undefined
  for (const { batch, from, to } of batches) {
    const codec = batch.header.compression
    for (const record of batch.records) {
      if (record.offset < from || record.offset >= to) continue
      const bytes = sizeOf(record)
      const isFull =
        next !== undefined && (next.codec !== codec || next.records.length >= BATCH_RECORDS || next.bytes + bytes > BATCH_BYTES)
      if (next !== undefined && isFull) yield next
      if (next === undefined || isFull) next = { records: [], codec, bytes: 0 }
      next.records.push(record)
      next.bytes += bytes
    }
  }
  if (next !== undefined) yield next
}

function sizeOf({ key, value, headers }: LogRecord): number {
  return headers.reduce((sum, header) => sum + header.key.length + (header.value?.length ?? 0), (key?.length ?? 0) + (value?.length ?? 0))
}
