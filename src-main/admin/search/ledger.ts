import { assert } from '../../base/assert.ts'
import type { MessageRow, OffsetRange } from '../../contract/messages.ts'
import type { SearchedPartition } from '../../contract/search.ts'

export type SearchOrder = 'newestFirst' | 'oldestFirst'

/** Offsets [from, to) that are being looked through, from the oldest on. */
interface Interval {
  readonly from: number
  readonly to: number
  /** All below was looked at. */
  upTo: number
  isFinished: boolean
  rows: MessageRow[]
}

/**
 * How far a search has come in one partition. Pieces are looked through in parallel and finish in any order; hits are released in the order of the
 * search, and `done` moves only past what was released: whoever goes on from there loses nothing and meets nothing twice.
 *
 * From the oldest on, hits of the piece at the front are released as they come. From the newest on, a piece is released when all of it was looked
 * at, the newest hit first.
 */
export class PartitionLedger {
  readonly bounds: OffsetRange
  readonly #order: SearchOrder
  /** Between what is done and what is not. */
  #frontier: number
  readonly #intervals = new Set<Interval>()

  constructor(bounds: OffsetRange, order: SearchOrder) {
    this.bounds = bounds
    this.#order = order
    this.#frontier = order === 'oldestFirst' ? bounds.from : bounds.to
  }

  get progress(): SearchedPartition {
    const { from, to } = this.bounds
    return { ...this.bounds, done: this.#order === 'oldestFirst' ? this.#frontier - from : to - this.#frontier }
  }

  /** Undefined when all is done. */
  get remaining(): OffsetRange | undefined {
    const { partition, from, to } = this.bounds
    const [first, end] = this.#order === 'oldestFirst' ? [this.#frontier, to] : [from, this.#frontier]
    return first >= end ? undefined : { partition, from: first, to: end }
  }

  /** A piece that somebody begins to look through; pieces do not overlap, and together cover the bounds. */
  begin(from: number, to: number): Interval {
    assert(from < to, 'an empty piece of a partition is nothing to search')
    const interval = { from, to, upTo: from, isFinished: false, rows: [] }
    this.#intervals.add(interval)
    return interval
  }

  /** More of a piece was looked at, and these are the hits in it. */
  report(interval: Interval, upTo: number, rows: readonly MessageRow[]): void {
    interval.upTo = Math.min(interval.to, Math.max(interval.upTo, upTo))
    for (const row of rows) interval.rows.push(row)
  }

  finish(interval: Interval): void {
    interval.upTo = interval.to
    interval.isFinished = true
  }

  /** Hits whose turn it is, `limit` at most: when there are more, what is done ends with the last of them. */
  release(limit: number): MessageRow[] {
    const released: MessageRow[] = []
    for (;;) {
      const interval = this.#next()
      if (interval === undefined || released.length >= limit) return released
      const wanted = limit - released.length
      if (this.#order === 'oldestFirst') {
        for (const row of interval.rows.splice(0, wanted)) released.push(row)
        // While hits are left for another time, what is done ends with the last that was given.
        this.#frontier = interval.rows.length === 0 ? interval.upTo : released.length > 0 ? released.at(-1)!.offset + 1 : this.#frontier
        if (!interval.isFinished || interval.rows.length > 0) return released
      } else {
        const rows = interval.rows.splice(Math.max(0, interval.rows.length - wanted)).reverse()
        for (const row of rows) released.push(row)
        if (interval.rows.length > 0) {
          this.#frontier = released.at(-1)?.offset ?? this.#frontier
          return released
        }
        this.#frontier = interval.from
      }
      this.#intervals.delete(interval)
    }
  }

  /** Hits that could be released now. */
  get releasable(): number {
    return this.#next()?.rows.length ?? 0
  }

  /** The piece whose turn it is, once it has something to give. Those from the oldest on began in that order. */
  #next(): Interval | undefined {
    for (const interval of this.#intervals) {
      const { from, to, isFinished } = interval
      if (
        this.#order === 'oldestFirst'
          ? from <= this.#frontier && this.#frontier <= to
          : isFinished && from < this.#frontier && this.#frontier <= to
      )
        return interval
    }
    return undefined
  }
}

export type LedgerInterval = ReturnType<PartitionLedger['begin']>
