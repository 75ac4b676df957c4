import { BATCH_HEADER_BYTES, MAGIC, baseOffset, batchSize, lastOffset, magic } from '../protocol/records/batch.ts'
import { CorruptLog } from './corruptLog.ts'
import type { ReadOptions } from './readOptions.ts'
import type { Segment } from './segment.ts'

/** Places that are remembered: where the newest batches began, and where readers stopped. */
const REMEMBERED_PLACES = 128
/** Kafka's default; only a guess at how far to read. */
const INDEX_INTERVAL_BYTES = 4096
const NOTHING = Buffer.alloc(0)

/** Remembers where batches begin, so that whoever reads on or reads the end needs no index. Forgets the oldest. */
export class Places {
  /** Made for the first. */
  #positions: Map<number, number> | undefined

  note(offset: number, position: number): void {
    const positions = (this.#positions ??= new Map())
    if (positions.has(offset)) return
    positions.set(offset, position)
    if (positions.size <= REMEMBERED_PLACES) return
    for (const oldest of positions.keys()) {
      positions.delete(oldest)
      return
    }
  }

  positionOf(offset: number): number | undefined {
    return this.#positions?.get(offset)
  }
}

/** The segment that holds `offset`, which must not be below the first one: the last that begins at or before it. */
export function segmentFor(segments: readonly Segment[], offset: number): number {
  let low = 0
  let high = segments.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (segments[middle]!.baseOffset <= offset) low = middle
    else high = middle
  }
  return low
}

/**
 * Whole batches from the one that holds `from` on, out of one segment, nearly always with one read. Empty when there is nothing from `from` up to
 * `upTo`, or when the first batch does not fit.
 */
export async function readBatches(segments: readonly Segment[], places: Places, from: number, options: ReadOptions): Promise<Buffer> {
  for (let index = segmentFor(segments, from); index < segments.length; index++) {
    const segment = segments[index]!
    if (segment.baseOffset >= options.upTo) break
    const start = Math.max(from, segment.baseOffset)
    const next = segments[index + 1]?.baseOffset
    // A position counts within the segment of its offset.
    const end = next === undefined || options.upTo < next ? places.positionOf(options.upTo) : undefined
    const found = await segment.use(() => readSegment(segment, places, { ...options, from: start, end }))
    if (found !== undefined) return found
    // There is nothing more in this one, if it is all there.
    if (next !== undefined) await segment.checked()
  }
  return NOTHING
}

/** Nothing at all when the segment holds no batch at or behind `from`: compaction may have taken its end. */
async function readSegment(
  segment: Segment,
  places: Places,
  { from, upTo, end, maxBytes, atLeastOneBatch, memory }: ReadOptions & { readonly from: number; readonly end: number | undefined },
): Promise<Buffer | undefined> {
  const known = from === segment.baseOffset ? 0 : places.positionOf(from)
  let position = known ?? (await segment.positionBefore(from))
  // Behind a place that comes from the index lies up to an interval of batches to go past.
  let length = Math.max(maxBytes, BATCH_HEADER_BYTES) + (known === undefined ? INDEX_INTERVAL_BYTES : 0)
  if (known !== undefined && end !== undefined && end > position) length = Math.min(length, end - position)
  while (position < segment.size) {
    const bytes = await segment.read(position, length, memory?.take(Math.min(length, segment.size - position)))
    const at = firstBatchAt(segment, bytes, { from, position })
    const remains = bytes.length - at
    if (remains < BATCH_HEADER_BYTES) {
      if (at === 0) return undefined // the file was cut meanwhile
      position += at
      continue
    }
    const size = batchSize(bytes, at)
    if (lastOffset(bytes, at) >= upTo || (size > maxBytes && !atLeastOneBatch)) return NOTHING
    if (size <= remains) {
      const fitting = bytes.subarray(at, at + Math.min(remains, Math.max(maxBytes, size)))
      return wholeBatches(segment, fitting, { upTo, places, position: position + at })
    }
    if (at === 0 && size <= length) return undefined // as above
    position += at
    length = Math.max(maxBytes, size)
  }
  return undefined
}

/** Where the first batch begins that ends at or behind `from`, or else the first whose header is not all there: perhaps behind the end. */
function firstBatchAt(segment: Segment, bytes: Buffer, { from, position }: { readonly from: number; readonly position: number }): number {
  let at = 0
  while (bytes.length - at >= BATCH_HEADER_BYTES) {
    const size = batchSize(bytes, at)
    if (size < BATCH_HEADER_BYTES || magic(bytes, at) !== MAGIC) {
      throw new CorruptLog('no batch begins there', { place: { path: segment.path, position: position + at, offset: from } })
    }
    if (lastOffset(bytes, at) >= from) return at
    at += size
  }
  return at
}

/** Cuts behind the last whole batch below `upTo`, and remembers where that is. */
function wholeBatches(
  segment: Segment,
  bytes: Buffer,
  { upTo, places, position }: { readonly upTo: number; readonly places: Places; readonly position: number },
): Buffer {
  let at = 0
  let next = -1
  while (bytes.length - at >= BATCH_HEADER_BYTES) {
    const size = batchSize(bytes, at)
    // What cannot be a batch is told to whoever reads on from there.
    if (size < BATCH_HEADER_BYTES || size > bytes.length - at || magic(bytes, at) !== MAGIC) break
    if (baseOffset(bytes, at) < next) {
      const problem = `offset ${baseOffset(bytes, at)} comes after ${next - 1}`
      throw new CorruptLog(problem, { place: { path: segment.path, position: position + at, offset: next } })
    }
    if (lastOffset(bytes, at) >= upTo) break
    next = lastOffset(bytes, at) + 1
    at += size
  }
  if (at > 0) places.note(next, position + at)
  return bytes.subarray(0, at)
}
