import type { LagHistory } from '../contract/lagHistory.ts'
import type { SeriesEntry, SeriesStore } from '../env/seriesStore.ts'
import { decodeLagRow, encodeLagRow, type LagRow, type PartitionOffsets } from './lagRow.ts'
import { SAMPLE_EVERY_MS } from './lagWindow.ts'
import { resolutionOf, surplus } from './thinning.ts'

/** A sample is due a little early, rather than now and then a whole period late. */
const DUE_MS = SAMPLE_EVERY_MS - 500
/** A pass may be late, and a cluster may be slow, before what lies between two samples counts as not known. */
const GAP_MS = 3 * SAMPLE_EVERY_MS
/** While nothing changes, one row goes on; but a week of it could not be thinned out. */
const LONGEST_ROW_MS = 600_000

export interface NotedRow extends LagRow {
  readonly fromMs: number
  readonly untilMs: number
}

/** What the host notes down of all groups of one cluster, so that lag has a history without a metrics system beside it. */
export class LagNotes {
  readonly #store: SeriesStore
  readonly #clusterId: string
  readonly #newest = new Map<string, SeriesEntry>()
  #toThin: string[] = []

  constructor(store: SeriesStore, clusterId: string) {
    this.#store = store
    this.#clusterId = clusterId
  }

  isDue(groupId: string, nowMs: number): boolean {
    const newest = this.#newest.get(groupId)
    return newest === undefined || nowMs - newest.untilMs >= DUE_MS || nowMs < newest.untilMs
  }

  /** All at once, in one transaction. */
  write(rows: readonly (LagRow & { readonly groupId: string })[], nowMs: number): void {
    const entries = rows.map(row => ({ groupId: row.groupId, entry: this.#entryOf(row, nowMs) }))
    this.#store.write(entries.map(({ groupId, entry }) => ({ ...entry, series: this.#seriesOf(groupId) })))
    for (const { groupId, entry } of entries) this.#newest.set(groupId, entry)
  }

  /** In order of time. */
  read(groupId: string, range: { readonly fromMs: number; readonly toMs: number }): NotedRow[] {
    return this.#entries(groupId, range).flatMap(({ fromMs, untilMs, bytes }) => {
      const row = decodeLagRow(bytes)
      return row === undefined ? [] : [{ fromMs, untilMs, ...row }]
    })
  }

  /** Forgets what is too old, or too dense for its age, of one series; with each call of the next one, those of clusters that nobody asks for included. */
  thinNext(nowMs: number): void {
    if (this.#toThin.length === 0) this.#toThin = this.#store.series()
    const series = this.#toThin.pop()
    if (series !== undefined) this.#store.remove(series, surplus(this.#store.times(series), nowMs))
  }

  /** Of the partitions that were furthest behind at the end, at so many equal steps of time. */
  history(
    groupId: string,
    nowMs: number,
    { spanMs, points, partitions }: { spanMs: number; points: number; partitions: number },
  ): LagHistory {
    const fromMs = nowMs - spanMs
    const entries = this.#entries(groupId, { fromMs, toMs: nowMs })
    const stepMs = spanMs / points
    const atMs = Array.from({ length: points }, (_, index) => Math.round(fromMs + (index + 1) * stepMs))
    const decoded = new Map<SeriesEntry, ReadonlyMap<string, number | null>>()
    const lagsAt = atMs.map(time => {
      const entry = entryAt(entries, time, Math.max(stepMs, GAP_MS, 2 * (resolutionOf(nowMs - time) ?? 0)))
      if (entry === undefined) return undefined
      const lags = decoded.get(entry) ?? lagsOf(decodeLagRow(entry.bytes)?.partitions ?? [])
      decoded.set(entry, lags)
      return lags
    })
    const newest = decodeLagRow(entries.at(-1)?.bytes ?? new Uint8Array())?.partitions ?? []
    const shown = newest.toSorted((one, other) => (lagOf(other) ?? 0) - (lagOf(one) ?? 0)).slice(0, partitions)
    return {
      atMs,
      total: lagsAt.map(lags => (lags === undefined ? null : totalOf(lags))),
      partitions: shown.map(({ topic, partition }) => ({
        topic,
        partition,
        lag: lagsAt.map(lags => lags?.get(`${topic} ${partition}`) ?? null),
      })),
      sinceMs: this.#store.times(this.#seriesOf(groupId))[0] ?? null,
      setAside: this.#store.setAside ?? null,
      isKept: this.#store.isKept,
    }
  }

  #entries(groupId: string, range: { readonly fromMs: number; readonly toMs: number }): SeriesEntry[] {
    return this.#store.read(this.#seriesOf(groupId), range)
  }

  #entryOf(row: LagRow & { readonly groupId: string }, nowMs: number): SeriesEntry {
    const bytes = encodeLagRow(row)
    const newest = this.#newest.get(row.groupId)
    const goesOn =
      newest !== undefined &&
      nowMs >= newest.untilMs &&
      nowMs - newest.untilMs <= GAP_MS &&
      nowMs - newest.fromMs <= LONGEST_ROW_MS &&
      bytes.equals(newest.bytes)
    return { fromMs: goesOn ? newest.fromMs : nowMs, untilMs: nowMs, bytes }
  }

  #seriesOf(groupId: string): string {
    return `lag ${this.#clusterId} ${groupId}`
  }
}

const lagOf = ({ committed, end }: PartitionOffsets) => (committed === null || end === null ? null : Math.max(0, end - committed))

const lagsOf = (partitions: readonly PartitionOffsets[]) =>
  new Map(partitions.filter(({ committed }) => committed !== null).map(each => [`${each.topic} ${each.partition}`, lagOf(each)]))

/** Null as soon as one is unknown: part of a lag would look like all of it. */
function totalOf(lags: ReadonlyMap<string, number | null>): number | null {
  let total = 0
  for (const lag of lags.values()) {
    if (lag === null) return null
    total += lag
  }
  return total
}

/** What was true at `atMs`, or became so not long before. */
function entryAt(entries: readonly SeriesEntry[], atMs: number, toleranceMs: number): SeriesEntry | undefined {
  let [from, to] = [0, entries.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (entries[middle]!.fromMs > atMs) to = middle
    else from = middle + 1
  }
  const entry = entries[from - 1]
  return entry !== undefined && entry.untilMs >= atMs - toleranceMs ? entry : undefined
}
