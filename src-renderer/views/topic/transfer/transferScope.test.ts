import { describe, expect, it } from 'vitest'
import { AUTO_FORMATS } from '../../../../src-main/contract/formats.ts'
import type { SearchFilter } from '../../../../src-main/contract/search.ts'
import { OffsetSet } from '../../../stores/offsetSet.ts'
import { NO_MARKS } from '../../../stores/marks.ts'
import { emptyForm } from '../messages/searchForm.ts'
import { startRun } from '../messages/searchRun.ts'
import { exportName, scopesOf, type ScreenState } from './transferScope.ts'

const extents = [
  { partition: 0, start: 10, end: 100 },
  { partition: 1, start: 0, end: 50 },
]
const screen: ScreenState = {
  topic: 'shop',
  run: null,
  form: emptyForm(),
  chosen: null,
  extents,
  order: 'newest',
  formats: AUTO_FORMATS,
  place: null,
  marks: NO_MARKS,
}
const filter: SearchFilter = { kind: 'text', text: 'x', isCaseSensitive: false, where: ['value'] }

describe('what can be exported from the messages screen', () => {
  it('is the whole topic when nothing is set', () => {
    expect(scopesOf(screen)).toEqual([
      { name: 'all', selection: { topic: 'shop', filter: null, ranges: null, fromMs: null, toMs: null }, hits: 0, isCounted: false },
    ])
  })

  it('is what the bounds leave of the chosen partitions', () => {
    const form = { ...emptyForm(), bounds: 'offsets' as const, from: '20', to: '30' }
    expect(scopesOf({ ...screen, form, chosen: [0] })[0]?.selection.ranges).toEqual([{ partition: 0, from: 20, to: 30 }])
  })

  it('is first of all the hits of a search, within the bounds that it began with', () => {
    const query = {
      filter,
      ranges: null,
      fromMs: 5,
      toMs: null,
      order: 'newestFirst',
      maxHits: 100,
      source: 'brokers',
    } as const
    const run = { ...startRun(query), bounds: [{ partition: 0, from: 10, to: 90 }] }
    expect(scopesOf({ ...screen, run })[0]).toEqual({
      name: 'hits',
      selection: { topic: 'shop', filter, fromMs: 5, toMs: null, ranges: [{ partition: 0, from: 10, to: 90 }], formats: AUTO_FORMATS },
      hits: 0,
      isCounted: false,
    })
    expect(scopesOf({ ...screen, run: { ...run, state: 'ended', why: 'completed' } })[0]?.isCounted).toBe(true)
  })

  it('is before all else what was marked by hand, and no filter or bound says otherwise', () => {
    const all = OffsetSet.none.with([
      { partition: 1, from: 7, to: 8 },
      { partition: 0, from: 12, to: 14 },
    ])
    const marks = { all, unseen: OffsetSet.none }
    expect(scopesOf({ ...screen, marks, form: { ...emptyForm(), bounds: 'offsets', from: '20', to: '30' } })[0]).toEqual({
      name: 'marked',
      selection: {
        topic: 'shop',
        filter: null,
        ranges: [
          { partition: 0, from: 12, to: 14 },
          { partition: 1, from: 7, to: 8 },
        ],
        isPicked: true,
        fromMs: null,
        toMs: null,
      },
      hits: 3,
      isCounted: true,
    })
    expect(scopesOf({ ...screen, marks: { all, unseen: all } })[0]?.isCounted).toBe(false)
  })

  it('is also the open record', () => {
    expect(scopesOf({ ...screen, place: { partition: 1, offset: 7 } }).at(-1)).toMatchObject({
      name: 'record',
      selection: { ranges: [{ partition: 1, from: 7, to: 8 }] },
    })
  })
})

it('an export has the time in its name', () => {
  expect(exportName('shop', 'csv', new Date(Date.UTC(2026, 0, 31, 12, 5, 6, 7)))).toBe('shop-20260131-120506.csv')
})
