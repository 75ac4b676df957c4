import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolutionOf, surplus } from './thinning.ts'

const HOUR = 3_600_000
const WEEK = 7 * 24 * HOUR
const NOW = 1_800_000_000_000
const left = (times: readonly number[], nowMs: number) => {
  const gone = new Set(surplus(times, nowMs))
  return times.filter(atMs => !gone.has(atMs))
}

describe('thinning out', () => {
  it('leaves ten seconds for an hour, a minute for a day, ten minutes for a week', () => {
    const all = Array.from({ length: (8 * 24 * HOUR) / 10_000 }, (_, index) => NOW - index * 10_000).reverse()
    const kept = left(all, NOW)
    const between = (fromMs: number, toMs: number) => kept.filter(atMs => NOW - atMs >= fromMs && NOW - atMs < toMs).length
    expect(between(0, HOUR)).toBe(360)
    expect(between(HOUR, 24 * HOUR)).toBeCloseTo(23 * 60, -1)
    expect(between(24 * HOUR, WEEK)).toBeCloseTo(6 * 24 * 6, -1)
    expect(between(WEEK + 1, Infinity)).toBe(0)
  })

  it('never takes the newest, unless it is too old for anything', () => {
    expect(surplus([NOW - 2 * HOUR], NOW)).toEqual([])
    expect(surplus([NOW - WEEK - 1], NOW)).toEqual([NOW - WEEK - 1])
  })

  it('comes to the same whether it is done often or once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900_000 }), { maxLength: 300 }), steps => {
        let kept: number[] = []
        let atMs = NOW
        const all: number[] = []
        for (const step of steps) {
          atMs += step
          all.push(atMs)
          kept = left([...kept, atMs], atMs)
        }
        const once = left(all, atMs)
        expect(kept.filter(each => !once.includes(each))).toEqual([])
        // Of each step that is whole, one is left.
        const gaps = once.filter(each => !kept.includes(each))
        expect(gaps).toEqual([])
      }),
    )
  })

  it('knows how coarse it is at any age', () => {
    expect([0, HOUR + 1, 25 * HOUR, WEEK + 1].map(resolutionOf)).toEqual([10_000, 60_000, 600_000, undefined])
  })
})
