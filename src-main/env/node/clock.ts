import type { Clock } from '../env.ts'

/** Beyond this `setTimeout` would fire at once. */
const LONGEST_MS = 2 ** 31 - 1

export const nodeClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, run) {
    const due = performance.now() + delayMs
    let timer = arm(delayMs)

    function arm(ms: number): NodeJS.Timeout {
      return setTimeout(ring, Math.min(LONGEST_MS, Math.ceil(ms))).unref()
    }
    function ring(): void {
      // Node counts whole milliseconds from the start of the turn, so that it may be a fraction early.
      const left = due - performance.now()
      if (left > 0) timer = arm(left)
      else run()
    }
    return {
      cancel() {
        clearTimeout(timer)
      },
    }
  },
}
