import { assert } from '../base/assert.ts'
import type { Logger } from '../base/logger.ts'
import type { Uuid } from '../base/uuid.ts'
import { DiskError, type Env, type Timer } from '../env/env.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import {
  baseOffset,
  batchSize,
  batchesIn,
  isIntact,
  lastOffset,
  lastOffsetDelta,
  partitionLeaderEpoch,
  setBaseOffset,
  setLogAppendTime,
  setPartitionLeaderEpoch,
} from '../protocol/records/batch.ts'
import { type CleanableRange, cleanableRange, firstDirtyOffsetOf } from './compaction/cleanableRange.ts'
import { CleaningAborted, type CleaningLimits, type CleaningResult, cleanSegments } from './compaction/cleanSegments.ts'
import { FilePool } from './filePool.ts'
import { type LoadedLog, loadLog } from './loadLog.ts'
import { type LogConfig, isCompacted } from './logConfig.ts'
import { LogFiles, type Work, type Written } from './logFiles.ts'
import { Places, readBatches } from './logReader.ts'
import { type Bounds, type FoundOffset, abortedBetween, findByTimestamp, findMaxTimestamp, loadLargestTimestamps } from './lookups.ts'
import { SPACE_CHECK_MS, isOutOfSpace, onceThereIsSpace, wholly } from './outOfSpace.ts'
import type { ReadOptions } from './readOptions.ts'
import { producerBatchOf, replayInto, transactionMarkerOf } from './producerBatches.ts'
import type { ActiveProducer, ProducerState } from './producerState.ts'
import { RecentBatches } from './recentBatches.ts'
import { deletableSegments } from './retention.ts'
import { restoreProducers } from './restoreProducers.ts'
import { Segment, placed } from './segment.ts'
import { Turns } from './turns.ts'
import { type BatchRefused, validateBatch } from './validateBatch.ts'

export type { LogConfig } from './logConfig.ts'
export { defaultLogConfig } from './logConfig.ts'
export type { ReadOptions } from './readOptions.ts'
export type { FoundOffset } from './lookups.ts'
export type { ActiveProducer } from './producerState.ts'
export type { RecordError } from './validateBatch.ts'

export interface PartitionLogOptions {
  /** Absolute; made when it does not exist. */
  readonly directory: string
  readonly topic: string
  readonly partition: number
  readonly topicId: Uuid | undefined
  readonly config: LogConfig
  /** Whether all that the folder holds was written by a process that ended as it should. */
  readonly cleanShutdown: boolean
  /** As in `LoadOptions`. */
  readonly mayBeUnstored?: boolean
  /** Everything below was synced. */
  readonly recoveryPoint: number
  /** As checkpointed; 0 when it never was. */
  readonly logStartOffset: number
  /** As checkpointed; the log start offset when it never was. */
  readonly highWatermark?: number
  readonly log: Logger
  /** Shared by the logs of one folder. */
  readonly pool?: FilePool
  /** Makes a lowered `recoveryPoint` and `logStartOffset` durable, before what they promise is taken away. */
  readonly checkpoint?: (log: PartitionLog) => Promise<void>
  /** Brings to the disk what else has to be there before the log vouches for anything. Left out where that was done. */
  readonly beforeFirstSync?: () => Promise<void>
  /**
   * What becomes of appends that the disk has no room for. They are refused and forgotten, or they stand in line until there is room again: for a
   * log whose owner would rather stand still than go on without what it decided.
   */
  readonly whenFull?: 'refuse' | 'wait'
  /** As checkpointed: a compaction made everything below clean. */
  readonly firstDirtyOffset?: number
  /** Whether the folder was just made, so that nothing is in it. */
  readonly isNew?: boolean
  /** Whether what only appends and look-ups need may wait for them, after a clean shutdown: see `ready`. */
  readonly lazily?: boolean
}

export interface AppendOptions {
  readonly leaderEpoch: number
  /** Only `client` batches are validated; `quorum` ones keep their timestamps and may have any size. */
  readonly origin: 'client' | 'coordinator' | 'quorum'
  /** What is answered to a batch that is not there yet, in place of appending it. */
  readonly refusal?: 'NOT_ENOUGH_REPLICAS'
}

export interface Appended {
  readonly error: 'NONE'
  readonly baseOffset: number
  readonly lastOffset: number
  /** -1 unless the topic stamps batches with the time of their append. */
  readonly logAppendTimeMs: number
  /** Whether an earlier batch was this one: nothing was appended. */
  readonly duplicate: boolean
  /**
   * Resolves when the bytes were handed to the system and lie below `logEndOffset`; rejects when the disk failed, and the log with it, or when it
   * was full: then the batch was forgotten and its offsets go to others.
   */
  readonly written: Promise<void>
}

export type AppendResult = Appended | BatchRefused

export type ReadResult =
  | { readonly error: 'NONE'; readonly records: Buffer }
  | { readonly error: 'OFFSET_OUT_OF_RANGE' | 'KAFKA_STORAGE_ERROR' }

export interface FollowerAppendResult {
  /** What stopped it; batches before that are appended. OFFSET_OUT_OF_RANGE when the first batch begins before the log end offset. */
  readonly error: 'NONE' | 'CORRUPT_MESSAGE' | 'OFFSET_OUT_OF_RANGE' | 'KAFKA_STORAGE_ERROR'
  readonly lastOffset: number | undefined
}

/** Whoever closed the log, or deleted it, did not wait for who still asked it something. */
export class LogClosed extends Error {
  override readonly name = 'LogClosed'
}

/** How much space it takes for a log that met a full disk to go on. */
const ENOUGH_BYTES = 256 * 1024
/** A disk that is full again so soon was not worth going on for: each time in a row it takes twice as much, up to this. */
const SOON_MS = 10_000
const MOST_ENOUGH_BYTES = 8 * 1024 * 1024
/** What is decided beyond that while a write is under way goes out with the one after the next: the first of many must not wait for the last. */
const WRITTEN_AT_ONCE_BYTES = 8 * 1024 * 1024

/** Everything that shares one file append; `written` of all its batches. */
interface Group {
  readonly work: Work[]
  sizeInBytes: number
  readonly written: Promise<void>
  readonly resolve: () => void
  readonly reject: (problem: Error) => void
}

/**
 * One partition's log. Appends are decided at once and in call order — offsets, sequences, the segment — and then written by one loop: what was
 * decided while a write was under way goes out with the next one. What changes files beside that (truncation, retention, closing) takes its turn in
 * the same queue, so that the disk sees one change at a time. A failed write ends the log: nothing after it is acknowledged or tried again. A full
 * disk does not: what it has no room for is undone, and appends are refused until there is room.
 */
export class PartitionLog {
  readonly directory: string
  readonly topic: string
  readonly partition: number
  readonly topicId: Uuid | undefined
  readonly #env: Pick<Env, 'clock' | 'disk' | 'random'>
  readonly #log: Logger
  readonly #pool: FilePool
  readonly #turns: Turns
  #whenFull: 'refuse' | 'wait'
  readonly #files: LogFiles
  readonly #checkpoint: () => Promise<void>
  readonly #producers: ProducerState
  #places = new Places()
  readonly #recent: RecentBatches
  #config: LogConfig
  /** Where the next batch is placed; its files may still have to be made. */
  #active: Segment
  #jitterMs = 0
  #logStartOffset: number
  #highWatermark: number
  #logEndOffset: number
  /** The log end offset once everything decided is written. */
  #nextOffset: number
  /** What waits to be written, oldest first; the last one may still take more. */
  #groups: Group[] = []
  #isDraining = false
  /** Truncations under way: until they are over nothing is decided. */
  #truncating = 0
  #truncations = 0
  #isClosed = false
  /** Why appends are refused, or stand in line: the disk has no room for them. */
  #outOfSpace: Error | undefined
  /** Why what was decided last was forgotten. */
  #lastUndoing: Error | undefined
  #spaceTimer: Timer | undefined
  #enoughBytes = ENOUGH_BYTES
  /** In `elapsed` time, when there was space again. */
  #hasSpaceSinceMs = -Infinity
  /** The epoch in which this log is appended to as leader's. */
  #ledEpoch: number | undefined
  #flushing: Promise<void> | undefined
  #nextFlush: Promise<void> | undefined
  #flushTimer: Timer | undefined
  #appended: () => void = () => {}
  readonly #failureListeners: ((failure: Error) => void)[] = []
  #undone: (logEndOffset: number) => void = () => {}
  #filled: () => void = () => {}
  #firstDirtyOffset: number | undefined
  #compaction: { readonly upTo: number; readonly abort: AbortController; readonly over: Promise<unknown> } | undefined
  /** What opening left for later. */
  #rest: (() => Promise<void>) | undefined
  #becomingReady: Promise<void> | undefined

  /** Recovers what is in the folder, or begins an empty log. Throws `CorruptLog` when synced data is not what it was. */
  static async open(env: Pick<Env, 'clock' | 'disk' | 'random'>, options: PartitionLogOptions): Promise<PartitionLog> {
    const pool = options.pool ?? new FilePool(env.disk)
    return new PartitionLog(env, pool, options, await loadLog(env, pool, options))
  }

  private constructor(env: Pick<Env, 'clock' | 'disk' | 'random'>, pool: FilePool, options: PartitionLogOptions, loaded: LoadedLog) {
    this.directory = options.directory
    this.topic = options.topic
    this.partition = options.partition
    this.topicId = options.topicId
    this.#env = env
    this.#log = options.log
    this.#pool = pool
    this.#recent = new RecentBatches(pool.recent)
    this.#config = options.config
    this.#whenFull = options.whenFull ?? 'refuse'
    this.#turns = new Turns(failure => this.#hasFailed(failure))
    this.#files = new LogFiles(env, loaded, {
      directory: options.directory,
      pool,
      turns: this.#turns,
      recoveryPoint: options.cleanShutdown ? loaded.logEndOffset : Math.min(options.recoveryPoint, loaded.logEndOffset),
      checkpoint: () => this.#checkpoint(),
      beforeFirstSync: options.beforeFirstSync,
    })
    this.#producers = loaded.producers
    this.#active = loaded.segments.at(-1)!
    this.#checkpoint = async () => options.checkpoint?.(this)
    this.#firstDirtyOffset = options.firstDirtyOffset
    this.#logStartOffset = loaded.logStartOffset
    this.#logEndOffset = loaded.logEndOffset
    this.#nextOffset = loaded.logEndOffset
    this.#highWatermark = Math.min(Math.max(options.highWatermark ?? 0, loaded.logStartOffset), loaded.logEndOffset)
    this.#producers.forgetDecidedBelow(this.#highWatermark)
    this.#rest = loaded.rest
    this.#drawJitter()
  }

  /** Whether it can be appended to as leader's, and knows its producers. Only a log that was opened lazily may have to be made so, with `ready`. */
  get isReady(): boolean {
    return this.#rest === undefined
  }

  /**
   * Looks into the active segment and restores the producers, which a lazy opening leaves for whoever needs them: a leader. What followers append, look-ups
   * and truncations wait for it by themselves. Takes the log offline, and rejects, when it does not end where it says.
   */
  ready(): Promise<void> {
    if (this.#rest === undefined) return Promise.resolve()
    return (this.#becomingReady ??= this.#turns
      .take(() => this.#becomeReady())
      .finally(() => {
        this.#becomingReady = undefined // a full disk may have refused it
      }))
  }

  /** In a turn. */
  async #becomeReady(): Promise<void> {
    if (this.#rest === undefined || this.#isClosed) return // a truncation has been there, or nobody needs it any more
    await this.#rest()
    this.#isKnown()
  }

  #isKnown(): void {
    this.#rest = undefined
    this.#producers.forgetDecidedBelow(this.#highWatermark)
  }

  get logStartOffset(): number {
    return this.#logStartOffset
  }

  /** Exclusive; everything below is readable. */
  get logEndOffset(): number {
    return this.#logEndOffset
  }

  get highWatermark(): number {
    return this.#highWatermark
  }

  /** First offset of the earliest undecided transaction, never above the high watermark (KIP-98). Until the log is ready, nothing is known to be decided. */
  get lastStableOffset(): number {
    if (!this.isReady) return this.#logStartOffset
    return Math.min(this.#producers.firstUnstableOffset ?? this.#highWatermark, this.#highWatermark)
  }

  get latestEpoch(): number | undefined {
    return this.#files.epochs.cache.latestEpoch
  }

  get sizeInBytes(): number {
    return this.#files.sizeInBytes
  }

  /** Before anything is said elsewhere that only this folder's log can mean: no power failure may take what tells whose it is. */
  syncNewNames(): Promise<void> {
    return this.#turns.alongside(() => this.#files.syncNewNames()) // so that the folder does not get another name meanwhile
  }

  /** Everything below is synced: where a recovery after a crash may begin. */
  get recoveryPoint(): number {
    return this.#files.recoveryPoint
  }

  get config(): LogConfig {
    return this.#config
  }

  /** Why the log is offline, for good. */
  get failure(): Error | undefined {
    return this.#turns.failure
  }

  /** Whether the disk has no room for appends. Reads go on, and by itself so does the rest, once there is room. */
  get isFull(): boolean {
    return this.#outOfSpace !== undefined
  }

  /** Base offset and bytes of each segment, oldest first. */
  get segments(): readonly { readonly baseOffset: number; readonly sizeInBytes: number }[] {
    return this.#files.segments.map(({ baseOffset, size }) => ({ baseOffset, sizeInBytes: size }))
  }

  updateConfig(config: LogConfig): void {
    this.#config = config
  }

  /** Called in the turn in which the log end offset has moved, once for all that moved it. One listener. */
  onAppended(listen: () => void): void {
    this.#appended = listen
  }

  /** Called once, when the disk has failed; not when it is merely full. In the order in which they asked. */
  onFailure(listen: (failure: Error) => void): void {
    this.#failureListeners.push(listen)
  }

  /** Takes the log offline, for a reason that lies outside of it: its folder's disk has failed somewhere else. Harmless when it is. */
  fail(cause: Error): void {
    this.#turns.fail(cause)
  }

  /**
   * Called when the disk was full, before anything else is appended: whatever was decided at `logEndOffset` and above is forgotten, and its offsets
   * will be given to others. One listener.
   */
  onUndone(listen: (logEndOffset: number) => void): void {
    this.#undone = listen
  }

  /** Called each time the disk turns out to be full. One listener. */
  onFull(listen: () => void): void {
    this.#filled = listen
  }

  /** From now on a full disk is refused, not waited for: whoever owns the log has no more time. */
  stopWaiting(): void {
    this.#whenFull = 'refuse'
  }

  // --- Appending

  /**
   * The leader of a new epoch begins where the log ends. Durable when it resolves, also when nothing is ever appended; but in an empty log with its first
   * batch, because until then a start would forget it.
   */
  async startEpoch(leaderEpoch: number): Promise<void> {
    const begin = () => this.#files.epochs.changed(this.#files.epochs.cache.assign(leaderEpoch, this.#nextOffset))
    if (this.#truncating === 0) begin()
    await this.#turns.take(() => {
      this.#ledEpoch = leaderEpoch
      begin() // a truncation that came first took it with it
      return this.#logEndOffset === this.#logStartOffset ? Promise.resolve() : this.#patiently(() => this.#files.epochs.persist())
    })
  }

  /** As leader. Decides before it returns: a refusal changes nothing, an acceptance is final unless the disk fails. Patches `batch`, which must not change until `written`. */
  append(batch: Buffer, { leaderEpoch, origin, refusal }: AppendOptions): AppendResult {
    const unavailable = this.#unavailable()
    if (unavailable !== undefined) return unavailable
    assert(this.isReady, 'a leader waits until its log is ready')
    const nowMs = this.#env.clock.now()
    let bytes = batch
    if (origin === 'client') {
      const verdict = validateBatch(batch, { config: this.#config, nowMs })
      if (verdict.error !== 'NONE') return verdict
      bytes = verdict.batch
    } else if (origin === 'coordinator' && batch.length > this.#config.maxMessageBytes) {
      return { error: 'MESSAGE_TOO_LARGE', message: `The batch has ${batch.length} bytes, the topic takes ${this.#config.maxMessageBytes}` }
    }
    assert(batchSize(bytes) === bytes.length, 'an append takes one whole batch')
    const base = this.#nextOffset
    const stamps = this.#config.messageTimestampType === 'LogAppendTime' && origin !== 'quorum'

    const marker = transactionMarkerOf(bytes, base)
    const data = producerBatchOf(bytes, base)
    const verdict =
      marker !== undefined
        ? this.#producers.judgeMarker(marker)
        : data && this.#producers.judge(data, origin === 'client' ? 'client' : 'coordinator')
    if (refusal !== undefined && verdict?.type !== 'duplicate') return { error: refusal }
    if (verdict?.type === 'refuse') return { error: verdict.error, message: verdict.message }
    if (verdict?.type === 'duplicate') {
      const { baseOffset, lastOffset, timestamp } = verdict
      return {
        error: 'NONE',
        baseOffset,
        lastOffset,
        logAppendTimeMs: stamps ? timestamp : -1,
        duplicate: true,
        written: this.#writtenUpTo(lastOffset),
      }
    }

    setBaseOffset(bytes, 0, base)
    setPartitionLeaderEpoch(bytes, 0, leaderEpoch)
    if (stamps) setLogAppendTime(bytes, 0, nowMs)
    const written = this.#decide(bytes, leaderEpoch)
    return {
      error: 'NONE',
      baseOffset: base,
      lastOffset: lastOffset(bytes),
      logAppendTimeMs: stamps ? nowMs : -1,
      duplicate: false,
      written,
    }
  }

  /**
   * As follower: takes over whole batches as the leader wrote them; a batch cut off at the end is ignored, and so is everything from a batch of a
   * later epoch than ours on. Epochs and producers learn from the batches.
   */
  async appendAsFollower(
    records: Buffer,
    { leaderEpoch, leaderLogStartOffset }: { readonly leaderEpoch: number; readonly leaderLogStartOffset?: number },
  ): Promise<FollowerAppendResult> {
    if (this.#truncating > 0) await this.#turns.take(() => Promise.resolve())
    if (!this.isReady) await this.ready().catch(() => undefined) // the log has failed, which is answered below
    await this.#startInsideOf(records)
    if (this.#unavailable() !== undefined || !this.isReady) return { error: 'KAFKA_STORAGE_ERROR', lastOffset: undefined }
    this.#ledEpoch = undefined
    let error: FollowerAppendResult['error'] = 'NONE'
    let last: number | undefined
    let written: Promise<void> | undefined
    try {
      for (const at of batchesIn(records)) {
        const batch = records.subarray(at, at + batchSize(records, at))
        if (partitionLeaderEpoch(batch) > leaderEpoch) break
        if (!isIntact(batch) || lastOffsetDelta(batch) < 0) error = 'CORRUPT_MESSAGE'
        else if (baseOffset(batch) < this.#nextOffset) error = 'OFFSET_OUT_OF_RANGE'
        if (error !== 'NONE') break
        written = this.#decide(batch, partitionLeaderEpoch(batch))
        last = lastOffset(batch)
      }
    } catch (problem) {
      if (!(problem instanceof MalformedMessage)) throw problem
      error = 'CORRUPT_MESSAGE'
    }
    try {
      await written
    } catch {
      return { error: 'KAFKA_STORAGE_ERROR', lastOffset: undefined } // `failure` has the reason, and its listener knows; or the disk was full
    }
    if (leaderLogStartOffset !== undefined) this.raiseLogStartOffset(Math.min(leaderLogStartOffset, this.#logEndOffset))
    return { error, lastOffset: last }
  }

  /** A log that was emptied to begin at an offset in the middle of a batch takes that batch whole; its log start offset stays where it is. */
  async #startInsideOf(records: Buffer): Promise<void> {
    const isEmpty = this.#logStartOffset === this.#nextOffset
    if (!isEmpty || !isIntact(records) || baseOffset(records) >= this.#nextOffset || lastOffset(records) < this.#nextOffset) return
    const start = this.#logStartOffset
    await this.truncateFullyAndStartAt(baseOffset(records))
    this.#logStartOffset = start
  }

  #unavailable(): BatchRefused | undefined {
    if (this.#turns.failure !== undefined || this.#isClosed) return { error: 'KAFKA_STORAGE_ERROR' }
    if (this.#truncating > 0) return { error: 'NOT_LEADER_OR_FOLLOWER', message: 'The log is being truncated' }
    if (this.isFull && this.#whenFull === 'refuse') return { error: 'KAFKA_STORAGE_ERROR', message: 'The disk is full' }
    return undefined
  }

  /** Gives a numbered batch its place and its turn. */
  #decide(batch: Buffer, epoch: number): Promise<void> {
    const place = placed(batch)
    const nowMs = this.#env.clock.now()
    const config = isCompacted(this.#config)
      ? { ...this.#config, segmentMs: Math.min(this.#config.segmentMs, this.#config.maxCompactionLagMs) }
      : this.#config
    if (this.#active.shouldRoll(place, config, { nowMs, jitterMs: this.#jitterMs })) {
      // Segments follow each other without a gap, which is how a recovery notices that the end of one is missing.
      this.#planRoll(place.lastOffset - this.#nextOffset > 0x7fff_ffff ? baseOffset(batch) : this.#nextOffset)
    }
    const segment = this.#active
    const position = segment.place(place, this.#config.indexIntervalBytes)
    if (epoch >= 0) this.#files.epochs.changed(this.#files.epochs.cache.assign(epoch, baseOffset(batch)))
    const aborted = replayInto(this.#producers, batch)
    if (aborted !== undefined) segment.addAborted(aborted)
    this.#nextOffset = place.lastOffset + 1
    const group = this.#lastGroup()
    group.work.push({ type: 'batch', segment, bytes: batch, position })
    group.sizeInBytes += batch.length
    this.#drainSoon()
    return group.written
  }

  #planRoll(base: number): void {
    if (base === this.#active.baseOffset) return
    const from = this.#active
    from.planSeal()
    const to = Segment.begin(this.#pool, this.directory, { baseOffset: base, createdMs: this.#env.clock.now() })
    this.#active = to
    this.#drawJitter()
    // Taken now: by the time of the write the producers will have gone on.
    this.#lastGroup().work.push({ type: 'roll', from, to, producers: this.#producers.snapshot() })
  }

  #lastGroup(): Group {
    const last = this.#groups.at(-1)
    if (last !== undefined && last.sizeInBytes < WRITTEN_AT_ONCE_BYTES) return last
    const group = newGroup()
    this.#groups.push(group)
    return group
  }

  #drawJitter(): void {
    const bound = Math.min(this.#config.segmentJitterMs, this.#config.segmentMs)
    this.#jitterMs = bound > 0 ? this.#env.random.below(bound) : 0
  }

  /** For a batch that an earlier call appended: resolves when that one is written. */
  #writtenUpTo(offset: number): Promise<void> {
    if (offset < this.#logEndOffset) return Promise.resolve()
    const before = this.#lastUndoing
    const written = this.#turns.take(async () => {
      await this.#drainAll()
      if (this.#lastUndoing !== before) throw this.#lastUndoing! // perhaps of this one
    })
    written.catch(() => undefined) // as for a group
    return written
  }

  #drainSoon(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    // The caller of each append has `written`, which tells the same.
    this.#turns.take(() => this.#drain()).catch(() => undefined)
  }

  /** One group, then whoever else waits for a turn: a busy log must still be truncated and closed. */
  async #drain(): Promise<void> {
    this.#isDraining = false
    await this.#writeGroup()
    if (this.#groups.length > 0) this.#drainSoon()
  }

  async #drainAll(): Promise<void> {
    while (this.#groups.length > 0) await this.#writeGroup()
  }

  /** What was decided first. Moves the log end offset, tells the producers, then whoever listens. */
  async #writeGroup(): Promise<void> {
    const group = this.#groups.shift()
    if (group === undefined) return
    const { work } = group
    const written: Written = { done: 0, end: undefined }
    try {
      await this.#patiently(() => this.#files.write(work, written))
      const { end } = written
      if (end !== undefined) {
        if (end - this.#files.recoveryPoint >= this.#config.flushMessages) await this.#files.syncUpTo(end)
        const batches: Buffer[] = []
        for (const each of work) {
          if (each.type !== 'batch') continue
          this.#places.note(baseOffset(each.bytes), each.position)
          batches.push(each.bytes)
        }
        this.#recent.written(batches)
        this.#logEndOffset = end
      }
    } catch (problem) {
      if (isOutOfSpace(problem)) {
        if (written.end !== undefined) this.#logEndOffset = written.end
        return this.#undoUnwritten(problem, group)
      }
      group.reject(this.#turns.fail(problem as Error))
      throw problem
    }
    group.resolve()
    if (written.end !== undefined) this.#appended()
    this.#armFlushTimer()
    try {
      // Indexes wait for a quiet moment: readers have them in memory, and a crash has them made anew.
      await this.#files.segments.at(-1)!.writeIndexes(this.#groups.length === 0)
    } catch (problem) {
      if (!isOutOfSpace(problem)) throw problem // otherwise they wait on
    }
  }

  // --- A full disk

  /** In a turn. Where the log waits for space rather than refuse, this resolves once `act` found enough of it. */
  async #patiently(act: () => Promise<void>): Promise<void> {
    await onceThereIsSpace(this.#env.clock, act, {
      isWaiting: () => this.#whenFull === 'wait' && !this.#isClosed,
      refused: problem => this.#ranOutOfSpace(problem),
    })
    if (this.#whenFull === 'wait') this.#hasSpace()
  }

  /**
   * Forgets what was decided and is not in the file, as if it had never been asked for: offsets, producers, epochs and segments are those of the log
   * as it is. Whoever waits for any of it hears of it in this turn, before the offsets are given to others.
   */
  async #undoUnwritten(problem: Error, group: Group): Promise<void> {
    this.#ranOutOfSpace(problem)
    this.#lastUndoing = problem
    const forgotten = [group, ...this.#groups]
    this.#groups = []
    for (const each of forgotten) each.reject(problem)
    const end = this.#logEndOffset
    this.#undone(end)
    await this.#turns.alone()
    const active = this.#files.segments.at(-1)!
    await this.#takeAway({ segment: active, position: active.size }, end)
    if (this.#ledEpoch !== undefined) this.#files.epochs.changed(this.#files.epochs.cache.assign(this.#ledEpoch, end))
    this.#appended()
    this.#lookForSpace()
  }

  #ranOutOfSpace(problem: Error): void {
    const isNews = this.#outOfSpace === undefined
    this.#outOfSpace = problem
    if (!isNews) return
    const isSoon = this.#env.clock.elapsed() - this.#hasSpaceSinceMs < SOON_MS
    this.#enoughBytes = isSoon ? Math.min(2 * this.#enoughBytes, MOST_ENOUGH_BYTES) : ENOUGH_BYTES
    this.#log.warn('the disk is full: nothing is appended until there is space', { ...this.#name, problem })
    this.#filled()
  }

  #hasSpace(): void {
    if (this.#outOfSpace === undefined) return
    this.#outOfSpace = undefined
    this.#hasSpaceSinceMs = this.#env.clock.elapsed()
    this.#log.info('there is space again', this.#name)
  }

  #lookForSpace(): void {
    this.#spaceTimer ??= this.#env.clock.after(SPACE_CHECK_MS, () => {
      this.#spaceTimer = undefined
      // In a turn of its own: while something is being forgotten nothing may be decided.
      const looked = this.#turns.take(async () => {
        const { freeBytes } = await this.#env.disk.space(this.directory)
        if (this.#isClosed) return
        if (freeBytes >= this.#enoughBytes) this.#hasSpace()
        else this.#lookForSpace()
      })
      looked.catch(() => undefined) // the log has failed and said so
    })
  }

  get #name(): { readonly topic: string; readonly partition: number } {
    return { topic: this.topic, partition: this.partition }
  }

  // --- Reading

  /** As a consumer or follower that may see what is below `upTo`. Whole batches; the first may begin before `from`. Empty at the end. */
  async read(from: number, options: ReadOptions): Promise<ReadResult> {
    for (;;) {
      if (this.#turns.failure !== undefined || this.#isClosed) return { error: 'KAFKA_STORAGE_ERROR' }
      if (from < this.#logStartOffset || from > this.#logEndOffset) return { error: 'OFFSET_OUT_OF_RANGE' }
      const upTo = Math.min(options.upTo, this.#logEndOffset)
      if (from >= upTo) return { error: 'NONE', records: Buffer.alloc(0) }
      const remembered = this.#truncating > 0 ? undefined : this.#recent.read(from, { ...options, upTo })
      if (remembered !== undefined) return { error: 'NONE', records: remembered }
      const truncations = this.#truncations
      const hasChanged = () => truncations !== this.#truncations || from < this.#logStartOffset
      try {
        const records = await readBatches(this.#files.segments, this.#places, from, { ...options, upTo })
        // What was read while the log was cut may be of both sides of the cut.
        if (!hasChanged()) return { error: 'NONE', records }
      } catch (problem) {
        if (this.#isClosed || hasChanged()) continue
        this.#turns.fail(problem as Error)
      }
    }
  }

  /** Where `epoch`, or the largest known epoch below it, ended (KIP-279); -1 and -1 when that cannot be told. Never below the log start. */
  endOffsetFor(epoch: number): { readonly epoch: number; readonly endOffset: number } {
    const end = this.trueEndOffsetFor(epoch)
    return end.epoch === -1 ? end : { epoch: end.epoch, endOffset: Math.max(end.endOffset, this.#logStartOffset) }
  }

  /** As `endOffsetFor`, and below the log start where that is still known. */
  trueEndOffsetFor(epoch: number): { readonly epoch: number; readonly endOffset: number } {
    return this.#files.epochs.cache.endOffsetFor(epoch, this.#logEndOffset)
  }

  /** The first leader epoch of which anything is known. */
  get oldestEpoch(): number | undefined {
    return this.#files.epochs.cache.entries[0]?.epoch
  }

  /** The leader epoch that wrote `offset`. */
  epochAt(offset: number): number | undefined {
    return this.#files.epochs.cache.epochAt(offset)
  }

  /** The first record whose timestamp is `timestamp` or later, wherever the high watermark is. */
  offsetForTimestamp(timestamp: number): Promise<FoundOffset | undefined> {
    return this.#lookUp(bounds => findByTimestamp(this.#files.segments, timestamp, bounds))
  }

  /** The first record that has the largest timestamp of all (KIP-734), wherever the high watermark is. */
  maxTimestamp(): Promise<FoundOffset | undefined> {
    return this.#lookUp(bounds => findMaxTimestamp(this.#files.segments, bounds))
  }

  /** What a read_committed reader of [from, upTo) has to leave out: the producer's records from `firstOffset` up to its abort marker. */
  abortedTransactions(from: number, upTo: number): Promise<{ readonly producerId: number; readonly firstOffset: number }[]> {
    return this.#lookUp(() => abortedBetween(this.#files.segments, { from, upTo }))
  }

  async #lookUp<T>(look: (bounds: Bounds) => Promise<T>): Promise<T> {
    if (!this.isReady) await this.ready()
    for (;;) {
      if (this.#turns.failure !== undefined) throw this.#turns.failure
      if (this.#isClosed) throw new LogClosed(`the log of ${this.topic}-${this.partition} is closed`)
      const before = { truncations: this.#truncations, logStartOffset: this.#logStartOffset }
      const hasChanged = () => before.truncations !== this.#truncations || before.logStartOffset !== this.#logStartOffset
      try {
        const found = await look({ logStartOffset: this.#logStartOffset, logEndOffset: this.#logEndOffset })
        if (!hasChanged()) return found
      } catch (problem) {
        if (this.#truncating > 0) await this.#turns.take(() => Promise.resolve())
        else if (!this.#isClosed && !hasChanged()) throw this.#turns.fail(problem as Error)
      }
    }
  }

  activeProducers(): ActiveProducer[] {
    return this.#producers.describe()
  }

  /** Whether a transactional batch of this producer would go on with a transaction that is open here. */
  hasOpenTransaction(producerId: number): boolean {
    return this.#producers.hasOpenTransaction(producerId)
  }

  // --- Both ends

  /** Moves the high watermark up to `offset`, as far as the log goes, and never back. Answers where it is. */
  advanceHighWatermark(offset: number): number {
    const next = Math.min(offset, this.#logEndOffset)
    if (next > this.#highWatermark) {
      this.#highWatermark = next
      this.#producers.forgetDecidedBelow(next)
    }
    return this.#highWatermark
  }

  /** Offsets below are gone at once; their segments go with the next `deleteOldSegments`. Bounded by the log end; never back. */
  raiseLogStartOffset(offset: number): void {
    const start = Math.min(offset, this.#logEndOffset)
    if (start <= this.#logStartOffset) return
    this.#logStartOffset = start
    this.advanceHighWatermark(start)
  }

  /**
   * What retention by time, size and log start offset lets go; also forgets producers that were silent for long. Answers how many segments went.
   * Their files get another name at once, oldest first, and vanish after `file.delete.delay.ms`.
   */
  async deleteOldSegments(): Promise<number> {
    if (!this.isReady) await this.ready()
    return this.#turns.take(async () => {
      await this.#turns.alone()
      if (this.#isClosed) return 0
      const nowMs = this.#env.clock.now()
      this.#producers.expire(nowMs, this.#config.producerIdExpirationMs)
      await loadLargestTimestamps(this.#files.segments)
      const segments = await Promise.all(
        this.#files.segments.map(async segment => ({
          baseOffset: segment.baseOffset,
          sizeInBytes: segment.size,
          largestTimestampMs: await largestTimestampMs(segment),
        })),
      )
      let count = deletableSegments(segments, {
        config: this.#config,
        logStartOffset: this.#logStartOffset,
        highWatermark: this.#highWatermark,
        logEndOffset: this.#logEndOffset,
        nowMs,
      })
      if (count === segments.length) {
        // What was decided since belongs to the active segment, which then is not old.
        if (this.#groups.length > 0) count -= 1
        else this.#planRoll(this.#nextOffset)
        await this.#drainAll()
        await this.#turns.alone()
        count = Math.min(count, this.#files.segments.length - 1) // a full disk has no room for another
      }
      if (count === 0) return 0
      this.#compaction?.abort.abort()
      this.raiseLogStartOffset(this.#files.segments[count]!.baseOffset)
      await this.#files.deleteOldest(count, this.#config.fileDeleteDelayMs)
      return count
    })
  }

  // --- Compaction

  /** Where the next pass of compaction begins to look for what is new; nothing when there was none yet. For the checkpoint. */
  get firstDirtyOffset(): number | undefined {
    return this.#firstDirtyOffset
  }

  /** What a pass of compaction would find to do now. Nothing while nobody has needed the log yet: that can wait, unless `max.compaction.lag.ms` counts. */
  async cleanable(): Promise<CleanableRange | undefined> {
    if (!this.isReady && this.#config.maxCompactionLagMs === Number.MAX_SAFE_INTEGER) return undefined
    if (!this.isReady) await this.ready()
    try {
      return await this.#cleanableBelow(Infinity)
    } catch (problem) {
      if (problem instanceof LogClosed) return undefined
      throw problem
    }
  }

  async #cleanableBelow(stableOffset: number): Promise<CleanableRange> {
    const firstDirtyOffset = firstDirtyOffsetOf(this.#firstDirtyOffset, this)
    const { segments } = this.#files
    const looked = await Promise.all(
      segments.map(async (segment, index) => {
        const { baseOffset, size } = segment
        // Of what is clean or still written to, the times do not matter.
        const isAsked = index < segments.length - 1 && segments[index + 1]!.baseOffset > firstDirtyOffset
        const [firstTimestampMs, largest] = isAsked
          ? await this.#lookUp(() => segment.use(() => Promise.all([segment.loadFirstTimestamp(), largestTimestampMs(segment)])))
          : [undefined, segment.createdMs]
        return { baseOffset, sizeInBytes: size, firstTimestampMs, largestTimestampMs: largest }
      }),
    )
    const { recoveryPoint } = this
    const lastStableOffset = Math.min(stableOffset, this.lastStableOffset)
    return cleanableRange(looked, { firstDirtyOffset, lastStableOffset, recoveryPoint, config: this.#config, nowMs: this.#env.clock.now() })
  }

  /**
   * One pass of compaction over all that can be cleaned, due or not; nothing when there is nothing to clean. Appends and reads go on meanwhile. The caller
   * makes `firstDirtyOffset` durable; without that, the next pass does again what this one did. Throws `CleaningAborted` when the log was truncated,
   * deleted from or closed, `CorruptLog`, and what the disk throws, when it is merely full.
   */
  async compact(limits: Pick<CleaningLimits, 'offsetMapBytes' | 'throttle' | 'signal'>): Promise<CleaningResult | undefined> {
    if (!this.isReady) await this.ready()
    if (this.#isClosed) return undefined
    assert(this.#compaction === undefined, 'one compaction at a time')
    const abort = new AbortController()
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const { lastStableOffset } = this
    const producers = this.#producers.snapshot()
    this.#compaction = { upTo: Infinity, abort, over }
    try {
      // Only what is on the disk for good may be replaced, and only by what is, with the markers that make it count; and a start must know that
      // the gaps which this leaves between segments are none.
      await this.flush()
      const { firstDirtyOffset, firstUncleanableOffset } = await this.#cleanableBelow(lastStableOffset)
      if (firstUncleanableOffset <= firstDirtyOffset) return undefined
      await this.#checkpoint()
      this.#compaction = { upTo: firstUncleanableOffset, abort, over }
      const { segments } = this.#files
      const result = await cleanSegments(
        this.#env,
        this.#pool,
        { segments, directory: this.directory, config: this.#config, firstDirtyOffset, firstUncleanableOffset, producers },
        {
          ...limits,
          signal: AbortSignal.any([limits.signal, abort.signal]),
          swap: (old, cleaned) => this.#turns.take(() => this.#swap(old, cleaned)),
        },
      )
      if (abort.signal.aborted) throw new CleaningAborted('the log changed meanwhile')
      this.#firstDirtyOffset = result.endOffset
      return result
    } catch (problem) {
      if (problem instanceof LogClosed) throw new CleaningAborted('the log was closed', { cause: problem })
      // A disk that cannot be read is no better for compaction than for readers; one that is full is.
      throw problem instanceof DiskError && !isOutOfSpace(problem) ? this.#turns.fail(problem) : problem
    } finally {
      this.#compaction = undefined
      end()
    }
  }

  async #swap(old: readonly Segment[], cleaned: Segment): Promise<boolean> {
    await this.#turns.alone()
    const replaced = () => {
      this.#truncations += 1
      this.#places = new Places()
      this.#recent.clear()
    }
    return this.#files.replace(old, cleaned, { delayMs: this.#config.fileDeleteDelayMs, replaced })
  }

  /** What is at `offset` and above is about to go: a compaction must not go on with it, nor take it for clean. */
  #endCompactionAbove(offset: number): void {
    if (this.#compaction !== undefined && offset < this.#compaction.upTo) this.#compaction.abort.abort()
    if (this.#firstDirtyOffset !== undefined) this.#firstDirtyOffset = Math.min(this.#firstDirtyOffset, offset)
  }

  // --- Truncation

  /** Drops what is at `offset` and above, as a follower whose leader wrote something else there. Durable when it resolves. */
  truncateTo(offset: number): Promise<void> {
    return this.#whileNothingIsDecided(async () => {
      if (offset < this.#logStartOffset || offset < this.#files.segments[0]!.baseOffset) return this.#startOver(offset)
      if (offset < this.#logEndOffset) return this.#cutAt(offset)
      // An epoch whose leader we were, without writing anything, may contradict the new leader's.
      const { epochs } = this.#files
      epochs.changed(epochs.cache.truncateFrom(this.#logEndOffset))
      return this.#patiently(() => epochs.persist())
    })
  }

  /** Drops everything: the log goes on, empty, at `offset`. For a follower so far behind that its leader does not have the offsets between any more. */
  truncateFullyAndStartAt(offset: number): Promise<void> {
    return this.#whileNothingIsDecided(() => this.#startOver(offset))
  }

  #whileNothingIsDecided(act: () => Promise<void>): Promise<void> {
    this.#truncating += 1
    return this.#turns
      .take(async () => {
        await this.#drainAll()
        await this.#turns.alone()
        this.#truncations += 1
        try {
          await act()
        } finally {
          // Until now somebody may have read what is cut off, and noted where it was: who still does so notes it in the old ones.
          this.#places = new Places()
          this.#recent.clear()
        }
      })
      .finally(() => {
        this.#truncating -= 1
        this.#truncations += 1
      })
  }

  async #cutAt(offset: number): Promise<void> {
    await this.#becomeReady() // what ends earlier than it says must not be taken for cut
    const cut = await this.#files.find(offset)
    // A log start in the middle of a batch stays where it is when the batch goes.
    const end = Math.max(Math.min(offset, cut.baseOffset), this.#logStartOffset)
    this.#endCompactionAbove(end)
    await this.#patiently(() => this.#files.lowerRecoveryPoint(end))
    this.#logEndOffset = end
    this.#highWatermark = Math.min(this.#highWatermark, end)
    await this.#takeAway(cut, end)
    await this.#patiently(() => this.#files.epochs.persist())
  }

  /** What is in the files from the cut on, and what is known of it. */
  async #takeAway(cut: { readonly segment: Segment; readonly position: number }, end: number): Promise<void> {
    await wholly(() =>
      this.#files.cutAt(cut, end, () => restoreProducers(this.#producers, this.#files.snapshots, this.#files.segments, end)),
    )
    this.#isKnown()
    this.#active = cut.segment
    this.#nextOffset = end
  }

  async #startOver(offset: number): Promise<void> {
    const { logStartOffset, logEndOffset, highWatermark } = this
    this.#endCompactionAbove(0)
    // Readers find nothing in the meantime, and a checkpoint promises nothing.
    this.#moveTo(0)
    try {
      await this.#patiently(() => this.#files.lowerRecoveryPoint(0))
    } catch (problem) {
      this.#moveTo(logEndOffset)
      this.#logStartOffset = logStartOffset
      this.#highWatermark = highWatermark
      throw problem
    }
    await wholly(() => this.#files.startOver(offset))
    this.#producers.load([])
    this.#isKnown()
    this.#active = this.#files.segments[0]!
    this.#moveTo(offset)
  }

  #moveTo(offset: number): void {
    this.#logStartOffset = offset
    this.#logEndOffset = offset
    this.#nextOffset = offset
    this.#highWatermark = offset
  }

  // --- Syncing and ending

  /** Everything appended before the call is on the disk when it resolves. Calls that come while one is under way share the next one. */
  flush(): Promise<void> {
    if (this.#flushing === undefined) {
      this.#flushing = this.#flushNow().finally(() => (this.#flushing = undefined))
      return this.#flushing
    }
    this.#nextFlush ??= this.#flushing
      .catch(() => undefined) // its own callers hear of it, and the next one fails as well
      .then(() => {
        this.#nextFlush = undefined
        return this.flush()
      })
    return this.#nextFlush
  }

  async #flushNow(): Promise<void> {
    await this.#turns.take(() => this.#drainAll())
    try {
      await this.#patiently(() => this.#files.syncUpTo(this.#logEndOffset))
    } catch (problem) {
      throw isOutOfSpace(problem) ? problem : this.#turns.fail(problem as Error)
    }
  }

  #armFlushTimer(): void {
    if (this.#config.flushMs >= Number.MAX_SAFE_INTEGER || this.#flushTimer !== undefined) return
    this.#flushTimer = this.#env.clock.after(this.#config.flushMs, () => {
      this.#flushTimer = undefined
      this.flush().catch(() => undefined) // the log has failed and said so, or the disk is full and the next flush comes
    })
  }

  /** A clean end: all is synced, and the next start may trust it. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      await this.#turns.take(async () => {
        await this.#drainAll()
        await this.#turns.alone()
        // What nobody has looked into is as the last clean end left it.
        if (this.isReady) await this.#files.finish(this.#logEndOffset, this.#producers.snapshot())
      })
    } finally {
      await this.#letGo()
    }
  }

  /** Gives the folder the name `directory`, under which nobody takes it for this partition any more. A failed log can be renamed too. */
  async moveAway(directory: string): Promise<void> {
    this.#isClosed = true
    await this.#turns.take(() => this.#drainAll()).catch(() => undefined) // a failure of what is deleted anyway has been told
    await this.#letGo()
    await this.#env.disk.rename(this.directory, directory)
  }

  async #letGo(): Promise<void> {
    this.#compaction?.abort.abort()
    await this.#compaction?.over
    this.#flushTimer?.cancel()
    this.#spaceTimer?.cancel()
    this.#recent.clear()
    await this.#turns.idle()
    await (this.#nextFlush ?? this.#flushing)?.catch(() => undefined) // told to its callers
    await this.#files.close()
  }

  #hasFailed(failure: Error): void {
    this.#log.error('a log went offline', { topic: this.topic, partition: this.partition, problem: failure })
    const waiting = this.#groups
    this.#groups = []
    this.#recent.clear()
    for (const group of waiting) group.reject(failure)
    this.#compaction?.abort.abort()
    for (const listen of this.#failureListeners) listen(failure)
  }
}

function newGroup(): Group {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // Not every caller waits for it (acks=0); that the log has failed is told by `failure` as well.
  promise.catch(() => undefined)
  return { work: [], sizeInBytes: 0, written: promise, resolve, reject }
}

async function largestTimestampMs(segment: Segment): Promise<number> {
  const largest = await segment.loadLargestTimestamp()
  return largest === undefined || largest.timestamp < 0 ? segment.createdMs : largest.timestamp
}
