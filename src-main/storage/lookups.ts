import type { TimeIndexEntry } from '../protocol/files/indexEntries.ts'
import {
  baseOffset,
  baseTimestamp,
  batchSize,
  isIntact,
  isLogAppendTime,
  lastOffset,
  maxTimestamp,
  partitionLeaderEpoch,
  recordCount,
} from '../protocol/records/batch.ts'
import { recordBytes, walkRecords } from '../protocol/records/record.ts'
import { isOf } from './largestTimestamp.ts'
import { CorruptLog } from './corruptLog.ts'
import { segmentFor } from './logReader.ts'
import { scanHeaders } from './scanBatches.ts'
import type { IndexedTime, Segment } from './segment.ts'

/** Segments that are asked for their largest timestamp at once. */
const LOADED_AT_A_TIME = 16
/** What one batch may unfold to. It was let in once, so that this only guards against a damaged disk. */
const UNFOLDED_BYTES = 1024 * 1024 * 1024

export interface FoundOffset {
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

/** The part of the log that may be looked at. */
export interface Bounds {
  readonly logStartOffset: number
  /** Exclusive. */
  readonly logEndOffset: number
}

/** The first record at or behind the log start whose timestamp is `timestamp` or later. */
export async function findByTimestamp(segments: readonly Segment[], timestamp: number, bounds: Bounds): Promise<FoundOffset | undefined> {
  for (let at = segmentFor(segments, bounds.logStartOffset); at < segments.length; at += LOADED_AT_A_TIME) {
    const some = segments.slice(at, at + LOADED_AT_A_TIME)
    await loadLargestTimestamps(some)
    for (const segment of some) {
      const largest = segment.largestTimestamp
      if (largest !== undefined && largest.timestamp < timestamp) continue
      const found = await segment.use(() => findInSegment(segment, timestamp, bounds))
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** The first record at or behind the log start that has the largest timestamp of those (KIP-734). */
export async function findMaxTimestamp(segments: readonly Segment[], bounds: Bounds): Promise<FoundOffset | undefined> {
  const looked = segments.slice(segmentFor(segments, bounds.logStartOffset))
  await loadLargestTimestamps(looked)
  const [first] = looked
  const found = await findLargest(looked, bounds, first?.largestTimestamp)
  if (found !== undefined || first === undefined) return found
  // The one that the index knows of was deleted.
  return findLargest(looked, bounds, await first.use(() => largestBehind(first, bounds.logStartOffset)))
}

/** `ofFirst` is what counts of the first segment. */
async function findLargest(
  segments: readonly Segment[],
  bounds: Bounds,
  ofFirst: TimeIndexEntry | undefined,
): Promise<FoundOffset | undefined> {
  let best: { readonly segment: Segment; readonly timestamp: number; readonly offset: number } | undefined
  for (const [index, segment] of segments.entries()) {
    const largest = index === 0 ? ofFirst : segment.largestTimestamp
    if (largest !== undefined && (best === undefined || largest.timestamp > best.timestamp)) best = { segment, ...largest }
  }
  if (best === undefined || best.timestamp < 0) return undefined
  const { segment, timestamp, offset } = best
  return (await segment.use(() => findRecord(segment, { ...bounds, timestamp, from: offset }))).found
}

/** The largest timestamp of a segment whose records below `logStartOffset` do not count, and an offset in the batch that has it. */
async function largestBehind(segment: Segment, logStartOffset: number): Promise<TimeIndexEntry | undefined> {
  let largest: TimeIndexEntry | undefined
  let parted = undefined as Candidate | undefined
  const from = await segment.positionBefore(logStartOffset)
  await scanHeaders(segment, { from, to: segment.size, fromOffset: segment.baseOffset }, (batch, position) => {
    if (lastOffset(batch) < logStartOffset) return
    if (baseOffset(batch) < logStartOffset) parted = { position, batch }
    else if (largest === undefined || maxTimestamp(batch) > largest.timestamp) {
      largest = { timestamp: maxTimestamp(batch), offset: lastOffset(batch) }
    }
  })
  if (parted === undefined) return largest
  const batch = await wholeBatch(segment, parted)
  for (;;) {
    const later = firstOffsetIn(batch, (largest?.timestamp ?? -1) + 1, logStartOffset)
    if (later === undefined) return largest
    largest = later
  }
}

/**
 * Lets segments of an earlier process find their `largestTimestamp`, once. Several at a time, for there may be thousands, and a read takes longer than to
 * ask for it; not all at once, for each needs files to be open.
 */
export async function loadLargestTimestamps(segments: readonly Segment[]): Promise<void> {
  const unknown = segments.filter(segment => segment.isSealed && segment.largestTimestamp === undefined)
  for (let at = 0; at < unknown.length; at += LOADED_AT_A_TIME) {
    await Promise.all(unknown.slice(at, at + LOADED_AT_A_TIME).map(segment => segment.use(() => segment.loadLargestTimestamp())))
  }
}

/** Believes an index entry only once the batch it tells of says the same; otherwise an earlier one has to do, and none in the end. */
async function findInSegment(segment: Segment, timestamp: number, bounds: Bounds): Promise<FoundOffset | undefined> {
  let entry = await segment.timeEntryBefore(timestamp)
  for (let back = 1; entry !== undefined; back *= 2) {
    if (entry.timestamp < timestamp) {
      const { isTrue, found } = await findRecord(segment, { ...bounds, timestamp, from: entry.offset }, entry)
      if (isTrue) return found
    }
    entry = await segment.timeEntryAt(entry.index - back)
  }
  return (await findRecord(segment, { ...bounds, timestamp, from: segment.baseOffset })).found
}

interface Wanted extends Bounds {
  /** The record has this one or a later one. */
  readonly timestamp: number
  /** No batch that ends below may hold it. */
  readonly from: number
}

interface Candidate {
  readonly position: number
  readonly batch: Buffer
}

/** `believing` is the index entry that gave `from`; when it turns out not to be true, nothing is found. */
async function findRecord(
  segment: Segment,
  { timestamp, from, logStartOffset, logEndOffset }: Wanted,
  believing?: IndexedTime,
): Promise<{ readonly isTrue: boolean; readonly found: FoundOffset | undefined }> {
  let isTrue = believing === undefined || believing.isOurs
  for (let position = await segment.positionBefore(from); ;) {
    let candidate = undefined as Candidate | undefined
    const to = segment.size
    const { end, problem } = await scanHeaders(segment, { from: position, to, fromOffset: segment.baseOffset }, (batch, at) => {
      if (lastOffset(batch) < from) return true
      isTrue ||= isOf(batch, believing!)
      if (!isTrue || baseOffset(batch) >= logEndOffset) return false
      if (lastOffset(batch) < logStartOffset || maxTimestamp(batch) < timestamp) return true
      candidate = { position: at, batch }
      return false
    })
    if (!isTrue) return { isTrue, found: undefined }
    if (problem !== undefined) throw damaged(segment, end, problem)
    if (candidate === undefined) return { isTrue, found: undefined }
    const batch = await wholeBatch(segment, candidate)
    const found = firstOffsetIn(batch, timestamp, logStartOffset)
    if (found !== undefined) return { isTrue, found }
    position = candidate.position + batch.length
  }
}

/** All of a batch of which a scan may have read only the beginning. */
async function wholeBatch(segment: Segment, { position, batch }: { readonly position: number; readonly batch: Buffer }): Promise<Buffer> {
  const size = batchSize(batch)
  const whole = batch.length === size ? batch : await segment.read(position, size)
  if (!isIntact(whole)) throw damaged(segment, position, `the checksum of the batch at offset ${baseOffset(batch)} is wrong`)
  return whole
}

function damaged(segment: Segment, position: number, problem: string): CorruptLog {
  return new CorruptLog(`${segment.path} is damaged at byte ${position}: ${problem}`)
}

/** The only look at records: one batch is unfolded. */
function firstOffsetIn(batch: Buffer, timestamp: number, logStartOffset: number): FoundOffset | undefined {
  const first = baseOffset(batch)
  const firstTimestamp = baseTimestamp(batch)
  const appendTime = isLogAppendTime(batch) ? maxTimestamp(batch) : undefined
  let found: FoundOffset | undefined
  walkRecords(recordBytes(batch, 0, UNFOLDED_BYTES), recordCount(batch), (_, offsetDelta, timestampDelta) => {
    if (found !== undefined) return
    const offset = first + offsetDelta
    const of = appendTime ?? firstTimestamp + timestampDelta
    if (of >= timestamp && offset >= logStartOffset) found = { offset, timestamp: of, leaderEpoch: partitionLeaderEpoch(batch) }
  })
  return found
}

/** The aborted transactions that a reader of [from, upTo) must know of to leave their records out. */
export async function abortedBetween(
  segments: readonly Segment[],
  { from, upTo }: { readonly from: number; readonly upTo: number },
): Promise<{ readonly producerId: number; readonly firstOffset: number }[]> {
  const found: { readonly producerId: number; readonly firstOffset: number }[] = []
  for (const segment of segments.slice(segmentFor(segments, from))) {
    const entries = await segment.use(() => segment.abortedTransactions())
    for (const { producerId, firstOffset, lastOffset, lastStableOffset } of entries) {
      if (lastOffset >= from && firstOffset < upTo) found.push({ producerId, firstOffset })
      // No transaction that was aborted later can begin below what was stable then.
      if (lastStableOffset >= upTo) return found
    }
  }
  return found
}
