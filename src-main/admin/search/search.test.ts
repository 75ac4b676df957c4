import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AUTO_FORMATS } from '../../contract/formats.ts'
import type { MessageRow, OffsetRange } from '../../contract/messages.ts'
import type { SearchItem } from '../../contract/search.ts'
import type { Clock } from '../../env/env.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import type { SearchOrder } from './ledger.ts'
import { type PredicateQuestion, TooSlow } from './predicate.ts'
import { sameThreadWorkers } from './sameThread.ts'
import { Search, type SearchSource } from './search.ts'
import type { SearchTask } from './searchWorkers.ts'

const stillClock: Clock = { now: () => 0, elapsed: () => 0, after: () => ({ cancel: () => undefined }) }
const task: SearchTask = {
  filter: { kind: 'text', text: 'hit', isCaseSensitive: true, where: ['value'] },
  fromMs: null,
  toMs: null,
  columns: [],
  topic: 'orders',
  formats: AUTO_FORMATS,
  schemas: null,
}

/** A log: for each partition its offsets, and whether what lies there is a hit; undefined where compaction took it. */
type Log = readonly (readonly (boolean | undefined)[])[]

const hitsOf = (log: Log, partition: number, { from, to }: { from: number; to: number }) =>
  log[partition]!.flatMap((isHit, offset) => (isHit === true && offset >= from && offset < to ? [offset] : []))

/** Gives batches of so many offsets, so many of them at once: from either end. */
const sourceOf =
  (log: Log, { perBatch, perPiece }: { readonly perBatch: number; readonly perPiece: number }): SearchSource =>
  async feed => {
    for (const { partition, from, to } of feed.bounds) {
      const pieces: [number, number][] = []
      for (let at = from; at < to; at += perPiece) pieces.push([at, Math.min(to, at + perPiece)])
      if (feed.order === 'newestFirst') pieces.reverse()
      for (const [first, end] of pieces) {
        await feed.room()
        if (feed.signal.aborted) return
        const batches: Buffer[] = []
        for (let at = Math.floor(first / perBatch) * perBatch; at < end; at += perBatch) {
          const records = log[partition]!.slice(at, at + perBatch).flatMap((isHit, offsetDelta) =>
            isHit === undefined ? [] : [{ key: null, value: Buffer.from(isHit ? 'a hit' : 'no'), timestamp: 7, offsetDelta }],
          )
          if (records.length > 0) batches.push(buildBatch({ baseOffset: at, records, lastOffsetDelta: perBatch - 1 }))
        }
        const bytes = Buffer.concat(batches)
        if (bytes.length === 0) feed.skip({ partition, from: first, to: end })
        else feed.scanBytes(bytes, [{ partition, from: first, to: end, at: 0, length: bytes.length }])
      }
    }
  }

interface Given {
  readonly log: Log
  readonly bounds: readonly OffsetRange[]
  readonly order: SearchOrder
  readonly maxHits: number | null
  readonly perBatch: number
  readonly perPiece: number
}

async function run({ log, bounds, order, maxHits, ...size }: Given) {
  const items: SearchItem[] = []
  const search = new Search(
    stillClock,
    sameThreadWorkers(),
    { task, bounds, order, maxHits, source: sourceOf(log, size), workers: 2 },
    new AbortController().signal,
  )
  for await (const item of search.items()) items.push(item)
  const rows = items.flatMap((item): MessageRow[] => (item.type === 'hits' ? item.rows : []))
  const end = items.at(-1)
  if (end?.type !== 'ended') throw new Error('it did not end')
  return { rows, end }
}

const log = fc.array(
  fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 2, arbitrary: fc.constant(true) }, fc.constant(undefined)), {
    maxLength: 40,
  }),
  { minLength: 1, maxLength: 3 },
)
const sizes = fc.record({ perBatch: fc.integer({ min: 1, max: 7 }), perPiece: fc.integer({ min: 1, max: 15 }) })
const order = fc.constantFrom<SearchOrder>('newestFirst', 'oldestFirst')
const whole = (given: Log): OffsetRange[] =>
  given.flatMap((all, partition) => (all.length === 0 ? [] : [{ partition, from: 0, to: all.length }]))

describe('a search', () => {
  it('finds every hit once, in its order within a partition', async () => {
    await fc.assert(
      fc.asyncProperty(log, sizes, order, async (given, size, direction) => {
        const { rows, end } = await run({ log: given, bounds: whole(given), order: direction, maxHits: null, ...size })
        for (const partition of given.keys()) {
          const offsets = rows.filter(row => row.partition === partition).map(({ offset }) => offset)
          const all = hitsOf(given, partition, { from: 0, to: Infinity })
          expect(offsets).toEqual(direction === 'oldestFirst' ? all : all.toReversed())
        }
        expect(end).toMatchObject({ why: 'completed', remaining: [], progress: { hits: rows.length, failures: 0 } })
        for (const { from, to, done } of end.progress.partitions) expect(done).toBe(to - from)
      }),
      { numRuns: 200 },
    )
  })

  it('that found enough goes on in what remains, and loses and repeats nothing', async () => {
    await fc.assert(
      fc.asyncProperty(log, sizes, order, fc.integer({ min: 1, max: 9 }), async (given, size, direction, maxHits) => {
        const offsets = given.map((): number[] => [])
        let bounds: readonly OffsetRange[] = whole(given)
        for (let turns = 0; bounds.length > 0; turns++) {
          const { rows, end } = await run({ log: given, bounds, order: direction, maxHits, ...size })
          for (const { partition, offset } of rows) offsets[partition]!.push(offset)
          expect(rows.length).toBeLessThanOrEqual(maxHits)
          if (end.why === 'enough') expect(rows).toHaveLength(maxHits)
          else expect(end).toMatchObject({ why: 'completed', remaining: [] })
          for (const { partition, from, to, done } of end.progress.partitions) {
            const left = end.remaining.filter(range => range.partition === partition && range.from >= from && range.to <= to)
            expect(done + left.reduce((sum, range) => sum + range.to - range.from, 0)).toBe(to - from)
          }
          bounds = end.remaining
          expect(turns).toBeLessThan(200)
        }
        for (const partition of given.keys()) {
          const all = hitsOf(given, partition, { from: 0, to: Infinity })
          expect(offsets[partition]).toEqual(direction === 'oldestFirst' ? all : all.toReversed())
        }
      }),
      { numRuns: 200 },
    )
  })

  it('looks at nothing outside its bounds, several of one partition included', async () => {
    const bounds = [
      { partition: 0, from: 3, to: 5 },
      { partition: 0, from: 9, to: 12 },
    ]
    const given = { log: [Array.from({ length: 20 }, () => true)], bounds, maxHits: null, perBatch: 4, perPiece: 3 }
    const { rows, end } = await run({ ...given, order: 'oldestFirst' })
    expect(rows.map(({ offset }) => offset)).toEqual([3, 4, 9, 10, 11])
    expect(end.progress.records).toBe(5)
  })

  it('stops when nobody listens any more', async () => {
    const stop = new AbortController()
    const source = sourceOf([Array.from({ length: 40 }, () => true)], { perBatch: 1, perPiece: 1 })
    const options = { task, bounds: [{ partition: 0, from: 0, to: 40 }], order: 'oldestFirst', maxHits: null, source, workers: 1 } as const
    const items: SearchItem[] = []
    for await (const item of new Search(stillClock, sameThreadWorkers(), options, stop.signal).items()) {
      items.push(item)
      stop.abort()
    }
    expect(items).toHaveLength(1)
  })

  it('ends where the filter is too slow, and says what remains', async () => {
    const openSandbox = () => ({
      ask: ({ numbers, records }: PredicateQuestion) => {
        if (numbers[0] === 5) throw new TooSlow()
        return { verdicts: 'y'.repeat(records), problem: null }
      },
    })
    const source = sourceOf([Array.from({ length: 9 }, () => true)], { perBatch: 1, perPiece: 1 })
    const options = {
      task: { ...task, filter: { kind: 'predicate', source: '' } },
      bounds: [{ partition: 0, from: 0, to: 9 }],
      order: 'oldestFirst',
      maxHits: null,
      source,
      workers: 1,
    } as const
    const items: SearchItem[] = []
    const workers = sameThreadWorkers({ parallelism: 1, openSandbox })
    for await (const item of new Search(stillClock, workers, options, new AbortController().signal).items()) items.push(item)
    expect(items.flatMap(item => (item.type === 'hits' ? item.rows.map(({ offset }) => offset) : []))).toEqual([0, 1, 2, 3, 4])
    expect(items.at(-1)).toMatchObject({ type: 'ended', why: 'tooSlow', remaining: [{ partition: 0, from: 5, to: 9 }] })
  })
})
