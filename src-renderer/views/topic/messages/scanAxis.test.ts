import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketsOf, offsetAxis, timeAxis, timeEdges } from './scanAxis.ts'

const row = (partition: number, offset: number) => ({
  partition,
  offset,
  timestampMs: 0,
  timestampType: 'CreateTime' as const,
  key: null,
  value: null,
  headerCount: 0,
  columns: [],
})

describe('the picture of a search', () => {
  it('holds every offset and every hit once, by offset or by time, even where timestamps run backwards', () => {
    const parts = fc.array(fc.record({ from: fc.nat(100), length: fc.integer({ min: 1, max: 500 }) }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(
        parts,
        fc.array(fc.array(fc.nat(700), { minLength: 4, maxLength: 4 }), { minLength: 2, maxLength: 9 }),
        (lengths, found) => {
          const bounds = lengths.map(({ from, length }, partition) => ({ partition, from, to: from + length }))
          const hits = bounds.flatMap(({ partition, from, to }) => [row(partition, from), row(partition, to - 1)])
          const asked = found.map(offsets => new Map(bounds.map(({ partition }) => [partition, offsets[partition] ?? 0])))
          for (const axis of [
            offsetAxis(bounds),
            timeAxis(
              bounds,
              found.map((_, i) => i),
              asked,
            ),
          ]) {
            const buckets = bucketsOf(axis, { bounds, left: [], hits })
            expect(buckets.reduce((sum, each) => sum + each.offsets, 0)).toBe(bounds.reduce((sum, { from, to }) => sum + to - from, 0))
            expect(buckets.reduce((sum, each) => sum + each.hits, 0)).toBe(hits.length)
          }
        },
      ),
    )
  })

  it('says which part was scanned', () => {
    const bounds = [{ partition: 0, from: 0, to: 960 }]
    const buckets = bucketsOf(offsetAxis(bounds), { bounds, left: [{ partition: 0, from: 0, to: 485 }], hits: [] })
    expect([buckets[47]!.scanned, buckets[48]!.scanned, buckets[49]!.scanned]).toEqual([0, 0.5, 1])
  })

  it('has edges at times a person would choose', () => {
    const { stepMs, timesMs } = timeEdges(Date.UTC(2026, 0, 31, 12, 32, 17), Date.UTC(2026, 0, 31, 14, 32, 5))
    expect(stepMs).toBe(120_000)
    expect(timesMs[0]).toBe(Date.UTC(2026, 0, 31, 12, 32))
    expect(timesMs.at(-1)).toBe(Date.UTC(2026, 0, 31, 14, 34))
  })
})
