/** What a plot has room for. */
const MOST_BUCKETS = 96
/** Widths that people count time in. Each is a multiple of the one before, so that a bucket that widens is never cut in two. */
const STEPS_MS = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 6 * 3_600_000, 86_400_000, 7 * 86_400_000, 28 * 86_400_000]
const LARGEST_STEP_MS = STEPS_MS.at(-1)!

/** Counts timestamps in buckets of equal width, which grow as the span does: nobody knows it before all was read. */
export class TimeCounts {
  #counts = new Map<number, number>()
  #stepMs = STEPS_MS[0]!
  #first = Infinity
  #last = -Infinity

  add(timestampMs: number): void {
    if (timestampMs < 0) return // a record without a time
    const bucket = Math.floor(timestampMs / this.#stepMs)
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1)
    this.#first = Math.min(this.#first, bucket)
    this.#last = Math.max(this.#last, bucket)
    while (this.#last - this.#first >= MOST_BUCKETS) this.#widen()
  }

  get times(): { readonly fromMs: number; readonly stepMs: number; readonly counts: number[] } | null {
    if (this.#counts.size === 0) return null
    const counts = Array.from({ length: this.#last - this.#first + 1 }, (_, index) => this.#counts.get(this.#first + index) ?? 0)
    return { fromMs: this.#first * this.#stepMs, stepMs: this.#stepMs, counts }
  }

  #widen(): void {
    const before = this.#stepMs
    this.#stepMs = STEPS_MS.find(step => step > before) ?? Math.max(before, LARGEST_STEP_MS) * 10
    const counts = new Map<number, number>()
    for (const [bucket, count] of this.#counts) {
      const wider = Math.floor((bucket * before) / this.#stepMs)
      counts.set(wider, (counts.get(wider) ?? 0) + count)
    }
    this.#counts = counts
    this.#first = Math.min(...counts.keys())
    this.#last = Math.max(...counts.keys())
  }
}
