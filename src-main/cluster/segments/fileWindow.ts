import type { ReadableFile } from '../dump/items.ts'

const WINDOW_BYTES = 128 * 1024

/** A file read here and there, mostly forward: what lies close together is read together. Bytes are views, good until the next read. */
export class FileWindow {
  readonly #file: ReadableFile
  #bytes: Buffer = Buffer.alloc(0)
  #position = 0

  constructor(file: ReadableFile) {
    this.#file = file
  }

  /** When it was opened; it may have grown, or shrunk, since. */
  get size(): number {
    return this.#file.size
  }

  /** Fewer bytes than asked only at the end of the file. */
  async read(position: number, length: number): Promise<Buffer> {
    const at = position - this.#position
    if (at < 0 || at + length > this.#bytes.length) {
      const wanted = Math.min(Math.max(length, WINDOW_BYTES), Math.max(0, this.size - position))
      this.#bytes = wanted === 0 ? Buffer.alloc(0) : await this.#file.read(position, wanted)
      this.#position = position
    }
    const from = position - this.#position
    return this.#bytes.subarray(from, from + length)
  }
}
