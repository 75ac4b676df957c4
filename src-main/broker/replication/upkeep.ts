import type { Logger } from '../../base/logger.ts'
import type { Clock, Timer } from '../../env/env.ts'

/** Work that is done again and again, each kind at its own pace, and never twice at the same time. A failure is told, and the next time tried again. */
export class Upkeep {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #timers = new Set<Timer>()
  #stopped = false

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  /** First after one period; then each time so long after the end of the last. */
  every(periodMs: number, run: () => Promise<void> | void): void {
    if (this.#stopped) return
    const timer = this.#clock.after(periodMs, () => {
      this.#timers.delete(timer)
      void this.#once(run).then(() => this.every(periodMs, run))
    })
    this.#timers.add(timer)
  }

  async #once(run: () => Promise<void> | void): Promise<void> {
    try {
      await run()
    } catch (error) {
      this.#logger.error('upkeep of the logs failed', { error })
    }
  }

  /** Nothing begins any more; what is under way comes to its end. */
  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) timer.cancel()
  }
}
