import type { SizeHistogram } from '../../contract/topics.ts'

/** Sizes up to 2^31. */
const BUCKETS = 33

/** Counts sizes by powers of two: the first bucket is of nothing at all, the next of one byte, of two, of up to four, and so on. */
export class SizeCounts {
  readonly #buckets = new Array<number>(BUCKETS).fill(0)
  #count = 0
  #sum = 0
  #least = Infinity
  #most = -Infinity

  add(size: number): void {
    this.#buckets[size === 0 ? 0 : 33 - Math.clz32(size - 1)]! += 1
    this.#count += 1
    this.#sum += size
    this.#least = Math.min(this.#least, size)
    this.#most = Math.max(this.#most, size)
  }

  /** Buckets from the first to the last that is not empty. */
  get histogram(): SizeHistogram {
    const first = this.#buckets.findIndex(count => count > 0)
    const last = this.#buckets.findLastIndex(count => count > 0)
    const buckets = first < 0 ? [] : this.#buckets.slice(first, last + 1)
    return {
      count: this.#count,
      sum: this.#sum,
      least: this.#count === 0 ? null : this.#least,
      most: this.#count === 0 ? null : this.#most,
      buckets: buckets.map((count, index) => ({ upTo: first + index === 0 ? 0 : 2 ** (first + index - 1), count })),
    }
  }
}
