import type { Clock } from '../../env/env.ts'

/** What a pause after each piece of work costs at most: a debt smaller than this is carried on rather than slept off. */
const SHORTEST_SLEEP_MS = 2

/**
 * Holds reads and writes that nobody waits for to so many bytes a second, over all who share it, and lets everybody else go first after each
 * piece of work, limited or not.
 */
export class Throttle {
  readonly #clock: Clock
  #bytesPerSecond: number
  /** When, in `elapsed` time, what was spent so far is paid for. */
  #paidAtMs = 0

  constructor(clock: Clock, bytesPerSecond: number = Infinity) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
  }

  set bytesPerSecond(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond
  }

  /**
   * Resolves when it is time to go on, or to stop, never in the same turn. What was saved up while nothing was done does not count.
   */
  async spend(bytes: number, signal?: AbortSignal): Promise<void> {
    const nowMs = this.#clock.elapsed()
    this.#paidAtMs = Math.max(this.#paidAtMs, nowMs) + (bytes / this.#bytesPerSecond) * 1000
    const dueInMs = this.#paidAtMs - nowMs
    if (signal?.aborted === true) return
    await new Promise<void>(resolve => {
      const goOn = () => {
        timer.cancel()
        signal?.removeEventListener('abort', goOn)
        resolve()
      }
      const timer = this.#clock.after(dueInMs < SHORTEST_SLEEP_MS ? 0 : dueInMs, goOn)
      signal?.addEventListener('abort', goOn)
    })
  }
}
