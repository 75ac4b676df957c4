import type { Clock, Random } from '../env/env.ts'
import { isTransient } from './kafkaError.ts'

/** A point in time by which something has to be done. */
export class Deadline {
  readonly #clock: Clock
  readonly #at: number

  constructor(clock: Clock, afterMs: number) {
    this.#clock = clock
    this.#at = clock.elapsed() + afterMs
  }

  get remainingMs(): number {
    return Math.max(0, this.#at - this.#clock.elapsed())
  }

  get isOver(): boolean {
    return this.remainingMs === 0
  }
}

/** Resolves after `ms`, or as soon as the signal aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const finish = () => {
      timer.cancel()
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = clock.after(ms, finish)
    signal?.addEventListener('abort', finish, { once: true })
  })
}

const FIRST_BACKOFF_MS = 40
const MAX_BACKOFF_MS = 500

/** How long to wait before the next try when `failures` have been: doubling, and never two clients in step. */
export function backoffMs(random: Random, failures: number): number {
  const full = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10))
  return full / 2 + random.below(full / 2)
}

/**
 * Tries until it works, fails for good, or the deadline leaves no time for another try; throws the last failure. `again` is told of each failure
 * that is followed by another try: there what was believed of the cluster can be forgotten.
 */
export async function retrying<T>(
  env: { readonly clock: Clock; readonly random: Random },
  deadline: Deadline,
  attempt: (failures: number) => Promise<T>,
  again: (problem: unknown) => void = () => {},
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt(failures)
    } catch (problem) {
      const pauseMs = backoffMs(env.random, failures)
      if (!isTransient(problem) || pauseMs >= deadline.remainingMs) throw problem
      again(problem)
      await sleep(env.clock, pauseMs)
    }
  }
}
