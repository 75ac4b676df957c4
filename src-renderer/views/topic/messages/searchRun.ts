import type { MessageRow, OffsetRange } from '../../../../src-main/contract/messages.ts'
import type { SearchEnd, SearchFilter, SearchItem, SearchProgress } from '../../../../src-main/contract/search.ts'

/** Hits the table keeps. More are counted, and the ranges that hold them are known, so that they can be asked for. */
export const HITS_KEPT = 20_000
/** The pace is that of the last seconds: what was cached or skipped before says little about the rest. */
const PACE_WINDOW_MS = 5_000

/** What the host is asked, without where and which columns. */
export interface SearchQuery {
  readonly filter: SearchFilter
  readonly ranges: OffsetRange[] | null
  readonly fromMs: number | null
  readonly toMs: number | null
  readonly order: 'newestFirst' | 'oldestFirst'
  readonly maxHits: number | null
  readonly source: 'brokers' | 'files'
}

/** Sums over a search and all that went on where it had ended. */
interface Sums {
  readonly records: number
  readonly hits: number
  readonly failures: number
  readonly firstFailure: string | null
  readonly elapsedMs: number
}
const NOTHING: Sums = { records: 0, hits: 0, failures: 0, firstFailure: null, elapsedMs: 0 }

/**
 * One search as the screen has it.
 *
 *   running → ended (`why`) | cancelled | failed
 *   ended, cancelled, failed → running again over what is `left`
 */
export interface SearchRun {
  readonly query: SearchQuery
  readonly state: 'running' | 'ended' | 'cancelled' | 'failed'
  readonly why: SearchEnd | null
  readonly failure: unknown
  /** In the order of their timestamps. */
  readonly hits: readonly MessageRow[]
  /** Of hits beyond those kept: per partition the first in the order of the search. */
  readonly notKept: ReadonlyMap<number, number>
  readonly notKeptCount: number
  /** All that is to be scanned, empty until the host has said it; and what of it was not. */
  readonly bounds: readonly OffsetRange[]
  readonly left: readonly OffsetRange[]
  readonly sums: Sums
  /** What was summed up before this part of the search. */
  readonly before: Sums
  readonly samples: readonly { readonly atMs: number; readonly records: number; readonly scanned: number }[]
}

export function startRun(query: SearchQuery): SearchRun {
  return {
    query,
    state: 'running',
    why: null,
    failure: null,
    hits: [],
    notKept: new Map(),
    notKeptCount: 0,
    bounds: [],
    left: [],
    sums: NOTHING,
    before: NOTHING,
    samples: [],
  }
}

/** The same search over what is left. Until the host had said what there is, that is everything. */
export function resumed(run: SearchRun): SearchRun {
  const ranges = run.bounds.length === 0 ? run.query.ranges : [...run.left]
  return { ...run, query: { ...run.query, ranges }, state: 'running', why: null, failure: null, before: run.sums, samples: [] }
}

export function taken(run: SearchRun, item: SearchItem): SearchRun {
  switch (item.type) {
    case 'hits':
      return withHits(run, item.rows)
    case 'progress':
      return withProgress(run, item.progress)
    case 'ended':
      return { ...withProgress(run, item.progress), state: 'ended', why: item.why, left: item.remaining }
  }
}

function withProgress(run: SearchRun, progress: SearchProgress): SearchRun {
  const { before } = run
  const bounds = run.bounds.length > 0 ? run.bounds : progress.partitions.map(({ partition, from, to }) => ({ partition, from, to }))
  const left = leftOf(progress, run.query.order)
  const sums: Sums = {
    records: before.records + progress.records,
    hits: before.hits + progress.hits,
    failures: before.failures + progress.failures,
    firstFailure: before.firstFailure ?? progress.firstFailure,
    elapsedMs: before.elapsedMs + progress.elapsedMs,
  }
  const sample = { atMs: progress.elapsedMs, records: progress.records, scanned: lengthOf(bounds) - lengthOf(left) }
  const young = run.samples.filter(each => each.atMs >= progress.elapsedMs - PACE_WINDOW_MS)
  return { ...run, bounds, left, sums, samples: [...young, sample] }
}

function withHits(run: SearchRun, rows: readonly MessageRow[]): SearchRun {
  const room = Math.max(0, HITS_KEPT - run.hits.length)
  const notKept = new Map(run.notKept)
  const isOldestFirst = run.query.order === 'oldestFirst'
  for (const { partition, offset } of rows.slice(room)) {
    const first = notKept.get(partition) ?? offset
    notKept.set(partition, isOldestFirst ? Math.min(first, offset) : Math.max(first, offset))
  }
  const kept = rows.slice(0, room).map(withoutDoubles)
  const notKeptCount = run.notKeptCount + Math.max(0, rows.length - room)
  return { ...run, hits: mergeHits(run.hits, kept, run.query.order), notKept, notKeptCount }
}

/** Bytes that are in the text as well: a table of many hits need not hold them twice. */
function withoutDoubles(row: MessageRow): MessageRow {
  const slim = (part: MessageRow['key']) => (part === null || part.text === null ? part : { ...part, bytes: NO_BYTES })
  return { ...row, key: slim(row.key), value: slim(row.value) }
}
const NO_BYTES = new Uint8Array()

/** A total order, so that a hit that is found again beside one's cancelled search stands next to itself, and goes. */
const byTime = (a: MessageRow, b: MessageRow) => a.timestampMs - b.timestampMs || a.partition - b.partition || a.offset - b.offset

export function mergeHits(hits: readonly MessageRow[], more: readonly MessageRow[], order: SearchQuery['order']): readonly MessageRow[] {
  if (more.length === 0) return hits
  const sign = order === 'oldestFirst' ? 1 : -1
  const sorted = more.toSorted((a, b) => sign * byTime(a, b))
  const merged: MessageRow[] = []
  let at = 0
  for (const row of sorted) {
    while (at < hits.length && sign * byTime(hits[at]!, row) < 0) merged.push(hits[at++]!)
    const last = merged.at(-1)
    const isThere = (at < hits.length && byTime(hits[at]!, row) === 0) || (last !== undefined && byTime(last, row) === 0)
    if (!isThere) merged.push(row)
  }
  while (at < hits.length) merged.push(hits[at++]!)
  return merged
}

function leftOf({ partitions }: SearchProgress, order: SearchQuery['order']): OffsetRange[] {
  return partitions
    .filter(({ from, to, done }) => done < to - from)
    .map(({ partition, from, to, done }) =>
      order === 'oldestFirst' ? { partition, from: from + done, to } : { partition, from, to: to - done },
    )
}

export const lengthOf = (ranges: readonly OffsetRange[]) => ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)

/** Where the hits are that were counted and not kept, and what was not scanned at all. */
export function rangesBehindKept(run: SearchRun): OffsetRange[] {
  const isOldestFirst = run.query.order === 'oldestFirst'
  const behind = run.bounds.flatMap(range => {
    const first = run.notKept.get(range.partition)
    if (first === undefined) return []
    const cut = isOldestFirst ? { ...range, from: Math.max(range.from, first) } : { ...range, to: Math.min(range.to, first + 1) }
    return cut.from < cut.to ? [cut] : []
  })
  return [...behind, ...run.left.filter(({ partition }) => !run.notKept.has(partition))]
}

/** How fast it goes, and how long it will take; `null` while nobody can tell. */
export function paceOf(run: SearchRun): { recordsPerSecond: number | null; leftMs: number | null } {
  const [first, last] = [run.samples[0], run.samples.at(-1)]
  if (first === undefined || last === undefined) return { recordsPerSecond: null, leftMs: null }
  const start = first === last ? { atMs: 0, records: 0, scanned: lengthOf(run.bounds) - lengthOf(run.query.ranges ?? run.bounds) } : first
  const tookMs = last.atMs - start.atMs
  if (tookMs <= 0) return { recordsPerSecond: null, leftMs: null }
  const perMs = (last.scanned - start.scanned) / tookMs
  return {
    recordsPerSecond: ((last.records - start.records) / tookMs) * 1000,
    leftMs: perMs > 0 ? lengthOf(run.left) / perMs : null,
  }
}
