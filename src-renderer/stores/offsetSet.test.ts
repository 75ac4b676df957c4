import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OffsetSet } from './offsetSet.ts'

const range = fc
  .record({ partition: fc.nat(2), from: fc.nat(30), length: fc.nat(8) })
  .map(({ partition, from, length }) => ({ partition, from, to: from + length }))
const changes = fc.array(fc.record({ isMore: fc.boolean(), ranges: fc.array(range, { maxLength: 4 }) }), { maxLength: 12 })

describe('a set of offsets', () => {
  it('is what was put in and not taken out, whatever the order', () => {
    fc.assert(
      fc.property(changes, steps => {
        let set = OffsetSet.none
        const plain = new Set<string>()
        for (const { isMore, ranges } of steps) {
          set = isMore ? set.with(ranges) : set.without(ranges)
          for (const { partition, from, to } of ranges) {
            for (let offset = from; offset < to; offset++) {
              if (isMore) plain.add(`${partition}@${offset}`)
              else plain.delete(`${partition}@${offset}`)
            }
          }
        }
        const listed = set
          .ranges()
          .flatMap(({ partition, from, to }) => Array.from({ length: to - from }, (_, i) => `${partition}@${from + i}`))
        expect(new Set(listed)).toEqual(plain)
        expect(listed).toHaveLength(set.size)
        expect(set.ranges()).toHaveLength(set.stretches)
        for (const partition of [0, 1, 2]) {
          for (let offset = 0; offset < 40; offset++) expect(set.has({ partition, offset })).toBe(plain.has(`${partition}@${offset}`))
        }
      }),
    )
  })

  it('of millions in a row costs one stretch', () => {
    const set = OffsetSet.none.with([{ partition: 3, from: 0, to: 12_000_000 }])
    expect([set.size, set.stretches]).toEqual([12_000_000, 1])
    expect(set.without([{ partition: 3, from: 5, to: 6 }]).ranges()).toEqual([
      { partition: 3, from: 0, to: 5 },
      { partition: 3, from: 6, to: 12_000_000 },
    ])
  })
})
