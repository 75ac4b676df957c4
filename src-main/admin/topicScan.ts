import type { OffsetRange, PartitionExtent } from '../contract/messages.ts'
import { type FetchedBatch, FetchedRecordsCache } from './fetchedRecords.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { KafkaError } from './kafkaError.ts'
import { EARLIEST, LATEST, listOffsets } from './offsets.ts'
import { readRanges } from './topicReader.ts'

const EXTENT_PATIENCE_MS = 5_000
/** What a part may take unpacked, of all partitions together, as far as the parts before tell. */
const PART_BYTES = 16 * 1024 * 1024
const MAX_PART_OFFSETS = 20_000
/** Of each partition, while nobody knows yet how large its records are. */
const FIRST_OFFSETS = 32
const GROWTH = 8

/** Where every partition of a topic starts and ends now. Throws while one of them has nobody to say so: less than all would look like all. */
export async function wholeExtent(client: KafkaClient, name: string): Promise<PartitionExtent[]> {
  const topic = await client.topic(name, { isFresh: true })
  const deadline = client.deadline(EXTENT_PATIENCE_MS)
  const [starts, ends] = await Promise.all([
    listOffsets(client, [topic], EARLIEST, deadline),
    listOffsets(client, [topic], LATEST, deadline),
  ])
  return topic.partitions.map(({ partition }) => {
    const [start, end] = [starts.get(name, partition), ends.get(name, partition)]
    if (start === undefined || end === undefined) throw starts.problem ?? ends.problem ?? new KafkaError('LEADER_NOT_AVAILABLE')
    return { partition, start, end: Math.max(start, end) }
  })
}

/** A batch, and the part of the offsets that it is given for. */
export interface ScannedBatch {
  readonly partition: number
  readonly batch: FetchedBatch
  readonly from: number
  readonly to: number
}

/**
 * Reads these runs of offsets to their ends, all partitions side by side, each in order, a bounded part at a time: nothing more is fetched before
 * the part was taken. Gives the batches of each part, and how many offsets it answers for. Ends early when the signal aborts.
 */
export async function* scan(
  client: KafkaClient,
  name: string,
  runs: readonly OffsetRange[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly batches: readonly ScannedBatch[]; readonly parts: readonly OffsetRange[] }, void, undefined> {
  // Of what is read through once, only what a fetch brought beyond the part is of use again.
  const cache = new FetchedRecordsCache(() => client.clock.elapsed())
  const waiting = new Map([...Map.groupBy(runs, ({ partition }) => partition)].map(([partition, of]) => [partition, [...of].reverse()]))
  let length = FIRST_OFFSETS
  while (waiting.size > 0 && !signal.aborted) {
    const parts = [...waiting].map(([partition, of]) => {
      const run = of.pop()!
      const to = Math.min(run.to, run.from + length)
      if (to < run.to) of.push({ ...run, from: to })
      else if (of.length === 0) waiting.delete(partition)
      return { partition, from: run.from, to }
    })
    const partOf = new Map(parts.map(part => [part.partition, part]))
    const batches: ScannedBatch[] = []
    await readRanges(client, cache, name, parts, (partition, batch) => batches.push({ ...partOf.get(partition)!, batch }))
    yield { batches, parts }
    // Only now, when whoever took them has unpacked them, is it known what that takes.
    length = Math.min(length * GROWTH, offsetsFor(batches, parts) / Math.max(1, waiting.size))
    length = Math.max(1, Math.floor(length))
  }
}

/** How many offsets, of all partitions together, a part may have when they are as large as these. */
function offsetsFor(batches: readonly ScannedBatch[], parts: readonly OffsetRange[]): number {
  const offsets = parts.reduce((sum, { from, to }) => sum + to - from, 0)
  let bytes = 0
  for (const { batch, from, to } of batches) {
    const share = (Math.min(to, batch.next) - Math.max(from, batch.from)) / (batch.next - batch.from)
    bytes += Math.max(batch.header.sizeInBytes, batch.decodedBytes) * Math.max(0, share)
  }
  return bytes === 0 ? MAX_PART_OFFSETS : Math.min(MAX_PART_OFFSETS, (PART_BYTES * offsets) / bytes)
}
