import type { TopicStatistics } from '../contract/topics.ts'
import { BATCH_HEADER_BYTES } from '../protocol/records/batch.ts'
import { type LogRecord, recordBodyBytes, varintBytes } from '../protocol/records/record.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { DistinctCount } from './statistics/distinctCount.ts'
import { offsetRuns, RUN_LENGTH } from './statistics/offsetRuns.ts'
import { SizeCounts } from './statistics/sizeCounts.ts'
import { TimeCounts } from './statistics/timeCounts.ts'
import { scan, type ScannedBatch, wholeExtent } from './topicScan.ts'

const TELL_EVERY_MS = 250

/** Reads a topic, or a sample of it, up to its end as of now, and counts. */
export async function* topicStatistics(
  client: KafkaClient,
  { topic, sample }: { readonly topic: string; readonly sample: number | null },
  signal: AbortSignal,
): AsyncGenerator<TopicStatistics, void, undefined> {
  const began = client.clock.elapsed()
  const extents = await wholeExtent(client, topic)
  const runs = offsetRuns(extents, sample)
  const all = extents.reduce((sum, { start, end }) => sum + end - start, 0)
  const wanted = runs.reduce((sum, { from, to }) => sum + to - from, 0)
  const counts = new Counts(extents.map(({ partition, start, end }) => [partition, end - start]))
  let read = 0
  const told = (isDone: boolean): TopicStatistics => ({
    all,
    wanted,
    runLength: wanted < all ? RUN_LENGTH : null,
    read,
    isDone,
    elapsedMs: client.clock.elapsed() - began,
    ...counts.figures,
  })
  let toldAt = began
  yield told(false)
  for await (const { batches, parts } of scan(client, topic, runs, signal)) {
    for (const batch of batches) counts.add(batch)
    read += parts.reduce((sum, { from, to }) => sum + to - from, 0)
    if (client.clock.elapsed() - toldAt < TELL_EVERY_MS) continue
    toldAt = client.clock.elapsed()
    yield told(false)
  }
  if (!signal.aborted) yield told(true)
}

interface OfPartition {
  readonly partition: number
  readonly offsets: number
  records: number
  bytes: number
}

class Counts {
  readonly #keys = new SizeCounts()
  readonly #values = new SizeCounts()
  readonly #times = new TimeCounts()
  readonly #distinct = new DistinctCount()
  readonly #codecs = new Map<string, number>()
  readonly #partitions: ReadonlyMap<number, OfPartition>
  #records = 0
  #nullKeys = 0
  #tombstones = 0
  #batches = 0
  #storedBytes = 0
  #unpackedBytes = 0

  constructor(partitions: readonly (readonly [partition: number, offsets: number])[]) {
    this.#partitions = new Map(partitions.map(([partition, offsets]) => [partition, { partition, offsets, records: 0, bytes: 0 }]))
  }

  add({ partition, batch, from, to }: ScannedBatch): void {
    const { records, header } = batch
    const ofPartition = this.#partitions.get(partition)
    // A batch that a run begins within is left out of what is said of batches: the run before, or none, had its beginning.
    const isCounted = header.baseOffset >= from && !header.isControl
    for (const record of records) {
      const { offset, timestamp, key, value } = record
      if (offset < from || offset >= to) continue
      this.#records += 1
      if (key === null) this.#nullKeys += 1
      else {
        this.#keys.add(key.length)
        this.#distinct.add(key)
      }
      if (value === null) this.#tombstones += 1
      else this.#values.add(value.length)
      this.#times.add(timestamp)
      if (ofPartition === undefined) continue
      ofPartition.records += 1
      ofPartition.bytes += (key?.length ?? 0) + (value?.length ?? 0)
    }
    if (!isCounted) return
    this.#batches += 1
    this.#codecs.set(header.compression, (this.#codecs.get(header.compression) ?? 0) + 1)
    this.#storedBytes += header.sizeInBytes
    this.#unpackedBytes += header.compression === 'none' ? header.sizeInBytes : unpackedBytes(records, header)
  }

  get figures() {
    return {
      records: this.#records,
      nullKeys: this.#nullKeys,
      tombstones: this.#tombstones,
      distinctKeys: this.#distinct.estimate,
      distinctError: this.#distinct.error,
      keyBytes: this.#keys.histogram,
      valueBytes: this.#values.histogram,
      batches: this.#batches,
      storedBytes: this.#storedBytes,
      unpackedBytes: this.#unpackedBytes,
      codecs: [...this.#codecs].map(([codec, batches]) => ({ codec, batches })),
      partitions: [...this.#partitions.values()].map(each => ({ ...each })),
      times: this.#times.times,
    }
  }
}

/** What the batch would take without its codec. */
function unpackedBytes(
  records: readonly LogRecord[],
  { baseOffset, baseTimestamp }: { readonly baseOffset: number; readonly baseTimestamp: number },
): number {
  let bytes = BATCH_HEADER_BYTES
  for (const record of records) {
    const body = recordBodyBytes(record, record.offset - baseOffset, record.timestamp - baseTimestamp)
    bytes += varintBytes(body) + body
  }
  return bytes
}
