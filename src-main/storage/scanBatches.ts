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

const CHUNK_BYTES = 256 * 1024
const NOTHING = Buffer.alloc(0)
/** Where only a few batches are looked at: an index interval and a little. */
const FIRST_CHUNK_BYTES = 8 * 1024

/** A segment, as far as a scan needs one. */
export interface ScannedSegment {
  readonly baseOffset: number
  read(position: number, length: number, into?: Buffer): Promise<Buffer>
}

export interface ScanRange {
  readonly from: number
  readonly to: number
  /** No batch may begin below. */
  readonly fromOffset: number
}

export interface ScanResult {
  /** Where the last good batch ends; where the batch begins at which `visit` said `false`. */
  readonly end: number
  /** Why the scan ended there, when it did not get to the end it was asked for. */
  readonly problem: string | undefined
}

interface Chunk {
  readonly from: number
  readonly length: number
  readonly bytes: Promise<Buffer>
}

/**
 * Visits the batches of a segment in order, until `visit` says `false`; `batch` is only lent, until the visit of the next one is over. Stops before
 * anything that is no whole batch, or that goes back behind `fromOffset` or an earlier batch; with `checksums`, before a batch whose bytes are not what was written.
 */
export async function scanBatches(
  segment: ScannedSegment,
  { from, to, fromOffset, checksums }: ScanRange & { readonly checksums: boolean },
  visit: (batch: Buffer, position: number) => boolean | void,
): Promise<ScanResult> {
  let position = from
  let nextOffset = fromOffset
  let wanted = CHUNK_BYTES
  // One is filled while another is looked at; the third still holds the batch before.
  const buffers = [NOTHING, NOTHING, NOTHING]
  let turn = 0
  const takeTurnBack = () => {
    turn = (turn + buffers.length - 1) % buffers.length
  }
  const chunkFrom = (at: number): Chunk => {
    const length = Math.min(wanted, to - at)
    turn = (turn + 1) % buffers.length
    if (buffers[turn]!.length < length) buffers[turn] = Buffer.allocUnsafeSlow(length)
    const bytes = segment.read(at, length, buffers[turn])
    bytes.catch(() => undefined) // whoever waits for it hears of it
    return { from: at, length, bytes }
  }
  let ahead: Chunk | undefined
  try {
    while (position < to) {
      const isAsked = ahead?.from === position && ahead.length >= Math.min(wanted, to - position)
      if (ahead !== undefined && !isAsked) {
        await ahead.bytes.catch(() => undefined)
        takeTurnBack()
      }
      const asked = ahead !== undefined && isAsked ? ahead : chunkFrom(position)
      const chunk = await asked.bytes
      if (chunk.length < asked.length) return { end: position, problem: 'the file is shorter than it said' }
      // The next chunk is read while this one is checked.
      const next = position + wholeBatchesIn(chunk)
      ahead = next > position && next < to ? chunkFrom(next) : undefined
      for (let at = 0; position < to;) {
        const available = to - position
        if (available < BATCH_HEADER_BYTES) return { end: position, problem: `the last ${available} bytes are no batch` }
        const remains = chunk.length - at
        if (remains < BATCH_HEADER_BYTES) break
        const problem = problemOf(chunk, at, { segment, nextOffset, available })
        if (problem !== undefined) return { end: position, problem }
        const size = batchSize(chunk, at)
        if (size > remains) {
          wanted = Math.max(wanted, size)
          if (at === 0) takeTurnBack()
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
  } finally {
    await ahead?.bytes.catch(() => undefined) // it must not outlive the scan
  }
}

/**
 * As `scanBatches`, for who wants no more than headers, and few of them: `batch` is at least the header, and the whole batch where its length says so.
 * Reads little at first; what is between headers is not read at all where it is much.
 */
export async function scanHeaders(
  segment: ScannedSegment,
  { from, to, fromOffset }: ScanRange,
  visit: (batch: Buffer, position: number) => boolean | void,
): Promise<ScanResult> {
  let position = from
  let nextOffset = fromOffset
  let wanted = FIRST_CHUNK_BYTES
  while (position < to) {
    const asked = Math.min(wanted, to - position)
    const chunk = await segment.read(position, asked)
    if (chunk.length < asked) return { end: position, problem: 'the file is shorter than it said' }
    let at = 0
    while (position < to) {
      const available = to - position
      if (available < BATCH_HEADER_BYTES) return { end: position, problem: `the last ${available} bytes are no batch` }
      if (chunk.length - at < BATCH_HEADER_BYTES) break
      const problem = problemOf(chunk, at, { segment, nextOffset, available })
      if (problem !== undefined) return { end: position, problem }
      const size = batchSize(chunk, at)
      if (visit(chunk.subarray(at, Math.min(chunk.length, at + size)), position) === false) return { end: position, problem: undefined }
      nextOffset = lastOffset(chunk, at) + 1
      position += size
      at += size
    }
    wanted = at > 2 * chunk.length ? FIRST_CHUNK_BYTES : Math.min(2 * wanted, CHUNK_BYTES)
  }
  return { end: position, problem: undefined }
}

/** How many bytes at the front look like whole batches, for a guess at what comes next. */
function wholeBatchesIn(chunk: Buffer): number {
  let at = 0
  while (chunk.length - at >= BATCH_HEADER_BYTES) {
    const size = batchSize(chunk, at)
    if (size < BATCH_HEADER_BYTES || size > chunk.length - at) break
    at += size
  }
  return at
}

function problemOf(
  chunk: Buffer,
  at: number,
  { segment, nextOffset, available }: { segment: ScannedSegment; nextOffset: number; available: number },
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
