import type { Clock } from '../env/env.ts'

/** Lets a loop wait until it is time, or until there is a reason to look earlier. */
export class Sleep {
  readonly #clock: Clock
  readonly #sleepers = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves after `delayMs`, or at the next `wake`. Infinity waits for that alone. */
  for(delayMs: number): Promise<void> {
    return new Promise(resolve => {
      const timer = delayMs < Infinity ? this.#clock.after(delayMs, () => wake()) : undefined
      const wake = () => {
        timer?.cancel()
        this.#sleepers.delete(wake)
        resolve()
      }
      this.#sleepers.add(wake)
    })
  }

  wake(): void {
    for (const wake of [...this.#sleepers]) wake()
  }
}
