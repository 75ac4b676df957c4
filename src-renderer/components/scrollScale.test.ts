import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scrollScale, TALLEST_PX } from './scrollScale.ts'

describe('a scroll bar', () => {
  it('is left alone while the content fits an element', () => {
    const scale = scrollScale({ content: 1_000_000, viewport: 600 })
    expect([scale.isScaled, scale.spacer, scale.toContent(1234)]).toEqual([false, 1_000_000, 1234])
  })

  it('reaches the first and the last row of any length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_000_000_000 }), fc.integer({ min: 28, max: 2000 }), (rows, viewport) => {
        const scale = scrollScale({ content: rows * 28, viewport })
        expect(scale.spacer).toBeLessThanOrEqual(TALLEST_PX)
        expect(scale.toContent(0)).toBe(0)
        if (scale.spacer > viewport) expect(scale.toContent(scale.spacer - viewport)).toBeCloseTo(rows * 28 - viewport, 0)
      }),
    )
  })

  it('comes back to where it was', () => {
    const scale = scrollScale({ content: 27_000_000 * 28, viewport: 600 })
    expect(scale.toContent(scale.toScroll(123_456_789))).toBeCloseTo(123_456_789, 3)
  })
})
