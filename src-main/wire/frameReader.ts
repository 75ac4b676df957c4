/**
 * Cuts a stream into frames: an int32 size, then that many bytes. The size is checked before memory is taken, and memory is taken as bytes
 * arrive, so that announcing a large frame costs its sender as much as us. A frame that lies within one chunk is handed on as a view of it.
 */
const SIZE_BYTES = 4
/** Memory taken for a frame that comes in several chunks: at least this, and at most so many times what arrived. */
const FIRST_BYTES = 4 * 1024
const GROWTH = 4
const NOTHING = Buffer.alloc(0)
/** A view this small of a chunk that much larger would keep the chunk alive for as long as somebody keeps a field of the frame. */
const COPIED_BELOW_BYTES = 4 * 1024
const COPIED_BELOW_SHARE = 1 / 4

/** A size that no frame has: the sender speaks something else, or means harm. */
export class BadFrameSize extends Error {
  override readonly name = 'BadFrameSize'
}

export class FrameReader {
  readonly #maxBytes: number
  /** Bytes of a size that arrived in pieces. */
  #sizeSoFar = 0
  #sizeBytes = 0
  /** The frame being assembled, and how much of it is there. Undefined between frames. */
  #frame: Buffer | undefined
  #frameSize = 0
  #received = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether some bytes of a frame arrived and others are missing. */
  get isWithinFrame(): boolean {
    return this.#frame !== undefined || this.#sizeBytes > 0
  }

  /** Calls `take` with each frame that `chunk` completes, in order. Throws `BadFrameSize`; the stream is beyond repair then. */
  push(chunk: Buffer, take: (frame: Buffer) => void): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#frame !== undefined) {
        at = this.#fill(chunk, at)
        if (this.#received < this.#frameSize) return
        const frame = this.#frame
        this.#frame = undefined
        take(frame)
        continue
      }
      if (this.#sizeBytes === 0 && chunk.length - at >= SIZE_BYTES) {
        const size = this.#checked(chunk.readInt32BE(at))
        at += SIZE_BYTES
        if (chunk.length - at >= size) {
          const view = chunk.subarray(at, at + size)
          at += size
          take(size < COPIED_BELOW_BYTES && size < chunk.length * COPIED_BELOW_SHARE ? Buffer.from(view) : view)
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
      const grown = Buffer.allocUnsafe(Math.min(this.#frameSize, Math.max(FIRST_BYTES, received * GROWTH)))
      frame.copy(grown, 0, 0, this.#received)
      this.#frame = frame = grown
    }
    chunk.copy(frame, this.#received, from, from + wanted)
    this.#received = received
    return from + wanted
  }
}
