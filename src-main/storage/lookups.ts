import { type LogRecord, decodeRecords } from '../protocol/records/record.ts'
import { baseOffset, lastOffset, maxTimestamp, partitionLeaderEpoch } from '../protocol/records/batch.ts'
import { segmentFor } from './logReader.ts'
import { scanBatches } from './scanBatches.ts'
import type { Segment } from './segment.ts'

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
  for (const segment of segments.slice(segmentFor(segments, bounds.logStartOffset))) {
    const found = await segment.use(async () => {
      const largest = await segment.loadLargestTimestamp()
      if (largest !== undefined && largest.timestamp < timestamp) return undefined
      const from = Math.max(await segment.offsetBefore(timestamp), bounds.logStartOffset)
      return findRecord(
        segment,
        from,
        bounds,
        record => record.timestamp >= timestamp,
        batch => maxTimestamp(batch) >= timestamp,
      )
    })
    if (found !== undefined) return found
  }
  return undefined
}

/** The first record that has the largest timestamp of all (KIP-734). */
export async function findMaxTimestamp(segments: readonly Segment[], bounds: Bounds): Promise<FoundOffset | undefined> {
  let best: { readonly segment: Segment; readonly timestamp: number; readonly offset: number } | undefined
  for (const segment of segments) {
    const largest = await segment.use(() => segment.loadLargestTimestamp())
    if (largest !== undefined && (best === undefined || largest.timestamp > best.timestamp)) best = { segment, ...largest }
  }
  if (best === undefined || best.timestamp < 0) return undefined
  const { segment, timestamp, offset } = best
  return segment.use(() =>
    findRecord(
      segment,
      offset,
      bounds,
      record => record.timestamp >= timestamp,
      batch => maxTimestamp(batch) >= timestamp,
    ),
  )
}

async function findRecord(
  segment: Segment,
  from: number,
  { logStartOffset, logEndOffset }: Bounds,
  isWanted: (record: LogRecord) => boolean,
  mayHold: (batch: Buffer) => boolean,
): Promise<FoundOffset | undefined> {
  let found: FoundOffset | undefined
  const position = await segment.positionBefore(from)
  await scanBatches(segment, { from: position, to: segment.size, fromOffset: segment.baseOffset, checksums: false }, batch => {
    if (baseOffset(batch) >= logEndOffset) return false
    if (lastOffset(batch) < Math.max(from, logStartOffset) || !mayHold(batch)) return true
    const record = decodeRecords(batch, 0, UNFOLDED_BYTES).find(record => record.offset >= logStartOffset && isWanted(record))
    if (record === undefined) return true
    found = { offset: record.offset, timestamp: record.timestamp, leaderEpoch: partitionLeaderEpoch(batch) }
    return false
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
