import { expect, it } from 'vitest'
import { LagWindow } from './lagWindow.ts'

const aWindow = (...samples: readonly (readonly [atMs: number, committed: number])[]) => {
  const window = new LagWindow()
  for (const [atMs, committed] of samples) window.take({ atMs, committed, end: 100, hasMembers: true })
  return window
}
const timesOf = (window: LagWindow) => window.samples.map(({ atMs }) => atMs)

it('keeps what is ten seconds apart, and always the newest', () => {
  expect(timesOf(aWindow(...Array.from({ length: 26 }, (_, second) => [second * 1_000, second] as const)))).toEqual([
    0, 10_000, 20_000, 25_000,
  ])
})

it('forgets what no status needs', () => {
  const window = aWindow(...Array.from({ length: 100 }, (_, index) => [index * 10_000, 1] as const))
  expect(timesOf(window)[0]).toBe(880_000)
  expect(window.samples).toHaveLength(12)
})

it('knows since when the committed offset stands still, for longer than it keeps samples', () => {
  expect(aWindow([0, 1], [10_000, 2], [20_000, 2], [900_000, 2]).stillSinceMs).toBe(10_000)
})

it('forgets what seems to be of the future after the clock was set back', () => {
  expect(timesOf(aWindow([0, 1], [50_000, 2], [60_000, 3], [20_000, 4]))).toEqual([0, 20_000])
})
