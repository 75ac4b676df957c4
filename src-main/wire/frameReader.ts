import type { BufferPool, Loan } from '../base/bufferPool.ts'

/**
 * Cuts a stream into frames: an int32 size, then that many bytes. The size is checked before memory is taken, and memory is taken as bytes
 * arrive, so that announcing a large frame costs its sender as much as us. Chunks are only lent, frames are for good: what a chunk has of whole frames
 * is copied at once, and of a large one that is still arriving the bytes can be read to where they belong.
 */
const SIZE_BYTES = 4
/** Memory taken for a frame that comes in several chunks: at least this, and at most so many times what arrived. */
const FIRST_BYTES = 4 * 1024
const GROWTH = 4
const NOTHING = Buffer.alloc(0)
/** Below this, one more read costs more than the copy. */
const ROOM_FROM_BYTES = 16 * 1024

/** A size that no frame has: the sender speaks something else, or means harm. */
export class BadFrameSize extends Error {
  override readonly name = 'BadFrameSize'
}

export class FrameReader {
  readonly #maxBytes: number
  readonly #pool: BufferPool | undefined
  /** Bytes of a size that arrived in pieces. */
  #sizeSoFar = 0
  #sizeBytes = 0
  /** The frame being assembled, and how much of it is there. Undefined between frames. */
  #frame: Buffer | undefined
  #frameSize = 0
  #received = 0
  /** Of the frame's memory, where that can go back. */
  #memory: Loan | undefined

  /** Frames lie in memory of `pool` where it has some. */
  constructor(maxBytes: number, pool?: BufferPool) {
    this.#maxBytes = maxBytes
    this.#pool = pool
  }

  /** Whether some bytes of a frame arrived and others are missing. */
  get isWithinFrame(): boolean {
    return this.#frame !== undefined || this.#sizeBytes > 0
  }

  /** Where the bytes that come next belong, if it is worth reading them there: `push` then finds them in their place. */
  get room(): Buffer | undefined {
    const frame = this.#frame
    return frame === undefined || frame.length - this.#received < ROOM_FROM_BYTES ? undefined : frame.subarray(this.#received)
  }

  /**
   * Calls `take` with each frame that `chunk` completes, in order, and with its memory if that can go back once nobody looks at the frame any more.
   * Throws `BadFrameSize`; the stream is beyond repair then.
   */
  push(chunk: Buffer, take: (frame: Buffer, memory: Loan | undefined) => void): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#frame !== undefined) {
        at = this.#fill(chunk, at)
        if (this.#received < this.#frameSize) return
        const frame = this.#frame
        const memory = this.#memory
        this.#frame = undefined
        this.#memory = undefined
        take(frame, memory)
        continue
      }
      if (this.#sizeBytes === 0 && chunk.length - at >= SIZE_BYTES) {
        const size = this.#checked(chunk.readInt32BE(at))
        at += SIZE_BYTES
        if (chunk.length - at >= size) {
          // Each has memory of its own: one that is kept for long does not keep its neighbours.
          const memory = this.#lent(size)
          const frame = memory?.take(size) ?? Buffer.allocUnsafe(size)
          chunk.copy(frame, 0, at, at + size)
          at += size
          take(frame, memory)
        } else this.#begin(size)
        continue
      }
      this.#sizeSoFar = (this.#sizeSoFar << 8) | chunk[at]!
      this.#sizeBytes += 1
      at += 1
      if (this.#sizeBytes === SIZE_BYTES) {
        const size = this.#checked(this.#sizeSoFar)
        this.#sizeSoFar = 0
        this.#sizeBytes = 0
        this.#begin(size)
      }
    }
  }

  #checked(size: number): number {
    // An empty frame is no request either: every one begins with an API key or a correlation id.
    if (size > 0 && size <= this.#maxBytes) return size
    throw new BadFrameSize(`a frame of ${size} bytes is announced, 1 to ${this.#maxBytes} are accepted`)
  }

  #lent(bytes: number): Loan | undefined {
    return this.#pool?.has(bytes) === true ? this.#pool.lend() : undefined
  }

  #begin(size: number): void {
    this.#frameSize = size
    this.#received = 0
    this.#frame = NOTHING
  }

  #fill(chunk: Buffer, from: number): number {
    const wanted = Math.min(this.#frameSize - this.#received, chunk.length - from)
    let frame = this.#frame!
    const received = this.#received + wanted
    if (received > frame.length) {
      // Each growth copies a quarter of what it makes room for, so that all of them together copy a third of the frame at most.
      const size = Math.min(this.#frameSize, Math.max(FIRST_BYTES, received * GROWTH))
      const [before, memory] = [this.#memory, this.#lent(size)]
      const grown = memory?.take(size) ?? Buffer.allocUnsafe(size)
      frame.copy(grown, 0, 0, this.#received)
      before?.giveBack()
      this.#memory = memory
      this.#frame = frame = grown
    }
    const isInPlace = chunk.buffer === frame.buffer && chunk.byteOffset + from === frame.byteOffset + this.#received
    if (!isInPlace) chunk.copy(frame, this.#received, from, from + wanted)
    this.#received = received
    return from + wanted
  }
}
