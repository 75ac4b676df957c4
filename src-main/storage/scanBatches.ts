import {
  BATCH_HEADER_BYTES,
  baseOffset,
  batchSize,
  isIntact,
  lastOffset,
  lastOffsetDelta,
  MAGIC,
  magic,
} from '../protocol/records/batch.ts'
import type { Segment } from './segment.ts'

const CHUNK_BYTES = 1024 * 1024

export interface ScanResult {
  /** Where the last good batch ends; where the batch begins at which `visit` said `false`. */
  readonly end: number
  /** Why the scan ended there, when it did not get to the end it was asked for. */
  readonly problem: string | undefined
}

/**
 * Visits the batches of a segment in order, until `visit` says `false`. Stops before
 * anything that is no whole batch, or that goes back behind `fromOffset` or an earlier batch; with `checksums`, before a batch whose bytes are not what was written.
 */
export async function scanBatches(
  segment: Segment,
  { from, to, fromOffset, checksums }: { from: number; to: number; fromOffset: number; checksums: boolean },
  visit: (batch: Buffer, position: number) => boolean | void,
): Promise<ScanResult> {
  let position = from
  let nextOffset = fromOffset
  let wanted = CHUNK_BYTES
  while (position < to) {
    const asked = Math.min(wanted, to - position)
    const chunk = await segment.read(position, asked)
    if (chunk.length < asked) return { end: position, problem: 'the file is shorter than it said' }
    wanted = CHUNK_BYTES
    for (let at = 0; position < to;) {
      const available = to - position
      if (available < BATCH_HEADER_BYTES) return { end: position, problem: `the last ${available} bytes are no batch` }
      const remains = chunk.length - at
      if (remains < BATCH_HEADER_BYTES) break
      const problem = problemOf(chunk, at, { segment, nextOffset, available })
      if (problem !== undefined) return { end: position, problem }
      const size = batchSize(chunk, at)
      if (size > remains) {
        wanted = Math.max(CHUNK_BYTES, size)
        break
      }
      const batch = chunk.subarray(at, at + size)
      if (checksums && !isIntact(batch))
        return { end: position, problem: `the checksum of the batch at offset ${baseOffset(batch)} is wrong` }
      if (visit(batch, position) === false) return { end: position, problem: undefined }
      nextOffset = lastOffset(batch) + 1
      position += size
      at += size
    }
  }
  return { end: position, problem: undefined }
}

function problemOf(
  chunk: Buffer,
  at: number,
  { segment, nextOffset, available }: { segment: Segment; nextOffset: number; available: number },
): string | undefined {
  const size = batchSize(chunk, at)
  if (size < BATCH_HEADER_BYTES) return `a batch of ${size} bytes cannot be`
  if (size > available) return `a batch of ${size} bytes, but ${available} are left`
  if (magic(chunk, at) !== MAGIC) return `magic ${magic(chunk, at)} is unknown`
  const base = baseOffset(chunk, at)
  if (!Number.isSafeInteger(base)) return 'an offset out of range'
  if (base < nextOffset) return `offset ${base} comes after ${nextOffset - 1}`
  if (lastOffsetDelta(chunk, at) < 0) return 'a batch that ends before it begins'
  if (base + lastOffsetDelta(chunk, at) - segment.baseOffset > 0x7fff_ffff)
    return `offset ${base} is too far from the segment's ${segment.baseOffset}`
  return undefined
}
