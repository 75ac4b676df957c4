import type { Clock } from '../../env/env.ts'
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  batchSize,
  isIntact,
  lastOffset,
  lastOffsetDelta,
  MAGIC,
  magic,
} from '../../protocol/records/batch.ts'
import { CorruptLog } from '../corruptLog.ts'
import type { Segment } from '../segment.ts'
import type { Throttle } from './throttle.ts'

/** What is read, and worked on, before others have their turn. A larger batch comes alone. */
const CHUNK_BYTES = 512 * 1024
/** How long the batches of one chunk may keep everybody else waiting: they may unfold to much more than was read. */
const LONGEST_TURN_MS = 5

/** A pass was given up: it was told to, or the log changed under it. What was swapped in until then is good; nothing else is left behind. */
export class CleaningAborted extends Error {
  override readonly name = 'CleaningAborted'
}

/** Reads complete segments for somebody whom nobody waits for: lets everybody else go first, and stops when it is told to. */
export class PoliteReader {
  readonly #clock: Clock
  readonly #directory: string
  readonly #throttle: Throttle
  readonly #signal: AbortSignal
  #turnBeganMs: number
  #bytesRead = 0

  constructor(
    clock: Clock,
    { directory, throttle, signal }: { readonly directory: string; readonly throttle: Throttle; readonly signal: AbortSignal },
  ) {
    this.#clock = clock
    this.#directory = directory
    this.#throttle = throttle
    this.#signal = signal
    this.#turnBeganMs = clock.elapsed()
  }

  get bytesRead(): number {
    return this.#bytesRead
  }

  /** Throws `CleaningAborted` when it is time to stop. */
  check(): void {
    if (this.#signal.aborted) throw new CleaningAborted('the pass was told to stop', { cause: this.#signal.reason })
  }

  /** Keeps the segment open while `act` runs, unless it is time to stop: then it may be closed already. */
  using<T>(segment: Segment, act: () => Promise<T>): Promise<T> {
    this.check()
    return segment.use(act)
  }

  /** To be called between two batches: pauses when the turn gets long. */
  async breathe(): Promise<void> {
    if (this.#clock.elapsed() - this.#turnBeganMs >= LONGEST_TURN_MS) await this.pay(0)
  }

  /** Waits until so many bytes read or written may be followed by more. */
  async pay(bytes: number): Promise<void> {
    await this.#throttle.spend(bytes, this.#signal)
    this.#turnBeganMs = this.#clock.elapsed()
    this.check()
  }

  /**
   * The whole batches of a segment from a position on, some at a time; `end` is the offset behind it. Checksums are checked, because what is damaged must
   * not be made to look good by a new one, and so are offsets, which no checksum covers.
   */
  async *chunks(
    segment: Segment,
    { from, end: endOffset }: { readonly from: number; readonly end: number },
  ): AsyncGenerator<Buffer, void, undefined> {
    let nextOffset = segment.baseOffset
    let wanted = CHUNK_BYTES
    for (let position = from; position < segment.size;) {
      const asked = Math.min(wanted, segment.size - position)
      const chunk = await this.using(segment, () => segment.read(position, asked))
      this.#turnBeganMs = this.#clock.elapsed()
      if (chunk.length < asked) this.#fail(segment, position, 'the file is shorter than it was')
      wanted = CHUNK_BYTES
      let end = 0
      while (chunk.length - end >= BATCH_HEADER_BYTES) {
        const size = batchSize(chunk, end)
        if (size > chunk.length - end && size <= segment.size - position - end) {
          wanted = Math.max(CHUNK_BYTES, size)
          break
        }
        const problem = problemOf(chunk, end, { nextOffset, endOffset })
        if (problem !== undefined) this.#fail(segment, position + end, problem)
        nextOffset = lastOffset(chunk, end) + 1
        end += size
      }
      if (end === 0 && wanted <= chunk.length) this.#fail(segment, position, `${chunk.length} bytes are no batch`)
      position += end
      if (end === 0) continue
      this.#bytesRead += end
      yield chunk.subarray(0, end)
      await this.pay(end)
    }
  }

  #fail(segment: Segment, position: number, problem: string): never {
    throw new CorruptLog(`segment ${segment.baseOffset} of ${this.#directory} is damaged at byte ${position}: ${problem}`)
  }
}

function problemOf(
  chunk: Buffer,
  at: number,
  { nextOffset, endOffset }: { readonly nextOffset: number; readonly endOffset: number },
): string | undefined {
  const size = batchSize(chunk, at)
  if (size < BATCH_HEADER_BYTES || size > chunk.length - at) return `a batch of ${size} bytes cannot be here`
  if (magic(chunk, at) !== MAGIC) return `magic ${magic(chunk, at)} is unknown`
  if (!isIntact(chunk.subarray(at, at + size))) return `the checksum of the batch at offset ${baseOffset(chunk, at)} is wrong`
  if (baseOffset(chunk, at) < nextOffset) return `offset ${baseOffset(chunk, at)} comes after ${nextOffset - 1}`
  if (lastOffsetDelta(chunk, at) < 0 || lastOffset(chunk, at) >= endOffset)
    return `offset ${lastOffset(chunk, at)} cannot be below ${endOffset}`
  return undefined
}
