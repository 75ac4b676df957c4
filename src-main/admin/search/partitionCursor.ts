import type { OffsetRange } from '../../contract/messages.ts'
import type { SearchOrder } from './ledger.ts'
import type { Stretch } from './search.ts'

/** Offsets of the first window: the newest hits shall not wait for many records. */
const FIRST_WINDOW = 1_000
const MAX_WINDOW = 50_000
/** A window grows until it holds about so much. */
const WINDOW_BYTES = 4 * 1024 * 1024
const GROWTH = 4
/** Room for the rest of a batch that a window ends in. */
const SPARE_BYTES = 32 * 1024

/** What is read next of a partition. From the newest on: windows of offsets from the end to the start, each read from its start to its end. */
export class PartitionCursor {
  readonly partition: number
  readonly #order: SearchOrder
  readonly #from: number
  #windowFrom: number
  #windowTo: number
  #offset: number
  #readOffsets = 0
  #readBytes = 0

  constructor({ partition, from, to }: OffsetRange, order: SearchOrder) {
    this.partition = partition
    this.#order = order
    this.#from = from
    this.#windowTo = to
    this.#windowFrom = order === 'oldestFirst' ? from : Math.max(from, to - FIRST_WINDOW)
    this.#offset = this.#windowFrom
  }

  get isDone(): boolean {
    return this.#offset >= this.#windowTo
  }

  /** Where to read. */
  get offset(): number {
    return this.#offset
  }

  /** How many bytes to ask for when an answer may have `answerBytes`. */
  wantedBytes(answerBytes: number): number {
    if (this.#order === 'oldestFirst' || this.#readOffsets === 0) return answerBytes
    return Math.min(answerBytes, Math.ceil((this.#windowTo - this.#offset) * this.#bytesPerOffset) + SPARE_BYTES)
  }

  /** All up to `next` was read, in so many bytes: what of it belongs to the search. */
  take(next: number, bytes: number): Stretch {
    const from = this.#offset
    const to = Math.min(next, this.#windowTo)
    this.#offset = to
    if (bytes > 0) {
      this.#readOffsets += next - from
      this.#readBytes += bytes
    }
    if (to === this.#windowTo && this.#windowFrom > this.#from) this.#moveWindow()
    return { partition: this.partition, from, to }
  }

  get #bytesPerOffset(): number {
    return this.#readBytes / Math.max(1, this.#readOffsets)
  }

  #moveWindow(): void {
    const last = this.#windowTo - this.#windowFrom
    const fitting = this.#readBytes === 0 ? MAX_WINDOW : Math.floor(WINDOW_BYTES / this.#bytesPerOffset)
    const size = Math.max(1, Math.min(last * GROWTH, fitting, MAX_WINDOW))
    this.#windowTo = this.#windowFrom
    this.#windowFrom = Math.max(this.#from, this.#windowTo - size)
    this.#offset = this.#windowFrom
  }
}
