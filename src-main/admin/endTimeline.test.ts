import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EndTimeline } from './endTimeline.ts'

const aTimeline = (...points: readonly (readonly [atMs: number, end: number])[]) => {
  const timeline = new EndTimeline()
  for (const [atMs, end] of points) timeline.saw(end, atMs)
  return timeline
}

describe('when a record arrived', () => {
  it('is in proportion between two looks', () => {
    const timeline = aTimeline([0, 100], [10_000, 200])
    expect(timeline.arrivalOf(100)).toBe(0)
    expect(timeline.arrivalOf(150)).toBe(5_000)
    expect(timeline.arrivalOf(199)).toBe(9_900)
  })

  it('is after the last look that did not see it, however long nothing had come', () => {
    expect(aTimeline([0, 100], [10_000, 100], [500_000, 100], [510_000, 110]).arrivalOf(100)).toBe(500_000)
  })

  it('is not known of what was there before, or is not there yet', () => {
    const timeline = aTimeline([0, 100], [10_000, 200])
    expect(timeline.arrivalOf(99)).toBeUndefined()
    expect(timeline.arrivalOf(200)).toBeUndefined()
    expect(new EndTimeline().arrivalOf(0)).toBeUndefined()
  })

  it('is of the log as it is now when it was cut or made anew', () => {
    const timeline = aTimeline([0, 100], [10_000, 200], [20_000, 50], [30_000, 60])
    expect(timeline.arrivalOf(55)).toBe(25_000)
    expect(timeline.arrivalOf(150)).toBeUndefined()
  })

  it('is known further back once what was noted down is remembered', () => {
    const timeline = aTimeline([100_000, 300], [110_000, 400])
    timeline.remember([
      { end: 100, atMs: 0 },
      { end: 200, atMs: 50_000 },
      { end: 9_999, atMs: 105_000 },
    ])
    expect(timeline.arrivalOf(150)).toBe(25_000)
    expect(timeline.arrivalOf(250)).toBe(75_000)
    expect(timeline.arrivalOf(350)).toBe(105_000)
  })

  it('stays within an eighth of its age, however long one looks', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 200, maxLength: 1_500 }), fc.nat(), (steps, pick) => {
        const timeline = new EndTimeline()
        const arrivals: number[] = []
        let end = 0
        for (const [index, more] of steps.entries()) {
          for (let n = 0; n < more; n++) arrivals.push(index * 10_000)
          timeline.saw((end += more), index * 10_000)
        }
        const nowMs = (steps.length - 1) * 10_000
        const offset = end === 0 ? 0 : pick % end
        const told = timeline.arrivalOf(offset)
        if (told === undefined) return offset < steps[0]! || end === 0
        const truth = arrivals[offset]!
        // A look sees what came in the ten seconds before it.
        return Math.abs(told - truth) <= 10_000 + (nowMs - Math.min(told, truth)) / 7
      }),
    )
  })
})
