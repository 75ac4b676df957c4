import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MessageRow } from '../../../../src-main/contract/messages.ts'
import type { SearchItem, SearchProgress } from '../../../../src-main/contract/search.ts'
import { HITS_KEPT, lengthOf, mergeHits, paceOf, rangesBehindKept, resumed, startRun, taken, type SearchQuery } from './searchRun.ts'

const aRow = (partition: number, offset: number, timestampMs = offset): MessageRow => ({
  partition,
  offset,
  timestampMs,
  timestampType: 'CreateTime',
  key: null,
  value: null,
  headerCount: 0,
  columns: [],
})
const aQuery = (changes: Partial<SearchQuery> = {}): SearchQuery => ({
  filter: { kind: 'text', text: 'x', isCaseSensitive: false, where: ['value'] },
  ranges: null,
  fromMs: null,
  toMs: null,
  order: 'newestFirst',
  maxHits: null,
  source: 'brokers',
  ...changes,
})
const progress = (partitions: SearchProgress['partitions'], changes: Partial<SearchProgress> = {}): SearchProgress => ({
  partitions,
  records: 0,
  bytes: 0,
  hits: 0,
  failures: 0,
  firstFailure: null,
  elapsedMs: 0,
  ...changes,
})
const told = (partitions: SearchProgress['partitions'], changes: Partial<SearchProgress> = {}): SearchItem => ({
  type: 'progress',
  progress: progress(partitions, changes),
})

describe('a search', () => {
  it.each([
    { order: 'newestFirst' as const, left: [{ partition: 0, from: 10, to: 70 }] },
    { order: 'oldestFirst' as const, left: [{ partition: 0, from: 50, to: 110 }] },
  ])('that is cancelled $order goes on with what it had not seen', ({ order, left }) => {
    const run = taken(startRun(aQuery({ order })), told([{ partition: 0, from: 10, to: 110, done: 40 }]))
    expect(run.left).toEqual(left)
    expect(resumed(run).query.ranges).toEqual(left)
  })

  it('that found enough goes on with what the host says remains', () => {
    const remaining = [{ partition: 0, from: 0, to: 33 }]
    const done = progress([{ partition: 0, from: 0, to: 100, done: 60 }])
    const run = taken(startRun(aQuery()), { type: 'ended', why: 'enough', progress: done, remaining })
    expect([run.state, run.why, resumed(run).query.ranges]).toEqual(['ended', 'enough', remaining])
  })

  it('adds up what its parts have seen, and keeps the bounds of the first', () => {
    const first = taken(
      startRun(aQuery()),
      told([{ partition: 0, from: 0, to: 100, done: 40 }], { records: 40, failures: 1, firstFailure: 'it threw' }),
    )
    const second = taken(
      resumed(first),
      told([{ partition: 0, from: 0, to: 60, done: 10 }], { records: 10, failures: 2, firstFailure: 'again' }),
    )
    expect(second.sums).toMatchObject({ records: 50, failures: 3, firstFailure: 'it threw' })
    expect([lengthOf(second.bounds), lengthOf(second.left)]).toEqual([100, 50])
  })

  it('tells its pace by the last seconds, and how long the rest takes', () => {
    const at = (elapsedMs: number, done: number) => told([{ partition: 0, from: 0, to: 100_000, done }], { elapsedMs, records: done })
    let run = taken(startRun(aQuery()), at(0, 0))
    run = taken(run, at(20_000, 80_000))
    run = taken(run, at(22_000, 82_000))
    expect(paceOf(run)).toEqual({ recordsPerSecond: 1_000, leftMs: 18_000 })
  })

  it('keeps so many hits, counts the others, and knows where they are', () => {
    const rows = Array.from({ length: HITS_KEPT + 3 }, (_, i) => aRow(0, 100_000 - i))
    let run = taken(startRun(aQuery()), { type: 'hits', rows })
    run = taken(run, {
      type: 'ended',
      why: 'completed',
      progress: progress([{ partition: 0, from: 0, to: 200_000, done: 200_000 }]),
      remaining: [],
    })
    expect([run.hits.length, run.notKeptCount]).toEqual([HITS_KEPT, 3])
    expect(rangesBehindKept(run)).toEqual([{ partition: 0, from: 0, to: 100_000 - HITS_KEPT + 1 }])
  })
})

describe('hits', () => {
  const rows = fc.array(
    fc.record({ partition: fc.nat(3), offset: fc.nat(40) }).map(({ partition, offset }) => aRow(partition, offset, (offset * 7) % 5)),
    { maxLength: 60 },
  )

  it('stand by time, each once, however often and in whatever pieces they come', () => {
    fc.assert(
      fc.property(rows, rows, fc.constantFrom('newestFirst' as const, 'oldestFirst' as const), (some, more, order) => {
        const merged = mergeHits(mergeHits([], some, order), more, order)
        const names = merged.map(row => `${row.partition}/${row.offset}`)
        expect(new Set(names)).toEqual(new Set([...some, ...more].map(row => `${row.partition}/${row.offset}`)))
        expect(names).toHaveLength(new Set(names).size)
        const times = merged.map(row => row.timestampMs)
        expect(times).toEqual(times.toSorted((a, b) => (order === 'oldestFirst' ? a - b : b - a)))
      }),
    )
  })
})
