import type { MessageRow, OffsetRange } from '../../contract/messages.ts'
import type { SearchEnd, SearchItem, SearchProgress } from '../../contract/search.ts'
import type { Clock, Timer } from '../../env/env.ts'
import { SearchCrew } from './crew.ts'
import { type LedgerInterval, PartitionLedger, type SearchOrder } from './ledger.ts'
import type { SearchTask, SearchWorkers } from './searchWorkers.ts'

const PROGRESS_EVERY_MS = 200
const ROWS_AT_ONCE = 200
/** While so many hits wait to be taken, nothing more is searched. */
const MAX_WAITING_ROWS = 4_000
/** What each worker may have before it, so that it never waits for the next answer of a broker. */
const LOAD_PER_WORKER_BYTES = 24 * 1024 * 1024
/** What is sent to another process is copied several times: a part of it is best still in the processor's cache. */
const HANDFUL_BYTES = 8 * 1024 * 1024
const FOREIGN_HANDFUL_BYTES = 2 * 1024 * 1024

/** A stretch of offsets of a partition that is to be looked through. */
export interface Stretch {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** Where records come from: gives everything within the bounds to the feed, and resolves. Stops, and resolves, once the signal is aborted. */
export type SearchSource = (feed: SearchFeed) => Promise<void>

/** The side of a search that its source sees. Stretches do not overlap; those of a search from the oldest on come in that order. */
export interface SearchFeed {
  readonly order: SearchOrder
  readonly signal: AbortSignal
  /** What is to be searched. */
  readonly bounds: readonly OffsetRange[]
  /** So many bytes are well given at once. */
  readonly handfulBytes: number
  /** Resolves once there is room for more, or the search is over. */
  room(): Promise<void>
  /** `bytes` is given away. */
  scanBytes(bytes: Uint8Array, stretches: readonly (Stretch & { readonly at: number; readonly length: number })[]): void
  /** `onMissing` is asked when the file is not there (any more); when it resolves, the stretch counts as searched. */
  scanFile(
    file: { readonly path: string; readonly position: number; readonly end: number },
    stretch: Stretch,
    onMissing: () => Promise<void>,
  ): void
  /** There are no records. */
  skip(stretch: Stretch): void
}

export interface SearchOptions {
  readonly task: SearchTask
  readonly bounds: readonly OffsetRange[]
  readonly order: SearchOrder
  readonly maxHits: number | null
  readonly source: SearchSource
  /** How many work on it. */
  readonly workers: number
}

interface Piece {
  readonly ledger: PartitionLedger
  readonly interval: LedgerInterval
  readonly onMissing: (() => Promise<void>) | undefined
}

/** One search: gives what a source brings to workers, and what they find to whoever asked, in order and without loss. */
export class Search {
  readonly #clock: Clock
  readonly #options: SearchOptions
  readonly #signal: AbortSignal
  readonly #crew: SearchCrew
  readonly #ledgers: ReadonlyMap<number, PartitionLedger[]>
  readonly #pieces = new Map<number, Piece>()
  readonly #over = new AbortController()
  readonly #startedAt: number
  #lastPiece = 0
  #records = 0
  #bytes = 0
  #hits = 0
  #failures = 0
  #firstFailure: string | null = null
  #end: SearchEnd | undefined
  #failure: Error | undefined
  #isFed = false
  #isProgressDue = false
  #wake: (() => void) | undefined
  #waitForRoom: (() => void)[] = []

  constructor(clock: Clock, workers: SearchWorkers, options: SearchOptions, signal: AbortSignal) {
    this.#clock = clock
    this.#options = options
    this.#signal = signal
    this.#startedAt = clock.elapsed()
    const ledgers = options.bounds.map(bounds => new PartitionLedger(bounds, options.order))
    this.#ledgers = Map.groupBy(ledgers, ({ bounds }) => bounds.partition)
    this.#crew = new SearchCrew(
      clock,
      { workers, size: options.workers, task: options.task },
      {
        report: report => {
          const piece = this.#pieces.get(report.id)
          piece?.ledger.report(piece.interval, report.upTo, report.rows)
          this.#records += report.records
          this.#bytes += report.bytes
          this.#failures += report.failures
          this.#firstFailure ??= report.firstFailure
        },
        finished: (id, { isMissing }) => {
          const onMissing = this.#pieces.get(id)?.onMissing
          if (!isMissing || onMissing === undefined) this.#finish(id)
          else {
            onMissing().then(
              () => this.#finish(id),
              (problem: Error) => this.#fail(problem),
            )
          }
        },
        ended: why => {
          if (typeof why === 'object') this.#fail(why.failure)
          else this.#end = why
        },
        stirred: () => this.#stir(),
      },
    )
  }

  async *items(): AsyncGenerator<SearchItem, void, undefined> {
    const stir = () => this.#stir()
    this.#signal.addEventListener('abort', stir, { once: true })
    let timer: Timer | undefined
    const tick = () => {
      timer = this.#clock.after(PROGRESS_EVERY_MS, tick)
      this.#isProgressDue = true
      this.#stir()
    }
    try {
      await Promise.race([this.#crew.ready, aborted(this.#signal)])
      if (this.#signal.aborted) return
      tick()
      void this.#feed()
      for (;;) {
        const rows = this.#release()
        if (rows.length > 0) yield { type: 'hits', rows }
        if (this.#signal.aborted) return
        if (this.#failure !== undefined) throw this.#failure
        if (this.#isProgressDue) {
          this.#isProgressDue = false
          yield { type: 'progress', progress: this.#progress() }
          continue
        }
        if (this.#end === undefined && this.#isFed && this.#remaining().length === 0) this.#end = 'completed'
        if (this.#end !== undefined && (this.#end === 'enough' || this.#releasable === 0)) {
          yield { type: 'ended', why: this.#end, progress: this.#progress(), remaining: this.#remaining() }
          return
        }
        if (rows.length === 0) await this.#something()
      }
    } finally {
      timer?.cancel()
      this.#signal.removeEventListener('abort', stir)
      this.#over.abort()
      this.#crew.close()
      this.#openRoom(true)
    }
  }

  async #feed(): Promise<void> {
    try {
      await this.#options.source(this.#feedSide())
      this.#isFed = true
    } catch (problem) {
      this.#fail(problem as Error)
    }
    this.#stir()
  }

  #finish(id: number): void {
    const piece = this.#pieces.get(id)
    this.#pieces.delete(id)
    piece?.ledger.finish(piece.interval)
    this.#stir()
  }

  #fail(problem: Error): void {
    if (!this.#over.signal.aborted) this.#failure ??= problem
    this.#stir()
  }

  #feedSide(): SearchFeed {
    return {
      order: this.#options.order,
      signal: this.#over.signal,
      bounds: this.#options.bounds,
      handfulBytes: this.#options.task.filter.kind === 'predicate' ? FOREIGN_HANDFUL_BYTES : HANDFUL_BYTES,
      room: () => this.#room(),
      scanBytes: (bytes, stretches) => {
        const sections = stretches.map(({ at, length, ...stretch }) => ({ ...this.#begin(stretch), at, length }))
        this.#crew.scan({ type: 'scanBytes', bytes, sections })
      },
      scanFile: ({ path, position, end }, stretch, onMissing) => {
        this.#crew.scan({ type: 'scanFile', path, position, end, section: this.#begin(stretch, onMissing) })
      },
      skip: stretch => {
        const { id } = this.#begin(stretch)
        this.#finish(id)
      },
    }
  }

  #begin(stretch: Stretch, onMissing?: () => Promise<void>) {
    const id = (this.#lastPiece += 1)
    const ledger = this.#ledgers.get(stretch.partition)?.find(({ bounds }) => bounds.from <= stretch.from && stretch.to <= bounds.to)
    if (ledger === undefined) throw new RangeError(`Offsets ${stretch.from} to ${stretch.to} are not what is searched`)
    this.#pieces.set(id, { ledger, interval: ledger.begin(stretch.from, stretch.to), onMissing })
    return { ...stretch, id }
  }

  #room(): Promise<void> {
    if (this.#hasRoom) return Promise.resolve()
    return new Promise(resolve => this.#waitForRoom.push(resolve))
  }

  get #hasRoom(): boolean {
    if (this.#over.signal.aborted) return true
    return this.#crew.load < LOAD_PER_WORKER_BYTES * this.#crew.size && this.#releasable < MAX_WAITING_ROWS
  }

  #openRoom(isOver: boolean): void {
    if (this.#waitForRoom.length === 0 || (!isOver && !this.#hasRoom)) return
    for (const resolve of this.#waitForRoom.splice(0)) resolve()
  }

  #release(): MessageRow[] {
    const { maxHits } = this.#options
    const rows: MessageRow[] = []
    if (this.#end === 'enough') return rows
    for (const ledger of this.#eachLedger()) {
      const left = (maxHits ?? Infinity) - this.#hits
      const limit = Math.min(ROWS_AT_ONCE - rows.length, left)
      if (limit <= 0) break
      const released = ledger.release(limit)
      for (const row of released) rows.push(row)
      this.#hits += released.length
    }
    if (maxHits !== null && this.#hits >= maxHits) {
      this.#end = this.#remaining().length === 0 ? 'completed' : 'enough'
      this.#crew.close()
    }
    this.#openRoom(false)
    return rows
  }

  *#eachLedger(): Generator<PartitionLedger, void, undefined> {
    for (const ledgers of this.#ledgers.values()) yield* ledgers
  }

  get #releasable(): number {
    let rows = 0
    for (const ledger of this.#eachLedger()) rows += ledger.releasable
    return rows
  }

  #remaining(): OffsetRange[] {
    return [...this.#eachLedger()].map(ledger => ledger.remaining).filter(each => each !== undefined)
  }

  #progress(): SearchProgress {
    return {
      partitions: [...this.#eachLedger()].map(ledger => ledger.progress),
      records: this.#records,
      bytes: this.#bytes,
      hits: this.#hits,
      failures: this.#failures,
      firstFailure: this.#firstFailure,
      elapsedMs: this.#clock.elapsed() - this.#startedAt,
    }
  }

  #something(): Promise<void> {
    return new Promise(resolve => (this.#wake = resolve))
  }

  #stir(): void {
    this.#wake?.()
    this.#wake = undefined
    this.#openRoom(false)
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
