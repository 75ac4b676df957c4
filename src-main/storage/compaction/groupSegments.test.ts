import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupSegments } from './groupSegments.ts'

const segment = (baseOffset: number, sizeInBytes: number, indexBytes = 8, timeIndexBytes = 12) => ({
  baseOffset,
  sizeInBytes,
  indexBytes,
  timeIndexBytes,
})
const limits = { segmentBytes: 1000, segmentIndexBytes: 100, end: 1_000_000 }
const bases = (groups: { baseOffset: number }[][]) => groups.map(group => group.map(({ baseOffset }) => baseOffset))

describe('grouping segments that become one', () => {
  it('puts neighbours together as long as they fit by what they take now', () => {
    const groups = groupSegments([segment(0, 600), segment(10, 400), segment(20, 1), segment(30, 999), segment(40, 1)], limits)
    expect(bases(groups)).toEqual([[0, 10], [20, 30], [40]])
  })

  it('keeps a segment alone that is too large for itself', () => {
    expect(bases(groupSegments([segment(0, 5000), segment(10, 1), segment(20, 1)], limits))).toEqual([[0], [10, 20]])
  })

  it('minds the size of each index', () => {
    expect(bases(groupSegments([segment(0, 1, 60, 0), segment(10, 1, 40, 0), segment(20, 1, 1, 0)], limits))).toEqual([[0, 10], [20]])
    expect(bases(groupSegments([segment(0, 1, 0, 60), segment(10, 1, 0, 41)], limits))).toEqual([[0], [10]])
  })

  it('lets no offset get further from the base than an index entry can say', () => {
    const far = 2 ** 31
    expect(bases(groupSegments([segment(0, 1), segment(100, 1)], { ...limits, end: far }))).toEqual([[0, 100]])
    expect(bases(groupSegments([segment(0, 1), segment(100, 1)], { ...limits, end: far + 1 }))).toEqual([[0], [100]])
    expect(bases(groupSegments([segment(0, 1), segment(100, 1), segment(far, 1)], { ...limits, end: far + 10 }))).toEqual([[0, 100], [far]])
  })

  it('swallows empty segments however far they are', () => {
    expect(bases(groupSegments([segment(0, 1), segment(2 ** 40, 0), segment(2 ** 41, 0)], { ...limits, end: 2 ** 42 }))).toEqual([
      [0, 2 ** 40, 2 ** 41],
    ])
  })

  it('has nothing to group in an empty log', () => {
    expect(groupSegments([], limits)).toEqual([])
  })

  it('never loses, repeats or reorders one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1200), fc.nat(120), fc.nat(120))), sizes => {
        const segments = sizes.map(([size, index, timeIndex], at) => segment(at * 10, size, index, timeIndex))
        expect(groupSegments(segments, limits).flat()).toEqual(segments)
      }),
    )
  })
})
