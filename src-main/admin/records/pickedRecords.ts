import type { OffsetRange } from '../../contract/messages.ts'
import { type FetchedBatch, FetchedRecordsCache } from '../fetchedRecords.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { readRanges } from '../topicReader.ts'
import type { PlacedRecord } from './ndjson.ts'

/** What lies between offsets that are nearer costs less than another answer. */
const NEAR_OFFSETS = 256
/** Places apart from each other that are asked for at the same time. */
const AT_ONCE = 8
/** What a part may take unpacked, as far as the parts before tell. */
const PART_BYTES = 16 * 1024 * 1024
const MAX_PART_OFFSETS = 20_000
/** While nobody knows yet how large the records are. */
const FIRST_OFFSETS = 64
const GROWTH = 8

/** Ranges of one partition, in order, that are read together. */
type Group = OffsetRange[]

/** A part of what was picked: offsets that were looked at, and the records that they hold, both in order. */
export interface PickedPart {
  readonly picked: readonly OffsetRange[]
  readonly records: readonly PlacedRecord[]
}

/**
 * Reads exactly these offsets, disjoint and in order, a bounded part at a time: nothing more is fetched before the part was taken. Those near each other
 * come with one answer, some of those apart at the same time. Ends early when the signal aborts.
 */
export async function* readPicked(
  client: KafkaClient,
  topic: string,
  ranges: readonly OffsetRange[],
  stop: AbortSignal,
): AsyncGenerator<PickedPart, void, undefined> {
  const cache = new FetchedRecordsCache(() => client.clock.elapsed())
  const waiting = ranges.toReversed()
  let most = FIRST_OFFSETS
  while (waiting.length > 0 && !stop.aborted) {
    const groups = takeGroups(waiting, most)
    const read = await Promise.all(groups.map(group => readGroup(client, cache, topic, group)))
    const [picked, records] = [groups.flat(), read.flat()]
    yield { picked, records }
    most = Math.max(1, Math.min(most * GROWTH, MAX_PART_OFFSETS, offsetsFor(picked, records)))
  }
}

/** Takes from the end of `waiting`, where the next ones are. */
function takeGroups(waiting: OffsetRange[], most: number): Group[] {
  const groups: Group[] = []
  for (let room = most; room > 0;) {
    const next = waiting.at(-1)
    if (next === undefined) break
    const group = groups.at(-1)
    const last = group?.at(-1)
    const isNear = last?.partition === next.partition && next.from - last.to <= NEAR_OFFSETS
    if (!isNear && groups.length === AT_ONCE) break
    waiting.pop()
    const piece = { ...next, to: Math.min(next.to, next.from + room) }
    if (piece.to < next.to) waiting.push({ ...next, from: piece.to })
    room -= piece.to - piece.from
    if (isNear) group!.push(piece)
    else groups.push([piece])
  }
  return groups
}

async function readGroup(client: KafkaClient, cache: FetchedRecordsCache, topic: string, group: Group): Promise<PlacedRecord[]> {
  const batches: { partition: number; batch: FetchedBatch }[] = []
  await readRanges(client, cache, topic, group, (partition, batch) => batches.push({ partition, batch }))
  const records: PlacedRecord[] = []
  let at = 0
  for (const { partition, batch } of batches) {
    const { timestampType } = batch.header
    for (const record of batch.records) {
      while (at < group.length && group[at]!.to <= record.offset) at += 1
      if (at === group.length) return records
      if (record.offset >= group[at]!.from) records.push({ partition, timestampType, record })
    }
  }
  return records
}

/** How many offsets a part may have when they are as large as these. */
function offsetsFor(picked: readonly OffsetRange[], records: readonly PlacedRecord[]): number {
  const offsets = picked.reduce((sum, { from, to }) => sum + to - from, 0)
  const bytes = records.reduce((sum, { record }) => sum + (record.key?.length ?? 0) + (record.value?.length ?? 0), 0)
  return bytes === 0 ? MAX_PART_OFFSETS : Math.floor((PART_BYTES * offsets) / bytes)
}

/** Which of the offsets of a part hold no record. */
export function* withoutRecord({ picked, records }: PickedPart): Generator<OffsetRange, void, undefined> {
  let at = 0
  for (const { partition, from, to } of picked) {
    let next = from
    for (; at < records.length; at += 1) {
      const { partition: of, record } = records[at]!
      if (of !== partition || record.offset >= to) break
      if (record.offset > next) yield { partition, from: next, to: record.offset }
      next = record.offset + 1
    }
    if (next < to) yield { partition, from: next, to }
  }
}
