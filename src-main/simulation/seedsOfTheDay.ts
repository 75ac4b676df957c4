import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** As a number: 20261122. */
    readonly day: number
  }
}

/**
 * So many seeds, other ones every day: what is searched grows without anybody doing anything. A test has its seed in its name; to have the seeds of
 * another day again, set `TRILOG_DAY`.
 */
export function seedsOfTheDay(count: number): number[] {
  return Array.from({ length: count }, (_, index) => inject('day') * 1_000 + index)
}
