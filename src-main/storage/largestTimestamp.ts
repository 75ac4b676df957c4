import type { TimeIndexEntry } from '../protocol/files/indexEntries.ts'
import { baseOffset, lastOffset, maxTimestamp } from '../protocol/records/batch.ts'
import { type ScannedSegment, scanHeaders } from './scanBatches.ts'

/** How far behind the last index entry later timestamps are looked for. An index that lost its end shows it at once, where timestamps rise at all. */
const LOOKED_AT_BYTES = 64 * 1024

interface TimedSegment extends ScannedSegment {
  readonly size: number
  positionBefore(offset: number): Promise<number>
}

/**
 * The largest timestamp of a segment: what the last entry of its time index says, if the batch it tells of says so too and those right behind it are
 * not later. Otherwise all batches are asked. Nothing when no batch has a timestamp.
 */
export async function largestTimestampOf(segment: TimedSegment, last: TimeIndexEntry | undefined): Promise<TimeIndexEntry | undefined> {
  const from = last === undefined ? 0 : await segment.positionBefore(last.offset)
  let isConfirmed = last === undefined
  let isContradicted = false
  await scanHeaders(segment, { from, to: segment.size, fromOffset: segment.baseOffset }, (batch, position) => {
    if (isConfirmed && position - from > LOOKED_AT_BYTES) return false
    if (last !== undefined && !isConfirmed) {
      if (lastOffset(batch) < last.offset) return true
      isConfirmed = isOf(batch, last)
      if (!isConfirmed) return false
    }
    isContradicted = maxTimestamp(batch) > (last?.timestamp ?? -1)
    return !isContradicted
  })
  return isConfirmed && !isContradicted ? last : largestOfAll(segment)
}

/** As above, of a segment that is gone on with: the batches behind its last index entries are yet to be counted. */
export async function largestIndexedTimestamp(
  segment: TimedSegment,
  last: TimeIndexEntry | undefined,
): Promise<TimeIndexEntry | undefined> {
  if (last === undefined) return largestOfAll(segment)
  let isConfirmed = false
  const from = await segment.positionBefore(last.offset)
  await scanHeaders(segment, { from, to: segment.size, fromOffset: segment.baseOffset }, batch => {
    if (lastOffset(batch) < last.offset) return true
    isConfirmed = isOf(batch, last)
    return false
  })
  return isConfirmed ? last : largestOfAll(segment)
}

async function largestOfAll(segment: TimedSegment): Promise<TimeIndexEntry | undefined> {
  let largest: TimeIndexEntry | undefined
  await scanHeaders(segment, { from: 0, to: segment.size, fromOffset: segment.baseOffset }, batch => {
    if (maxTimestamp(batch) > (largest?.timestamp ?? -1)) largest = { timestamp: maxTimestamp(batch), offset: lastOffset(batch) }
  })
  return largest
}

/** Whether an entry of a time index tells the truth about the batch that holds its offset. Kafka has used any offset of that batch. */
export function isOf(batch: Buffer, { timestamp, offset }: TimeIndexEntry): boolean {
  return baseOffset(batch) <= offset && offset <= lastOffset(batch) && maxTimestamp(batch) === timestamp
}
