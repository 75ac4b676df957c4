import type { Logger } from '../../base/logger.ts'
import type { Env, Timer } from '../../env/env.ts'
import { isOutOfSpace } from '../outOfSpace.ts'
import type { CleanableRange } from './cleanableRange.ts'
import { CleaningAborted, type CleaningLimits, type CleaningResult } from './cleanSegments.ts'
import { Throttle } from './throttle.ts'

/** What the cleaner asks of a log. */
export interface CleanableLog {
  readonly topic: string
  readonly partition: number
  /** Undefined when nothing can be cleaned at the moment: the log is empty, closed, offline, or already being cleaned. */
  cleanable(nowMs: number): Promise<CleanableRange | undefined>
  /** One pass; nothing when there was nothing to clean any more. Rejects with `CleaningAborted` when it was told to stop, or the log changed in a way that makes the pass useless. */
  compact(limits: Omit<CleaningLimits, 'swap'>): Promise<CleaningResult | undefined>
}

/** Broker configs `log.cleaner.*`. */
export interface LogCleanerConfig {
  readonly enable: boolean
  /** How long to wait when there was nothing to do. */
  readonly backoffMs: number
  readonly ioMaxBytesPerSecond: number
  readonly dedupeBufferSize: number
}

export const defaultLogCleanerConfig: LogCleanerConfig = {
  enable: true,
  backoffMs: 15_000,
  ioMaxBytesPerSecond: Infinity,
  dedupeBufferSize: 128 * 1024 * 1024,
}

/**
 * Compacts the logs of a broker, one at a time: the one whose records are most overdue (KIP-354), then the one with the highest dirty ratio. Waits when
 * none is due. A log on which a pass failed is left alone from then on; one that has changed meanwhile, or whose disk is full, only for the back-off.
 */
export class LogCleaner<Log extends CleanableLog> {
  readonly #clock: Env['clock']
  readonly #logs: () => readonly Log[]
  readonly #config: LogCleanerConfig
  readonly #log: Logger
  readonly #checkpoint: (log: Log) => Promise<void>
  readonly #throttle: Throttle
  /** From when on, in `elapsed` time, a log on which a pass failed is looked at again. */
  readonly #notBeforeMs = new WeakMap<Log, number>()
  #stopping = new AbortController()
  #running: Promise<void> | undefined
  #timer: Timer | undefined

  constructor(
    { clock }: Pick<Env, 'clock'>,
    of: {
      /** Those with `cleanup.policy` compact, as they are now. */
      readonly logs: () => readonly Log[]
      readonly config: LogCleanerConfig
      readonly log: Logger
      /** Makes durable where the log's dirty part begins now. */
      readonly checkpoint: (log: Log) => Promise<void>
    },
  ) {
    this.#clock = clock
    this.#logs = of.logs
    this.#config = of.config
    this.#log = of.log
    this.#checkpoint = of.checkpoint
    this.#throttle = new Throttle(clock, of.config.ioMaxBytesPerSecond)
  }

  /** Looks for work now and again and again. Harmless when it is running. */
  start(): void {
    if (!this.#config.enable || this.#running !== undefined || this.#timer !== undefined) return
    this.#stopping = new AbortController()
    this.#goOn()
  }

  /** Gives up the pass under way; resolves when nothing happens any more. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#timer?.cancel()
    this.#timer = undefined
    await this.#running
  }

  /** Compacts the log that needs it most. Answers whether there was one. */
  async cleanFilthiest(): Promise<boolean> {
    const filthiest = await this.#filthiest()
    if (filthiest === undefined) return false
    const { topic, partition } = filthiest
    const { signal } = this.#stopping
    try {
      const result = await filthiest.compact({ offsetMapBytes: this.#config.dedupeBufferSize, throttle: this.#throttle, signal })
      if (result === undefined) return false
      this.#log.info('compacted a log', { topic, partition, ...result })
      await this.#checkpoint(filthiest)
    } catch (problem) {
      this.#failed(filthiest, problem)
    }
    return true
  }

  #failed(log: Log, problem: unknown): void {
    const { topic, partition } = log
    const mayHeal = problem instanceof CleaningAborted || isOutOfSpace(problem)
    this.#notBeforeMs.set(log, mayHeal ? this.#clock.elapsed() + this.#config.backoffMs : Infinity)
    if (isOutOfSpace(problem)) this.#log.warn('no room to compact a log', { topic, partition, problem })
    else if (!mayHeal) this.#log.error('a log could not be compacted and stays as it is', { topic, partition, problem })
  }

  async #filthiest(): Promise<Log | undefined> {
    let found: { readonly log: Log; readonly range: CleanableRange } | undefined
    for (const log of this.#logs()) {
      if (this.#stopping.signal.aborted) return undefined
      if (this.#clock.elapsed() < (this.#notBeforeMs.get(log) ?? 0)) continue
      let range: CleanableRange | undefined
      try {
        range = await log.cleanable(this.#clock.now())
      } catch (problem) {
        this.#failed(log, problem)
      }
      if (range?.isDue === true && (found === undefined || isFilthier(range, found.range))) found = { log, range }
    }
    return found?.log
  }

  #goOn(): void {
    this.#running = this.cleanFilthiest().then(isMoreLikely => {
      this.#running = undefined
      if (this.#stopping.signal.aborted) return
      this.#timer = this.#clock.after(isMoreLikely ? 0 : this.#config.backoffMs, () => {
        this.#timer = undefined
        this.#goOn()
      })
    })
  }
}

function isFilthier(one: CleanableRange, other: CleanableRange): boolean {
  return one.overdueMs === other.overdueMs ? one.ratio > other.ratio : one.overdueMs > other.overdueMs
}
