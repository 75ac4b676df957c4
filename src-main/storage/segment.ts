import { assert } from '../base/assert.ts'
import type { FilePool, PooledFile } from './filePool.ts'
import { type FoundEntry, IndexFile } from './indexFile.ts'
import { largestIndexedTimestamp, largestTimestampOf } from './largestTimestamp.ts'
import { type LogFileKind, logFileName } from '../protocol/files/fileNames.ts'
import {
  OFFSET_INDEX_ENTRY_BYTES,
  TIME_INDEX_ENTRY_BYTES,
  TXN_INDEX_ENTRY_BYTES,
  type AbortedTransactionEntry,
  type OffsetIndexEntry,
  type TimeIndexEntry,
  encodeAbortedTransaction,
  encodeOffsetIndexEntry,
  encodeTimeIndexEntry,
  readAbortedTransaction,
  readOffsetIndexEntry,
  readTimeIndexEntry,
} from '../protocol/files/indexEntries.ts'
import {
  BATCH_HEADER_BYTES,
  MAGIC,
  baseOffset,
  batchSize,
  lastOffset,
  lastOffsetDelta,
  magic,
  maxTimestamp,
} from '../protocol/records/batch.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import type { LogConfig } from './logConfig.ts'
import { isOutOfSpace, wholly } from './outOfSpace.ts'

/** What a segment must know of a batch to place it. */
export interface PlacedBatch {
  readonly lastOffset: number
  readonly maxTimestamp: number
  readonly sizeInBytes: number
}

/** An entry of a time index, and which one it is. */
export interface IndexedTime extends TimeIndexEntry {
  readonly index: number
  /** Whether this process made it: then the disk cannot have changed it. */
  readonly isOurs: boolean
}

/** What a segment must know of a whole batch. */
export function placed(batch: Buffer): PlacedBatch {
  return { lastOffset: lastOffset(batch), maxTimestamp: maxTimestamp(batch), sizeInBytes: batchSize(batch) }
}

/** What the indexes of a segment say, as their files have it. */
export interface SegmentClaims {
  /** The last entry. */
  readonly index: OffsetIndexEntry | undefined
  readonly time: TimeIndexEntry | undefined
  /** Nothing when they cannot be read. */
  readonly aborted: readonly AbortedTransactionEntry[] | undefined
}

/** What a name ends with while its file is no part of the log: made by a compaction, about to take the place of others, or doomed. */
export type SegmentSuffix = '' | '.cleaned' | '.swap' | '.deleted'

const MAX_RELATIVE_OFFSET = 0x7fff_ffff
/** Index bytes that may wait for a quiet moment before they are written. */
const PATIENT_INDEX_BYTES = 4096

interface SegmentFiles {
  readonly log: PooledFile
  readonly index: IndexFile
  readonly timeIndex: IndexFile
  readonly txnIndex: IndexFile
}

/**
 * One `.log` file and its `.index`, `.timeindex` and `.txnindex`. Placing a batch is a decision made at once, for the batches still on their
 * way to the disk too; `size` is what the file really holds. Readers hold the segment with `use`, and closing it waits for them.
 */
export class Segment {
  readonly baseOffset: number
  /** When it was made, or last written to when an earlier process made it; stands in for a time where no record tells one. */
  readonly createdMs: number
  /** For a sealed segment of an earlier process: holds its files against each other. */
  #check: (() => Promise<void>) | undefined
  #checked: Promise<void> | undefined
  readonly #pool: FilePool
  readonly #directory: string
  /** Of the names at first. */
  readonly #suffix: SegmentSuffix
  readonly #isUnsynced: boolean
  /** Made when they are first used: of most segments of ten thousand logs nobody ever is. */
  #made: SegmentFiles | undefined
  #size: number
  #plannedSize: number
  #hasTxnIndex: boolean
  #hasTxnFile: boolean
  #isSealed = false
  #isComplete = false
  /** Whether it has files. The first one of a log gets them with its first batch: most of ten thousand partitions never see one. */
  #isMade = true
  #bytesSinceLastIndexEntry = 0
  #firstTimestamp: number | undefined
  #largest: TimeIndexEntry | undefined
  /** Whether there is none because no batch has one, rather than because nobody has looked. */
  #hasNoTimestamp = false
  #lastIndexedTimestamp = -1
  #users = 0
  #released: (() => void) | undefined

  constructor(
    pool: FilePool,
    directory: string,
    {
      baseOffset,
      createdMs,
      suffix = '',
      size = 0,
      hasTxnIndex = false,
      isUnsynced = true,
    }: {
      readonly baseOffset: number
      readonly createdMs: number
      readonly suffix?: SegmentSuffix
      readonly size?: number
      readonly hasTxnIndex?: boolean
      readonly isUnsynced?: boolean
    },
  ) {
    this.baseOffset = baseOffset
    this.createdMs = createdMs
    this.#size = size
    this.#plannedSize = size
    this.#hasTxnIndex = hasTxnIndex
    this.#hasTxnFile = hasTxnIndex
    this.#pool = pool
    this.#directory = directory
    this.#suffix = suffix
    this.#isUnsynced = isUnsynced
  }

  get #files(): SegmentFiles {
    return (this.#made ??= this.#makeFiles())
  }

  #makeFiles(): SegmentFiles {
    const isUnsynced = this.#isUnsynced
    const path = (kind: LogFileKind) => `${this.#path(kind)}${this.#suffix}`
    const indexOf = (kind: LogFileKind, entryBytes: number) => new IndexFile(this.#pool, path(kind), { entryBytes, isUnsynced })
    const txnIndex = indexOf('txnindex', TXN_INDEX_ENTRY_BYTES)
    const index = indexOf('index', OFFSET_INDEX_ENTRY_BYTES)
    const timeIndex = indexOf('timeindex', TIME_INDEX_ENTRY_BYTES)
    if (!this.#hasTxnIndex) txnIndex.startEmpty()
    if (!this.#isMade) {
      index.startEmpty()
      timeIndex.startEmpty()
    }
    return { log: this.#pool.file(path('log'), isUnsynced), index, timeIndex, txnIndex }
  }

  #path(kind: LogFileKind): string {
    return `${this.#directory}/${logFileName(this.baseOffset, kind)}`
  }

  get #log(): PooledFile {
    return this.#files.log
  }

  get #index(): IndexFile {
    return this.#files.index
  }

  get #timeIndex(): IndexFile {
    return this.#files.timeIndex
  }

  get #txnIndex(): IndexFile {
    return this.#files.txnIndex
  }

  /** Of the `.log` file. */
  get path(): string {
    return this.#log.path
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size
  }

  /** Bytes once everything that was placed is written. */
  get plannedSize(): number {
    return this.#plannedSize
  }

  /** Whether it was decided that no more batches come. */
  get isSealed(): boolean {
    return this.#isSealed
  }

  /** Whether that was also written: nothing about it changes any more. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Max timestamp of the first batch. */
  get firstTimestamp(): number | undefined {
    return this.#firstTimestamp
  }

  /** Of everything placed so far; of a sealed segment of an earlier process, once `loadLargestTimestamp` has looked. */
  get largestTimestamp(): TimeIndexEntry | undefined {
    return this.#largest
  }

  /** A segment that does not exist yet: batches can be placed at once, while `create` makes the files, or else the first append. */
  static begin(
    pool: FilePool,
    directory: string,
    of: { readonly baseOffset: number; readonly createdMs: number; readonly suffix?: SegmentSuffix },
  ): Segment {
    const segment = new Segment(pool, directory, of)
    segment.#isMade = false
    return segment
  }

  get isMade(): boolean {
    return this.#isMade
  }

  /** Makes the files of a new segment. The log comes last: without it the others are leftovers that the next start removes. */
  async create(): Promise<void> {
    if (this.#isMade) return
    await Promise.all([this.#index.create(), this.#timeIndex.create()])
    await this.#log.create()
    this.#isMade = true
  }

  /** Whether Kafka would begin a new segment before this batch. */
  shouldRoll(batch: PlacedBatch, config: LogConfig, { nowMs, jitterMs }: { nowMs: number; jitterMs: number }): boolean {
    if (batch.lastOffset - this.baseOffset > MAX_RELATIVE_OFFSET) return true
    if (this.#plannedSize === 0) return false
    if (this.#plannedSize > config.segmentBytes - batch.sizeInBytes) return true
    const waitedMs =
      this.#firstTimestamp !== undefined && this.#firstTimestamp >= 0 ? batch.maxTimestamp - this.#firstTimestamp : nowMs - this.createdMs
    if (waitedMs > config.segmentMs - jitterMs) return true
    if (this.#index.count >= Math.floor(config.segmentIndexBytes / OFFSET_INDEX_ENTRY_BYTES)) return true
    return this.#timeIndex.count >= Math.floor(config.segmentIndexBytes / TIME_INDEX_ENTRY_BYTES) - 1
  }

  /** Gives a batch its place behind all others, and the indexes their entries. Returns its position. */
  place(batch: PlacedBatch, indexIntervalBytes: number): number {
    assert(!this.#isSealed, () => `segment ${this.baseOffset} takes no more batches`)
    const position = this.#plannedSize
    this.#firstTimestamp ??= batch.maxTimestamp
    if (this.#largest === undefined || batch.maxTimestamp > this.#largest.timestamp) {
      this.#largest = { timestamp: batch.maxTimestamp, offset: batch.lastOffset }
    }
    if (this.#bytesSinceLastIndexEntry > indexIntervalBytes) {
      this.#index.add(encodeOffsetIndexEntry({ offset: batch.lastOffset, position }, this.baseOffset))
      this.#addTimeIndexEntry()
      this.#bytesSinceLastIndexEntry = 0
    }
    this.#plannedSize += batch.sizeInBytes
    this.#bytesSinceLastIndexEntry += batch.sizeInBytes
    return position
  }

  /** Remembers an aborted transaction whose marker is in this segment. */
  addAborted(transaction: AbortedTransactionEntry): void {
    const index = this.#txnIndex // made while it is known to be empty, if it is
    this.#hasTxnIndex = true
    index.add(encodeAbortedTransaction(transaction))
  }

  #addTimeIndexEntry(): void {
    const largest = this.#largest
    if (largest === undefined || largest.timestamp <= this.#lastIndexedTimestamp) return
    this.#timeIndex.add(encodeTimeIndexEntry(largest, this.baseOffset))
    this.#lastIndexedTimestamp = largest.timestamp
  }

  /** The last decision about this segment: its time index learns the largest timestamp. */
  planSeal(): void {
    this.#addTimeIndexEntry()
    this.#isSealed = true
  }

  /** Writes placed batches, in the order of their places: all of them, or none when the disk is full. */
  async append(chunks: readonly Buffer[], sizeInBytes: number): Promise<void> {
    if (!this.#isMade) await this.create()
    try {
      await this.#log.append(chunks)
    } catch (problem) {
      if (isOutOfSpace(problem)) await wholly(() => this.#log.truncate(this.#size))
      throw problem
    }
    this.#size += sizeInBytes
  }

  /** Brings index entries to their files: all of them, or none while only a few wait. */
  async writeIndexes(hurry: boolean): Promise<void> {
    if (!this.#isMade) return
    const waiting = this.#index.unwrittenBytes + this.#timeIndex.unwrittenBytes
    if (hurry || waiting >= PATIENT_INDEX_BYTES) {
      // One after the other: when the disk is full, nothing must go on behind the back of whoever hears of it.
      await this.#index.write()
      await this.#timeIndex.write()
    }
    await this.#txnIndex.write()
    this.#hasTxnFile = this.#hasTxnIndex
  }

  /** After `planSeal`, once all batches are written. */
  async seal(): Promise<void> {
    await this.create()
    await this.writeIndexes(true)
    this.#isComplete = true
    this.#index.seal()
    this.#timeIndex.seal()
    this.#txnIndex.seal()
  }

  /** A clean end: as a seal, but the segment is gone on with after the next start. */
  async writeLastTimeIndexEntry(): Promise<void> {
    this.#addTimeIndexEntry()
    await this.writeIndexes(true)
  }

  /** For a sealed segment of an earlier process: `check` runs once, before anybody relies on it as a whole. */
  sealLoaded(check: () => Promise<void>): void {
    this.#isSealed = true
    this.#isComplete = true
    this.#check = check
  }

  /** Resolves when what an earlier process left of it fits together, and rejects with `CorruptLog` when it does not. */
  checked(): Promise<void> {
    if (this.#checked !== undefined) return this.#checked
    if (this.#check === undefined) return Promise.resolve()
    this.#checked = this.use(this.#check)
    return this.#checked
  }

  /** What the indexes say, without a check. */
  async claims(): Promise<SegmentClaims> {
    const [index, time] = [
      await this.#index.entryAt((await this.#index.countNow()) - 1),
      await this.timeEntryAt((await this.#timeIndex.countNow()) - 1),
    ]
    const aborted = this.#hasTxnIndex ? await this.#claimedAborted() : []
    return { index: index && readOffsetIndexEntry(index.entries, index.at, this.baseOffset), time, aborted }
  }

  async #claimedAborted(): Promise<AbortedTransactionEntry[] | undefined> {
    const entries = await this.#txnIndex.entries()
    if (this.#txnIndex.isTorn) return undefined
    try {
      return readAborted(entries)
    } catch (problem) {
      if (!(problem instanceof MalformedMessage)) throw problem
      return undefined
    }
  }

  /**
   * Takes a segment of an earlier process, or one that was cut, to go on with it. Indexes are trusted up to the end of the file; the batches from the
   * returned position on have to be counted with `resume`. `isFinished` says that its time index was brought to an end, as a seal or a clean end does.
   */
  async load({ isFinished }: { readonly isFinished: boolean }): Promise<{ readonly position: number }> {
    this.#isSealed = false
    this.#isComplete = false
    this.#plannedSize = this.#size
    this.#bytesSinceLastIndexEntry = 0
    this.#largest = undefined
    this.#lastIndexedTimestamp = -1
    await this.#loadIndexes()
    const position = await this.positionBefore(Infinity)
    const last = await this.timeEntryAt(this.#timeIndex.count - 1)
    this.#firstTimestamp = undefined
    if (position > 0) {
      this.#firstTimestamp = maxTimestamp(await this.#log.read(0, BATCH_HEADER_BYTES))
      this.#largest = isFinished ? await largestTimestampOf(this, last) : await largestIndexedTimestamp(this, last)
    }
    this.#lastIndexedTimestamp = (position > 0 ? this.#largest : last)?.timestamp ?? -1
    return { position }
  }

  async #loadIndexes(): Promise<void> {
    await Promise.all([this.#index.load(), this.#timeIndex.load(), this.#hasTxnIndex ? this.#txnIndex.load() : this.#txnIndex.startEmpty()])
  }

  /** Counts a batch that was there already, at or behind the position that `load` returned. */
  resume(batch: PlacedBatch): void {
    this.#firstTimestamp ??= batch.maxTimestamp
    if (this.#largest === undefined || batch.maxTimestamp > this.#largest.timestamp) {
      this.#largest = { timestamp: batch.maxTimestamp, offset: batch.lastOffset }
    }
    this.#bytesSinceLastIndexEntry += batch.sizeInBytes
  }

  /** Cuts off all from `position` on, where the batch of `offset` begins or would; durable when it resolves. The segment must be loaded again. */
  async cut(position: number, offset: number): Promise<void> {
    await this.create()
    await this.#loadIndexes()
    const aborted = await this.abortedTransactions()
    const positions = await this.#index.lastAtOrBelow(position - 1, positionKey, 0)
    const times = await this.#timeIndex.lastAtOrBelow(offset - this.baseOffset - 1, timeOffsetKey, 0)
    await this.#log.truncate(position)
    this.#size = position
    await this.#index.cut((positions?.index ?? -1) + 1)
    await this.#timeIndex.cut((times?.index ?? -1) + 1)
    const abortedBefore = aborted.filter(each => each.lastOffset < offset).length
    if (this.#hasTxnIndex) await this.#txnIndex.cut(abortedBefore)
    // A full disk may not have taken the first entry yet.
    this.#hasTxnIndex = this.#hasTxnFile || abortedBefore > 0
    await this.sync()
  }

  /** Forgets the indexes, to place every batch again; `finishRebuild` writes what comes of it. Aborted transactions can be kept for who has no producers to replay. */
  async beginRebuild({ keepAborted }: { readonly keepAborted: boolean }): Promise<void> {
    this.#index.startEmpty()
    this.#timeIndex.startEmpty()
    if (keepAborted && this.#hasTxnIndex) await this.#txnIndex.load()
    else this.#txnIndex.startEmpty()
    this.#plannedSize = 0
    this.#bytesSinceLastIndexEntry = 0
    this.#firstTimestamp = undefined
    this.#largest = undefined
    this.#lastIndexedTimestamp = -1
    this.#isSealed = false
    this.#isComplete = false
  }

  /** The file ends where the placed batches end: what is behind is cut off. Index files are only touched when they say something else. */
  async finishRebuild(): Promise<void> {
    await this.create()
    if (this.#size > this.#plannedSize) {
      await this.#log.truncate(this.#plannedSize)
      this.#size = this.#plannedSize
    }
    await Promise.all([this.#index.rewrite(), this.#timeIndex.rewrite(), this.#hasTxnIndex ? this.#txnIndex.rewrite() : undefined])
    this.#hasTxnFile = this.#hasTxnIndex
  }

  async sync(): Promise<void> {
    if (!this.#isMade) return
    await Promise.all([this.#log.sync(), this.#index.sync(), this.#timeIndex.sync(), this.#hasTxnFile ? this.#txnIndex.sync() : undefined])
  }

  /** The batches alone. Enough for an active segment: its indexes are rebuilt after a crash anyway. */
  async syncLog(): Promise<void> {
    if (this.#isMade) await this.#log.sync()
  }

  read(position: number, length: number, into?: Buffer): Promise<Buffer> {
    if (!this.#isMade) return Promise.resolve(Buffer.alloc(0))
    return this.#log.read(position, Math.max(0, Math.min(length, this.#size - position)), into)
  }

  /** A position at or before the batch that holds `offset`, where a batch begins. An index entry that is not true gives way to an earlier one. */
  async positionBefore(offset: number): Promise<number> {
    if (this.#size === 0) return 0
    let found = await this.#index.lastAtOrBelow(offset - this.baseOffset, offsetKey, 0)
    for (let back = 1; found !== undefined; back *= 2) {
      const entry = readOffsetIndexEntry(found.entries, found.at, this.baseOffset)
      if (entry.offset <= offset && (found.isOurs || (await this.#holdsBatch(entry)))) return entry.position
      found = await this.#index.entryAt(found.index - back)
    }
    return 0
  }

  /** Whether a batch begins where an index entry says, that begins no later than it says. */
  async #holdsBatch({ offset, position }: OffsetIndexEntry): Promise<boolean> {
    if (position < 0 || position > this.#size - BATCH_HEADER_BYTES) return false
    const header = await this.#log.read(position, BATCH_HEADER_BYTES)
    if (header.length < BATCH_HEADER_BYTES || magic(header) !== MAGIC || lastOffsetDelta(header) < 0) return false
    const size = batchSize(header)
    if (size < BATCH_HEADER_BYTES || size > this.#size - position) return false
    return baseOffset(header) >= this.baseOffset && lastOffset(header) <= offset
  }

  /** The largest indexed timestamp below `timestamp`, as the index has it: if that is true, no record up to its offset is that late. */
  async timeEntryBefore(timestamp: number): Promise<IndexedTime | undefined> {
    const found = await this.#timeIndex.lastAtOrBelow(timestamp - 1, timestampKey, this.#firstTimestamp)
    return found === undefined ? undefined : this.#indexedTime(found)
  }

  /** Entry number `index` of the time index, as it is there. */
  async timeEntryAt(index: number): Promise<IndexedTime | undefined> {
    const found = await this.#timeIndex.entryAt(index)
    return found === undefined ? undefined : this.#indexedTime(found)
  }

  #indexedTime({ entries, at, index, isOurs }: FoundEntry): IndexedTime {
    return { ...readTimeIndexEntry(entries, at, this.baseOffset), index, isOurs }
  }

  /** The largest timestamp of all its batches. Of a segment of an earlier process it is looked up once. */
  async loadLargestTimestamp(): Promise<TimeIndexEntry | undefined> {
    await this.checked()
    if (this.#largest !== undefined || !this.#isSealed || this.#hasNoTimestamp) return this.#largest
    const largest = await largestTimestampOf(this, await this.timeEntryAt((await this.#timeIndex.countNow()) - 1))
    if (!this.#isSealed) return this.#largest // it was cut, and counts anew
    this.#largest = largest
    this.#hasNoTimestamp = largest === undefined
    return largest
  }

  /** `firstTimestamp`, read when the segment is of an earlier process and nobody asked yet. */
  async loadFirstTimestamp(): Promise<number | undefined> {
    if (this.#firstTimestamp === undefined && this.#size >= BATCH_HEADER_BYTES)
      this.#firstTimestamp = maxTimestamp(await this.#log.read(0, BATCH_HEADER_BYTES))
    return this.#firstTimestamp
  }

  async abortedTransactions(): Promise<AbortedTransactionEntry[]> {
    await this.checked()
    return this.#hasTxnIndex ? readAborted(await this.#txnIndex.entries()) : []
  }

  /** Keeps the segment open while `act` runs. */
  async use<T>(act: () => Promise<T>): Promise<T> {
    this.#users += 1
    try {
      return await act()
    } finally {
      this.#users -= 1
      if (this.#users === 0) this.#released?.()
    }
  }

  /** Resolves once nobody uses it any more and its files are closed. */
  async close(): Promise<void> {
    if (this.#users > 0) await new Promise<void>(resolve => (this.#released = resolve))
    if (this.#made !== undefined)
      await Promise.all([this.#log.close(), this.#index.close(), this.#timeIndex.close(), this.#txnIndex.close()])
  }

  /** Gives the files names with another ending, the log's last: it is the log's name that counts. Readers that have them open go on. */
  async rename(suffix: '.swap' | ''): Promise<void> {
    for (const [file, kind] of this.#indexes()) await file.rename(`${this.#path(kind)}${suffix}`)
    await this.#log.rename(`${this.#path('log')}${suffix}`)
  }

  /** Gives the files names under which a start removes them, the log's first: without it the others are leftovers. Readers go on. */
  async renameToDeleted(): Promise<void> {
    await this.#log.rename(`${this.#path('log')}.deleted`)
    for (const [file, kind] of this.#indexes()) await file.rename(`${this.#path(kind)}.deleted`)
  }

  #indexes(): (readonly [IndexFile, LogFileKind])[] {
    const always = [[this.#index, 'index'] as const, [this.#timeIndex, 'timeindex'] as const]
    return this.#hasTxnIndex ? [...always, [this.#txnIndex, 'txnindex'] as const] : always
  }

  /** Closes it once its readers are done, and removes the files. */
  async remove(pool: FilePool): Promise<void> {
    await this.close()
    // A transaction index that never was has kept the name it was given at first, which by now may be another's.
    for (const file of [this.#log, ...this.#indexes().map(([index]) => index)]) await pool.disk.remove(file.path)
  }
}

// Keys are relative to the base offset, as entries are.
const offsetKey = (entries: Buffer, at: number) => readOffsetIndexEntry(entries, at, 0).offset
const timeOffsetKey = (entries: Buffer, at: number) => readTimeIndexEntry(entries, at, 0).offset
const positionKey = (entries: Buffer, at: number) => readOffsetIndexEntry(entries, at, 0).position
const timestampKey = (entries: Buffer, at: number) => readTimeIndexEntry(entries, at, 0).timestamp

function readAborted(entries: Buffer): AbortedTransactionEntry[] {
  return Array.from({ length: entries.length / TXN_INDEX_ENTRY_BYTES }, (_, at) => readAbortedTransaction(entries, at))
}
