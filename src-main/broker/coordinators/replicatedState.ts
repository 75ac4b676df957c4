import type { Logger } from '../../base/logger.ts'
import type { Clock } from '../../env/env.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { batchesIn, isControl } from '../../protocol/records/batch.ts'
import { buildBatch, type NewRecord } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import type { CoordinatorLog } from './coordinatorLog.ts'

/** What a kind of state is made of: how its entries look in the log and what they do. */
export interface StateRules<State, Entry> {
  empty(): State
  /** Changes the state; the same on the day it is decided as on the day it is read again. */
  apply(state: State, entry: Entry): void
  encode(entry: Entry): { readonly key: Buffer; readonly value: Buffer | null }
  /** Undefined for a record of a kind that is not known here. */
  decode(key: Buffer, value: Buffer | null): Entry | undefined
}

export interface ReplicatedStateOptions {
  /** Whoever waits longer than this for a commit is told REQUEST_TIMED_OUT; what it decided may still be committed. */
  readonly commitTimeoutMs: number
  readonly maxBatchBytes: number
  readonly logger: Logger
  /** Told once, when a decision could not be appended: the state is ahead of its log now and must be loaded again. */
  readonly onFailed: (error: ErrorName) => void
}

/** What became of a decision at once: taken, with a promise of its commit, or refused, with nothing changed. */
export type Written =
  | { readonly accepted: true; readonly committed: Promise<ErrorName> }
  | { readonly accepted: false; readonly error: ErrorName }

/** Decisions that go into one batch. */
interface Pending {
  readonly records: NewRecord[]
  bytes: number
  /** Those who wait for its commit, who share a deadline; undefined while nobody does. */
  wait: Wait | undefined
}

interface Wait {
  readonly committed: Promise<ErrorName>
  readonly settle: (error: ErrorName) => void
}

/** Lengths, deltas and attributes of one record, generously. */
const RECORD_OVERHEAD_BYTES = 32
const BATCH_OVERHEAD_BYTES = 128
/** How many full batches may wait behind the one that is being replicated before more is refused. */
const MAX_WAITING_BATCHES = 8
/** A coordinator's batches are small; this only bounds what a strange one may decompress to. */
const MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024

const NOTHING_TO_WAIT_FOR: Promise<ErrorName> = Promise.resolve('NONE')

/**
 * State whose truth is a partition. Decisions are made on the newest state, committed or not, take effect at once and are answered when the high
 * watermark has passed them. One batch is on its way at a time, and what is decided meanwhile shares the next one.
 * When a batch cannot be appended the state is of no use any more: there is no undo, it is loaded again from the log.
 */
export class ReplicatedState<State, Entry> {
  readonly state: State
  readonly #clock: Clock
  readonly #log: CoordinatorLog
  readonly #rules: StateRules<State, Entry>
  readonly #options: ReplicatedStateOptions
  /** In order; the first is on its way when `#isSending`. */
  readonly #pending: Pending[] = []
  #isSending = false
  #isFlushScheduled = false
  #closed: ErrorName | undefined

  private constructor(clock: Clock, log: CoordinatorLog, rules: StateRules<State, Entry>, options: ReplicatedStateOptions) {
    this.#clock = clock
    this.#log = log
    this.#rules = rules
    this.#options = options
    this.state = rules.empty()
  }

  /** Reads the whole partition. Rejects when that fails. */
  static async load<State, Entry>(
    clock: Clock,
    log: CoordinatorLog,
    rules: StateRules<State, Entry>,
    options: ReplicatedStateOptions,
  ): Promise<ReplicatedState<State, Entry>> {
    const loaded = new ReplicatedState(clock, log, rules, options)
    await log.readAll(batch => {
      for (const at of batchesIn(batch)) loaded.#replay(batch, at)
    })
    // The end of the log may be above the high watermark. It was decided, but nobody may be told before it is committed.
    loaded.#send(loaded.#newPending(), log.committed())
    return loaded
  }

  #replay(batch: Buffer, at: number): void {
    if (isControl(batch, at)) return
    for (const { key, value, offset } of decodeRecords(batch, at, MAX_DECOMPRESSED_BYTES)) {
      const entry = key === null ? undefined : this.#rules.decode(key, value)
      if (entry === undefined) this.#options.logger.warn('skipping a record of an unknown kind', { offset })
      else this.#rules.apply(this.state, entry)
    }
  }

  /** Why a decision with entries would be refused now; `NONE` when it would not. */
  refusal(): ErrorName {
    if (this.#closed !== undefined) return this.#closed
    if (this.#pending.length > MAX_WAITING_BATCHES) return 'REQUEST_TIMED_OUT'
    return this.#log.refusal()
  }

  /** Makes the entries part of the state and of the log. Without entries: waits for the commit of all that was decided so far. */
  write(entries: readonly Entry[]): Written {
    if (this.#closed !== undefined) return { accepted: false, error: this.#closed }
    if (entries.length === 0) return { accepted: true, committed: this.#commitOf(this.#pending.at(-1)) }
    const timestamp = this.#clock.now()
    let bytes = 0
    const records = entries.map(entry => {
      const { key, value } = this.#rules.encode(entry)
      bytes += key.length + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES
      return { key, value, timestamp }
    })
    if (bytes > this.#maxRecordBytes) return { accepted: false, error: 'RECORD_LIST_TOO_LARGE' }
    for (const entry of entries) this.#rules.apply(this.state, entry)
    const pending = this.#pendingWithRoomFor(bytes)
    for (const record of records) pending.records.push(record)
    pending.bytes += bytes
    this.#scheduleFlush()
    return { accepted: true, committed: this.#commitOf(pending) }
  }

  /** Who still waits is told `error`; nothing more is written. */
  close(error: ErrorName): void {
    if (this.#closed !== undefined) return
    this.#closed = error
    for (const pending of this.#pending.splice(0)) pending.wait?.settle(error)
  }

  get #maxRecordBytes(): number {
    return this.#options.maxBatchBytes - BATCH_OVERHEAD_BYTES
  }

  #pendingWithRoomFor(bytes: number): Pending {
    const last = this.#pending.at(-1)
    const isOnItsWay = this.#isSending && this.#pending.length === 1
    if (last !== undefined && !isOnItsWay && last.bytes + bytes <= this.#maxRecordBytes) return last
    return this.#newPending()
  }

  #newPending(): Pending {
    const pending: Pending = { records: [], bytes: 0, wait: undefined }
    this.#pending.push(pending)
    return pending
  }

  #commitOf(pending: Pending | undefined): Promise<ErrorName> {
    if (pending === undefined) return NOTHING_TO_WAIT_FOR
    pending.wait ??= this.#newWait(() => {
      pending.wait = undefined
    })
    return pending.wait.committed
  }

  #newWait(timedOut: () => void): Wait {
    const { promise, resolve } = Promise.withResolvers<ErrorName>()
    const timer = this.#clock.after(this.#options.commitTimeoutMs, () => {
      timedOut()
      resolve('REQUEST_TIMED_OUT')
    })
    return {
      committed: promise,
      settle(error) {
        timer.cancel()
        resolve(error)
      },
    }
  }

  /** After this turn of the loop, so that what is decided in the same turn shares the batch. */
  #scheduleFlush(): void {
    if (this.#isSending || this.#isFlushScheduled) return
    this.#isFlushScheduled = true
    queueMicrotask(() => {
      this.#isFlushScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    const [next] = this.#pending
    if (next === undefined || this.#isSending || this.#closed !== undefined) return
    this.#send(next, this.#log.append(buildBatch({ records: next.records })))
  }

  #send(pending: Pending, outcome: Promise<{ readonly error: ErrorName }>): void {
    this.#isSending = true
    outcome.then(
      ({ error }) => this.#sent(pending, error),
      (cause: unknown) => {
        this.#options.logger.error('the log of a coordinator failed', { cause })
        this.#sent(pending, 'KAFKA_STORAGE_ERROR')
      },
    )
  }

  #sent(pending: Pending, error: ErrorName): void {
    if (this.#closed !== undefined) return
    if (error !== 'NONE') {
      this.close(error)
      this.#options.onFailed(error)
      return
    }
    this.#isSending = false
    this.#pending.shift()
    pending.wait?.settle('NONE')
    this.#flush()
  }
}
