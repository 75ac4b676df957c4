import type { Clock } from '../env/env.ts'
import type { Life } from './life.ts'
import type { Scheduler } from './scheduler.ts'

/** Where every simulation starts: 2025-01-01T00:00:00Z. */
export const WORLD_BEGINS_MS = 1_735_689_600_000

/** The clock of one life. `skewMs` is what its wall clock shows beyond the others'; durations are the same for all. */
export function simulatedClock(scheduler: Scheduler, life: Life, skewMs: () => number): Clock {
  const label = `timer ${life.node}`
  return {
    now: () => WORLD_BEGINS_MS + Math.floor(scheduler.elapsed + skewMs()),
    elapsed: () => scheduler.elapsed,
    after(delayMs, run) {
      if (!life.alive) return { cancel() {} }
      const event = scheduler.after(life, delayMs, label, run)
      return {
        cancel() {
          scheduler.cancel(event)
        },
      }
    },
  }
}
