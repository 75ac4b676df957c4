/** A longer line is named and left out: it would have to be in memory as a whole. */
export const MAX_LINE_BYTES = 128 * 1024 * 1024

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const NOTHING = Buffer.alloc(0)

export interface LineListener {
  /** Counted from 1; without its end. The bytes may be a view of what was pushed. */
  line(number: number, bytes: Buffer): void
  tooLong(number: number): void
}

/** Cuts a text that comes in pieces into lines, which end in LF or CRLF. An empty line at the very end is none. */
export class LineSplitter {
  readonly #listener: LineListener
  readonly #maxBytes: number
  #begun: Buffer[] = []
  #begunBytes = 0
  #number = 0

  constructor(listener: LineListener, maxBytes = MAX_LINE_BYTES) {
    this.#listener = listener
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): void {
    let at = 0
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, at)
      if (end < 0) break
      this.#take(chunk.subarray(at, end))
      this.#finish()
      at = end + 1
    }
    this.#take(chunk.subarray(at))
  }

  end(): void {
    if (this.#begunBytes > 0) this.#finish()
  }

  #take(bytes: Buffer): void {
    this.#begunBytes += bytes.length
    if (this.#begunBytes > this.#maxBytes) this.#begun = []
    else if (bytes.length > 0) this.#begun.push(bytes)
  }

  #finish(): void {
    this.#number += 1
    if (this.#begunBytes > this.#maxBytes) this.#listener.tooLong(this.#number)
    else {
      const whole = this.#begun.length === 1 ? this.#begun[0]! : this.#begun.length === 0 ? NOTHING : Buffer.concat(this.#begun)
      this.#listener.line(this.#number, whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole)
    }
    this.#begun = []
    this.#begunBytes = 0
  }
}
