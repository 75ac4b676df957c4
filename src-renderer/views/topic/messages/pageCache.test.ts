import { describe, expect, it } from 'vitest'
import type { MessageRow } from '../../../../src-main/contract/messages.ts'
import { PageCache, READ_LIMIT } from './pageCache.ts'

const aRow = (partition: number, offset: number): MessageRow => ({
  partition,
  offset,
  timestampMs: 0,
  timestampType: 'CreateTime',
  key: null,
  value: null,
  headerCount: 0,
  columns: [],
})
const extents = [
  { partition: 0, start: 3, end: 250 },
  { partition: 1, start: 0, end: 10_000 },
]

describe('the pages of a topic', () => {
  it('are read whole, but not outside the extent', () => {
    const cache = new PageCache({ pageLength: 100, capacity: 10 })
    expect(
      cache.missing(
        [
          { partition: 0, offset: 5 },
          { partition: 0, offset: 6 },
          { partition: 0, offset: 240 },
        ],
        extents,
      ),
    ).toEqual([
      { partition: 0, from: 3, to: 100 },
      { partition: 0, from: 200, to: 250 },
    ])
  })

  it('tell an offset without a record from one that was not read', () => {
    const cache = new PageCache({ pageLength: 100, capacity: 10 })
    cache.put([{ partition: 0, from: 3, to: 100 }], [aRow(0, 4)])
    expect(cache.find({ partition: 0, offset: 4 })).toEqual(aRow(0, 4))
    expect(cache.find({ partition: 0, offset: 5 })).toBeNull()
    expect(cache.find({ partition: 0, offset: 100 })).toBeUndefined()
  })

  it('tell all that they know', () => {
    const cache = new PageCache({ pageLength: 100, capacity: 10 })
    cache.put([{ partition: 0, from: 3, to: 6 }], [aRow(0, 4)])
    cache.put([{ partition: 1, from: 0, to: 1 }], [aRow(1, 0)])
    expect(cache.known()).toEqual({
      records: [
        { partition: 0, from: 4, to: 5 },
        { partition: 1, from: 0, to: 1 },
      ],
      empty: [
        { partition: 0, from: 3, to: 4 },
        { partition: 0, from: 5, to: 6 },
      ],
    })
  })

  it('are read again where the log has grown', () => {
    const cache = new PageCache({ pageLength: 100, capacity: 10 })
    cache.put([{ partition: 0, from: 200, to: 250 }], [])
    const grown = [{ partition: 0, start: 3, end: 260 }]
    expect(cache.missing([{ partition: 0, offset: 255 }], grown)).toEqual([{ partition: 0, from: 200, to: 260 }])
  })

  it('are asked for in answers of bounded size', () => {
    const cache = new PageCache({ pageLength: 100, capacity: 100 })
    const places = Array.from({ length: 40 }, (_, i) => ({ partition: 1, offset: i * 100 }))
    const asked = cache.missing(places, extents).reduce((sum, range) => sum + range.to - range.from, 0)
    expect(asked).toBeLessThanOrEqual(READ_LIMIT)
    expect(asked).toBeGreaterThan(0)
  })

  it('are forgotten, oldest first', () => {
    const cache = new PageCache({ pageLength: 100, capacity: 2 })
    for (const from of [0, 100, 200]) cache.put([{ partition: 1, from, to: from + 100 }], [])
    expect([0, 100, 200].map(offset => cache.find({ partition: 1, offset }))).toEqual([undefined, null, null])
  })
})
