import { expect, it } from 'vitest'
import { Pace } from './pace.ts'

it('lets the loop do it by itself until that took long, and then not for a while, longer each time', () => {
  let now = 0
  const pace = new Pace(() => now, 8)
  const pauseAfter = (ms: number) => {
    pace.took(ms)
    const begunAt = now
    while (!pace.isQuick) now += 100
    return now - begunAt
  }
  expect(pauseAfter(7)).toBe(0)
  expect([10, 10, 10, 10, 10, 10, 10].map(pauseAfter)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  now += 60_001
  expect(pauseAfter(10)).toBe(1_000)
})
