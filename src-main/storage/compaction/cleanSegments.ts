import type { Env } from '../../env/env.ts'
import { logFileName } from '../../protocol/files/fileNames.ts'
import type { AbortedTransactionEntry } from '../../protocol/files/indexEntries.ts'
import type { ProducerSnapshotEntry } from '../../protocol/files/producerSnapshot.ts'
import {
  batchesIn,
  batchSize,
  isControl,
  lastOffset,
  nextOffset,
  producerEpoch,
  producerId,
  recordCount,
} from '../../protocol/records/batch.ts'
import type { FilePool } from '../filePool.ts'
import type { LogConfig } from '../logConfig.ts'
import { isOutOfSpace } from '../outOfSpace.ts'
import { Segment, placed } from '../segment.ts'
import { cleanBatch } from './cleanBatch.ts'
import { CleanedTransactions } from './cleanedTransactions.ts'
import { type GroupedSegment, groupSegments } from './groupSegments.ts'
import { mapKeys } from './mapKeys.ts'
import { OffsetMap } from './offsetMap.ts'
import { CleaningAborted, PoliteReader } from './politeReader.ts'
import type { Throttle } from './throttle.ts'

export { CleaningAborted } from './politeReader.ts'

const CLEANED = '.cleaned'

/** What one pass over a log works on. */
export interface CleaningJob {
  /**
   * All segments of the log, oldest first. Those below `firstUncleanableOffset` are cleaned, and must be complete; the transaction indexes of the
   * others tell what was aborted. None of the former may be closed before `signal` is aborted.
   */
  readonly segments: readonly Segment[]
  readonly directory: string
  readonly config: LogConfig
  /** Everything below was cleaned before. */
  readonly firstDirtyOffset: number
  /** The base offset of a segment: it and all behind stay as they are. */
  readonly firstUncleanableOffset: number
  /** What the log knows of its producers, taken before the flush that made all of it durable. */
  readonly producers: readonly ProducerSnapshotEntry[]
}

export interface CleaningLimits {
  /** For the map from keys to offsets (`log.cleaner.dedupe.buffer.size`); when it is full, the pass ends at what is in it. */
  readonly offsetMapBytes: number
  readonly throttle: Throttle
  /** Aborted at the latest in the turn in which one of the segments is closed or loses something. */
  readonly signal: AbortSignal
  /**
   * Puts a finished segment, synced under names ending in `.cleaned`, in the place of those it was made from. `false` when they are not all part of
   * the log any more, and nothing was done. Called for one group after the other, from the oldest on; a pass that ends early leaves a good log.
   */
  readonly swap: (old: readonly Segment[], cleaned: Segment) => Promise<boolean>
}

export interface CleaningResult {
  /** The new first dirty offset, exclusive end of what this pass made clean. */
  readonly endOffset: number
  readonly recordsRead: number
  readonly recordsKept: number
  /** Twice for the dirty part. */
  readonly bytesRead: number
  readonly bytesWritten: number
}

/**
 * Makes one pass of compaction: maps each key of the dirty part to its last offset, then writes every segment below the end of that part anew,
 * without the records that a later one replaces (KIP-58, KIP-98, KIP-354, KIP-534). A segment from which nothing goes stays. Throws `CleaningAborted`, `CorruptLog`, or the `DiskError` that
 * stopped it; a full disk harms nothing, since only new files are written.
 */
export async function cleanSegments(
  { clock }: Pick<Env, 'clock'>,
  pool: FilePool,
  job: CleaningJob,
  limits: CleaningLimits,
): Promise<CleaningResult> {
  const { segments, directory, firstDirtyOffset, firstUncleanableOffset } = job
  const reader = new PoliteReader(clock, { directory, ...limits })
  const nowMs = clock.now()
  const first = segments[0]?.baseOffset ?? firstDirtyOffset
  const aborted = await abortedBetween(reader, segments, { from: Math.min(first, firstDirtyOffset), upTo: firstUncleanableOffset })
  const map = new OffsetMap(limits.offsetMapBytes, Math.max(0, firstUncleanableOffset - firstDirtyOffset))
  await mapKeys(map, reader, { ...job, aborted })
  const endOffset = Math.max(firstDirtyOffset, map.latestOffset + 1)
  const cleaner = new Cleaner(pool, reader, { job, limits, map, nowMs, transactions: new CleanedTransactions(aborted) })
  if (endOffset > firstDirtyOffset) {
    const measured = await Promise.all(
      segments.filter(segment => segment.baseOffset < endOffset).map(segment => measure(pool, directory, segment)),
    )
    for (const group of groupSegments(measured, { ...job.config, end: firstUncleanableOffset })) {
      await cleaner.cleanGroup(group.map(({ segment }) => segment))
    }
  }
  const { recordsRead, recordsKept, bytesWritten } = cleaner
  return { endOffset, recordsRead, recordsKept, bytesRead: reader.bytesRead, bytesWritten }
}

/** The second half of a pass: all that is known stands fast. */
class Cleaner {
  recordsRead = 0
  recordsKept = 0
  bytesWritten = 0
  readonly #pool: FilePool
  readonly #reader: PoliteReader
  readonly #job: CleaningJob
  readonly #limits: CleaningLimits
  readonly #map: OffsetMap
  readonly #nowMs: number
  readonly #transactions: CleanedTransactions
  readonly #producers: ReadonlyMap<number, ProducerSnapshotEntry>

  constructor(
    pool: FilePool,
    reader: PoliteReader,
    of: {
      readonly job: CleaningJob
      readonly limits: CleaningLimits
      readonly map: OffsetMap
      readonly nowMs: number
      readonly transactions: CleanedTransactions
    },
  ) {
    this.#pool = pool
    this.#reader = reader
    this.#job = of.job
    this.#limits = of.limits
    this.#map = of.map
    this.#nowMs = of.nowMs
    this.#transactions = of.transactions
    this.#producers = new Map(of.job.producers.map(producer => [producer.producerId, producer]))
  }

  async cleanGroup(old: readonly Segment[]): Promise<void> {
    const { baseOffset } = old[0]!
    const { createdMs } = old.at(-1)!
    this.#reader.check()
    await this.#removeLeftovers(baseOffset)
    const cleaned = Segment.begin(this.#pool, this.#job.directory, { baseOffset, createdMs, suffix: CLEANED })
    let isSwapped = false
    try {
      await cleaned.create()
      let isDifferent = old.length > 1
      for (const segment of old) isDifferent = (await this.#cleanInto(segment, cleaned)) || isDifferent
      if (isDifferent) {
        await this.#finish(cleaned, createdMs)
        this.#reader.check()
        isSwapped = true // from here on its files are the log's: not even a failure may take them away
        isSwapped = await this.#limits.swap(old, cleaned).catch((problem: unknown) => {
          isSwapped = !isOutOfSpace(problem) // which refuses, and does not fail
          throw problem
        })
        if (!isSwapped) throw new CleaningAborted('the segments are not part of the log any more')
      }
    } finally {
      // A file that cannot be removed is taken care of by the next pass or start.
      if (!isSwapped) await cleaned.remove(this.#pool).catch(() => undefined)
    }
  }

  /** What an interrupted pass left behind would be gone on with. */
  async #removeLeftovers(base: number): Promise<void> {
    for (const kind of ['log', 'index', 'timeindex', 'txnindex'] as const) await this.#pool.disk.remove(this.#path(base, kind))
  }

  #path(base: number, kind: 'log' | 'index' | 'timeindex' | 'txnindex'): string {
    return `${this.#job.directory}/${logFileName(base, kind)}${CLEANED}`
  }

  async #finish(cleaned: Segment, createdMs: number): Promise<void> {
    cleaned.planSeal()
    await cleaned.seal()
    await cleaned.sync()
    // Where records tell no time the file does: to retention it must look as old as what it replaces.
    await this.#pool.disk.setModified(this.#path(cleaned.baseOffset, 'log'), Math.round(createdMs))
  }

  /** Answers whether anything about the segment is not as it was. */
  async #cleanInto(segment: Segment, cleaned: Segment): Promise<boolean> {
    let isDifferent = false
    let abortedCount = 0
    const { segments, firstUncleanableOffset } = this.#job
    const end = segments[segments.indexOf(segment) + 1]?.baseOffset ?? firstUncleanableOffset
    for await (const chunk of this.#reader.chunks(segment, { from: 0, end })) {
      const pieces: Buffer[] = []
      /** Neighbours that stay as they are go out as one piece. */
      let sameFrom = -1
      let bytes = 0
      const keep = (batch: Buffer) => {
        cleaned.place(placed(batch), this.#job.config.indexIntervalBytes)
        bytes += batch.length
      }
      for (const at of batchesIn(chunk)) {
        const batch = chunk.subarray(at, at + batchSize(chunk, at))
        const result = cleanBatch(
          batch,
          this.#standingOf(batch, cleaned, () => (abortedCount += 1)),
          {
            nowMs: this.#nowMs,
            deleteRetentionMs: this.#job.config.deleteRetentionMs,
            lastOffsets: this.#map,
          },
        )
        this.recordsRead += recordCount(batch)
        this.recordsKept += result.recordsKept
        if (result.type === 'same') {
          keep(batch)
          if (sameFrom === -1) sameFrom = at
        } else {
          isDifferent = true
          if (sameFrom !== -1) pieces.push(chunk.subarray(sameFrom, at))
          sameFrom = -1
          if (result.type === 'rewritten') {
            keep(result.batch)
            pieces.push(result.batch)
          }
        }
        await this.#reader.breathe()
      }
      if (sameFrom !== -1) pieces.push(chunk.subarray(sameFrom))
      if (bytes === 0) continue
      await cleaned.append(pieces, bytes)
      this.bytesWritten += bytes
      await this.#reader.pay(bytes)
    }
    const indexed = await this.#reader.using(segment, () => segment.abortedTransactions())
    return isDifferent || indexed.length !== abortedCount
  }

  #standingOf(batch: Buffer, cleaned: Segment, indexedAborted: () => void): { readonly isNeedless: boolean; readonly mustStay: boolean } {
    const mustStay = this.#isLastOfProducer(batch) || nextOffset(batch) === this.#job.firstUncleanableOffset
    if (!isControl(batch)) return { isNeedless: this.#transactions.isAborted(batch), mustStay }
    const { isNeedless, aborted } = this.#transactions.marker(batch)
    if (aborted !== undefined) {
      cleaned.addAborted(aborted)
      indexedAborted()
    }
    return { isNeedless, mustStay }
  }

  /** Whether it has what the log must go on knowing of a producer: its last sequence or, when only its epoch is known, that. */
  #isLastOfProducer(batch: Buffer): boolean {
    const id = producerId(batch)
    const producer = id < 0 ? undefined : this.#producers.get(id)
    if (producer === undefined) return false
    if (producer.lastOffset >= 0) return lastOffset(batch) === producer.lastOffset
    return isControl(batch) && producerEpoch(batch) === producer.producerEpoch
  }
}

/** The aborted transactions that reach into [from, upTo). */
async function abortedBetween(
  reader: PoliteReader,
  segments: readonly Segment[],
  { from, upTo }: { readonly from: number; readonly upTo: number },
): Promise<AbortedTransactionEntry[]> {
  const found: AbortedTransactionEntry[] = []
  const { promise: isRead, resolve: letGo } = Promise.withResolvers<void>()
  // All are held at once, because segments behind the part that is cleaned may be cut off without ending the pass.
  const held = segments.map(segment => reader.using(segment, () => isRead))
  try {
    for (const segment of segments) {
      reader.check()
      for (const entry of await segment.abortedTransactions()) {
        if (entry.lastOffset >= from && entry.firstOffset < upTo) found.push(entry)
        // No transaction that was aborted later can begin below what was stable then.
        if (entry.lastStableOffset >= upTo) return found
      }
    }
    return found
  } finally {
    letGo()
    await Promise.all(held)
  }
}

async function measure(pool: FilePool, directory: string, segment: Segment): Promise<GroupedSegment & { readonly segment: Segment }> {
  const bytesOf = async (kind: 'index' | 'timeindex') =>
    (await pool.disk.stat(`${directory}/${logFileName(segment.baseOffset, kind)}`))?.size ?? 0
  return {
    segment,
    baseOffset: segment.baseOffset,
    sizeInBytes: segment.size,
    indexBytes: await bytesOf('index'),
    timeIndexBytes: await bytesOf('timeindex'),
  }
}
