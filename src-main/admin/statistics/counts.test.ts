import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DistinctCount } from './distinctCount.ts'
import { offsetRuns } from './offsetRuns.ts'
import { SizeCounts } from './sizeCounts.ts'
import { TimeCounts } from './timeCounts.ts'

describe('an estimate of distinct keys', () => {
  it.each([0, 1, 10, 1_000, 40_000, 100_000])('is within four standard errors of %i', keys => {
    const count = new DistinctCount()
    for (let key = 0; key < keys; key++) {
      count.add(Buffer.from(`user-${key}`))
      if (key % 3 === 0) count.add(Buffer.from(`user-${key}`))
    }
    expect(Math.abs(count.estimate - keys)).toBeLessThanOrEqual(keys * 4 * count.error)
    expect(count.error).toBe(keys > 10_000 ? 0.008125 : 0)
  })

  it('is never above how many keys there were', () => {
    const count = new DistinctCount()
    for (let key = 1; key <= 70_000; key++) {
      count.add(Buffer.from(`order-${key}`))
      if (key % 1_000 === 0) expect(count.estimate).toBeLessThanOrEqual(key)
    }
  })
})

describe('counts by size', () => {
  it('put every size into the smallest bucket that holds it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5_000_000 }), { minLength: 1 }), sizes => {
        const counts = new SizeCounts()
        for (const size of sizes) counts.add(size)
        const { buckets, least, most, sum } = counts.histogram
        expect([least, most, sum]).toEqual([Math.min(...sizes), Math.max(...sizes), sizes.reduce((all, size) => all + size, 0)])
        for (const [index, { upTo, count }] of buckets.entries()) {
          const above = buckets[index - 1]?.upTo ?? (upTo === 0 ? -1 : Math.floor(upTo / 2))
          expect(sizes.filter(size => size <= upTo && size > above)).toHaveLength(count)
        }
      }),
    )
  })
})

describe('counts by time', () => {
  it('lose nothing while their buckets widen, and stay few', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 4_000_000_000_000 }), { minLength: 1 }), times => {
        const counts = new TimeCounts()
        for (const time of times) counts.add(time)
        const { counts: buckets, fromMs, stepMs } = counts.times!
        expect(buckets.length).toBeLessThanOrEqual(96)
        for (const [index, count] of buckets.entries()) {
          const from = fromMs + index * stepMs
          expect(times.filter(time => time >= from && time < from + stepMs)).toHaveLength(count)
        }
      }),
    )
  })
})

describe('the runs of a sample', () => {
  const extents = fc.array(fc.tuple(fc.nat({ max: 1_000 }), fc.nat({ max: 50_000 })), { minLength: 1, maxLength: 8 })

  it('lie within the partitions, never overlap, and are about as long as wanted', () => {
    fc.assert(
      fc.property(extents, fc.integer({ min: 1, max: 20_000 }), (given, sample) => {
        const partitions = given.map(([start, size], partition) => ({ partition, start, end: start + size }))
        const all = given.reduce((sum, [, size]) => sum + size, 0)
        const runs = offsetRuns(partitions, sample)
        const read = runs.reduce((sum, { from, to }) => sum + to - from, 0)
        expect(Math.abs(read - Math.min(all, sample))).toBeLessThanOrEqual(partitions.length)
        for (const { partition, start, end } of partitions) {
          let at = start
          for (const run of runs.filter(each => each.partition === partition)) {
            expect(run.from).toBeGreaterThanOrEqual(at)
            expect(run.to).toBeGreaterThan(run.from)
            at = run.to
          }
          expect(at).toBeLessThanOrEqual(end)
        }
      }),
    )
  })
})
