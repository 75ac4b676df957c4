import type { SeededRandom } from './seededRandom.ts'

/** How much of what was appended without a `sync` a power failure may blank out in the middle of what it leaves. */
const TORN_BYTES = 512

/** What one file holds, and what of it would outlive a power failure. */
export class SimulatedFile {
  #bytes = Buffer.alloc(0)
  #length = 0
  /** Below this the disk really has it. */
  #synced = 0
  /** What the disk still has from `#synced` on, because a truncation was not synced yet. */
  #beforeTruncation: Buffer = Buffer.alloc(0)
  /** A sync failed: what it covered is gone with the next power failure, whatever later syncs say. */
  #syncFailed = false
  modifiedMs = 0

  get length(): number {
    return this.#length
  }

  append(bytes: Buffer): void {
    const length = this.#length + bytes.length
    if (length > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(1024, 2 * this.#bytes.length, length))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    bytes.copy(this.#bytes, this.#length)
    this.#length = length
  }

  read(position: number, length: number): Buffer {
    return Buffer.from(this.view(position, length))
  }

  /** Only until the file is written to again. */
  view(position: number, length: number): Buffer {
    return this.#bytes.subarray(Math.min(position, this.#length), Math.min(position + length, this.#length))
  }

  truncate(length: number): void {
    if (length > this.#length) {
      this.append(Buffer.alloc(length - this.#length))
      return
    }
    if (length < this.#synced) {
      this.#beforeTruncation = Buffer.concat([this.#bytes.subarray(length, this.#synced), this.#beforeTruncation])
      this.#synced = length
    }
    this.#length = length
  }

  /** Makes sure of everything below `length`, which is what there was when the sync began. */
  synced(length: number): void {
    if (this.#syncFailed) return
    this.#synced = Math.max(this.#synced, Math.min(length, this.#length))
    this.#beforeTruncation = Buffer.alloc(0)
  }

  syncFailed(): void {
    this.#syncFailed = true
  }

  /** What a power failure leaves: all that was synced, and as much of the rest as chance has it, perhaps torn. */
  losePower(random: Pick<SeededRandom, 'below' | 'chance'>): void {
    if (this.#beforeTruncation.length > 0 && random.chance(0.5)) {
      this.#length = this.#synced
      this.append(this.#beforeTruncation)
    } else {
      const unsynced = this.#length - this.#synced
      const left = random.below(unsynced + 1)
      if (left > 0 && random.chance(0.3)) {
        const from = this.#synced + random.below(left)
        this.#bytes.fill(0, from, Math.min(this.#synced + left, from + 1 + random.below(TORN_BYTES)))
      }
      this.#length = this.#synced + left
    }
    this.#beforeTruncation = Buffer.alloc(0)
    this.#synced = this.#length
    this.#syncFailed = false
  }
}
