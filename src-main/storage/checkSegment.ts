import type { AbortedTransactionEntry } from '../protocol/files/indexEntries.ts'
import { baseOffset, isControl, isTransactional, lastOffset, producerId } from '../protocol/records/batch.ts'
import { CorruptLog } from './corruptLog.ts'
import { type ScanResult, scanHeaders } from './scanBatches.ts'
import type { Segment, SegmentClaims } from './segment.ts'

const MAX_RELATIVE_OFFSET = 0x7fff_ffff

export interface SegmentLimits {
  /** Where the next segment begins; nothing for the last one. */
  readonly end: number | undefined
  /** Whether batches may be missing at its end because later records have their keys. */
  readonly isCompacted: boolean
  readonly indexIntervalBytes: number
}

/**
 * Whether the files of a segment that an earlier process wrote fit together, as far as that can be told without reading all of it: its last batches are
 * there and whole, and the indexes know of them and of nothing else. `false` when the indexes have to be made anew; throws `CorruptLog` when batches
 * are missing. Other entries are found to be wrong by whoever goes by them. `earlier` are the segments before, oldest first.
 *
 * What cannot be told, as in Kafka: that a transaction index lost whole entries at its end.
 */
export async function checkSegment(
  segment: Segment,
  claims: SegmentClaims,
  { limits, earlier }: { readonly limits: SegmentLimits; readonly earlier: readonly Segment[] },
): Promise<boolean> {
  const { index, time, aborted } = claims
  const from = index?.position ?? 0
  if (from < 0 || from > segment.size) return false
  let nextOffset = segment.baseOffset
  let lastPosition = from
  let isIndexed = index === undefined
  const { end, problem } = await scanHeaders(segment, { from, to: segment.size, fromOffset: segment.baseOffset }, (batch, position) => {
    // Kafka has made entries for several batches at once: then it is the first of them that lies there.
    isIndexed ||= position === from && lastOffset(batch) <= index!.offset
    nextOffset = lastOffset(batch) + 1
    lastPosition = position
    return isIndexed
  })
  // No batch where the index has one, or another: then nothing is known yet.
  if (!isIndexed || (index !== undefined && nextOffset <= index.offset) || (time !== undefined && nextOffset <= time.offset)) return false
  checkEnd(segment, { end, problem, nextOffset }, limits)
  // Entries are no further apart.
  if (lastPosition - from > limits.indexIntervalBytes) return false
  return aborted !== undefined && fitsAborted(aborted, [...earlier, segment], nextOffset)
}

/** After a scan up to the end of the file: whether anything is missing there. What the indexes knew of was there once. */
export function checkEnd(
  segment: Segment,
  { end: position, nextOffset, problem }: ScanResult & { readonly nextOffset: number },
  { end, isCompacted }: SegmentLimits,
  claims?: SegmentClaims,
): void {
  const place = { path: segment.path, position, offset: nextOffset }
  if (problem !== undefined) throw new CorruptLog(problem, { place })
  if (end === undefined || nextOffset === end) return
  if (nextOffset > end) throw new CorruptLog(`the next segment begins at offset ${end} already`, { place })
  if (end - nextOffset > MAX_RELATIVE_OFFSET) return // offsets that far apart make a roll of their own
  const wasThere = Math.max(claims?.index?.offset ?? -1, claims?.time?.offset ?? -1) >= nextOffset
  if (!isCompacted || wasThere) throw new CorruptLog(`batches up to offset ${end - 1} are missing`, { place })
}

/** Each entry is about a marker that is there, and in the order of the log. */
async function fitsAborted(aborted: readonly AbortedTransactionEntry[], segments: readonly Segment[], end: number): Promise<boolean> {
  const { baseOffset: base } = segments.at(-1)!
  const first = segments[0]!.baseOffset
  let before = base - 1
  let stable = -1
  for (const { producerId: id, firstOffset, lastOffset: marker, lastStableOffset } of aborted) {
    if (marker <= before || marker >= end || firstOffset < 0 || firstOffset >= marker) return false
    // What was stable at one abort cannot be aborted later.
    if (lastStableOffset <= firstOffset || lastStableOffset > marker + 1 || firstOffset < stable) return false
    before = marker
    stable = lastStableOffset
    const isMarker = (batch: Buffer) => isControl(batch) && producerId(batch) === id && baseOffset(batch) === marker
    if (!(await batchAt(segments, marker, isMarker))) return false
    // Compaction takes the data of aborted transactions, and retention what is old.
    const begins = (batch: Buffer) =>
      baseOffset(batch) > firstOffset || (baseOffset(batch) === firstOffset && isTransactional(batch) && producerId(batch) === id)
    if (firstOffset >= first && !(await batchAt(segments, firstOffset, begins))) return false
  }
  return true
}

/** Whether the first batch that ends at or behind `offset` is as it should be. */
async function batchAt(segments: readonly Segment[], offset: number, isRight: (batch: Buffer) => boolean): Promise<boolean> {
  let answer = false
  let isFound = false
  for (const segment of segments.slice(segments.findLastIndex(each => each.baseOffset <= offset))) {
    await segment.use(async () => {
      const from = segment.baseOffset <= offset ? await segment.positionBefore(offset) : 0
      await scanHeaders(segment, { from, to: segment.size, fromOffset: segment.baseOffset }, batch => {
        isFound = lastOffset(batch) >= offset
        if (isFound) answer = isRight(batch)
        return !isFound
      })
    })
    if (isFound) return answer
  }
  return false
}
