/** A write that takes longer waited for the disk, or for memory that the disk has to free. */
const SLOW_MS = 8
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** After so long without a slow write the disk counts as recovered. */
const RECOVERED_MS = 60_000

/**
 * Whether the system takes writes into its memory at once, as it does until that is full or the disk is behind. While it does, the loop may write by
 * itself; after a write that made it wait, other threads have to for a while, longer each time.
 */
export class WritePace {
  readonly #now: () => number
  #quickFromMs = -Infinity
  #pauseMs = FIRST_PAUSE_MS

  constructor(now: () => number) {
    this.#now = now
  }

  get isQuick(): boolean {
    return this.#now() >= this.#quickFromMs
  }

  /** A write on the spot took so long. */
  took(ms: number): void {
    if (ms < SLOW_MS) return
    const now = this.#now()
    this.#pauseMs = now - this.#quickFromMs > RECOVERED_MS ? FIRST_PAUSE_MS : Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
    this.#quickFromMs = now + this.#pauseMs
  }
}

/** Of all files of this process: they share the memory, and mostly the disk. */
export const writePace = new WritePace(() => performance.now())
