/** A write that takes longer waited for the disk, or for memory that the disk has to free. */
const SLOW_WRITE_MS = 8
/** A read that takes longer was not of what the system has in its memory. */
const SLOW_READ_MS = 2
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** After so long without a slow one the disk counts as recovered. */
const RECOVERED_MS = 60_000

/**
 * Whether the system does with its memory alone what it is asked: takes writes, as it does until that is full or the disk is behind; gives what was read or
 * written lately. While it does, the loop may ask by itself; after it had to wait, other threads have to for a while, longer each time.
 */
export class Pace {
  readonly #now: () => number
  readonly #slowMs: number
  #quickFromMs = -Infinity
  #pauseMs = FIRST_PAUSE_MS

  constructor(now: () => number, slowMs: number) {
    this.#now = now
    this.#slowMs = slowMs
  }

  get isQuick(): boolean {
    return this.#now() >= this.#quickFromMs
  }

  /** What was done on the spot took so long. */
  took(ms: number): void {
    if (ms < this.#slowMs) return
    const now = this.#now()
    this.#pauseMs = now - this.#quickFromMs > RECOVERED_MS ? FIRST_PAUSE_MS : Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
    this.#quickFromMs = now + this.#pauseMs
  }
}

/** Of all files of this process: they share the memory, and mostly the disk. */
export const writePace = new Pace(() => performance.now(), SLOW_WRITE_MS)
export const readPace = new Pace(() => performance.now(), SLOW_READ_MS)
