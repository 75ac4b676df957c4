import { silentLogger } from '../../base/logger.ts'
import type { Env } from '../../env/env.ts'
import { encodeControlRecord } from '../../protocol/messages/controlRecords.ts'
import {
  baseOffset,
  batchesIn,
  batchSize,
  compressionNames,
  isControl,
  isTransactional,
  lastOffset,
  producerId,
} from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { SOME_TIME } from '../builders.ts'
import type { LogConfig } from '../logConfig.ts'
import { LogDirectory } from '../logDirectory.ts'
import type { PartitionLog } from '../partitionLog.ts'
import { transactionMarkerOf } from '../producerBatches.ts'
import { CleaningAborted } from './cleanSegments.ts'
import { OFFSET_MAP_SLOT_BYTES } from './offsetMap.ts'
import { Throttle } from './throttle.ts'

/** What a seeded random does. */
interface Dice {
  below(bound: number): number
  chance(probability: number): boolean
}

/** For tests: a log that is written, read, cut and compacted at the same time, and what was ever put into it. */
export class BusyLog {
  log!: PartitionLog
  /** As they were decided, whatever compaction made of them. */
  batches: Buffer[] = []
  /** Below this the disk surely has it. */
  surelyUpTo = 0
  passes = 0
  /** Passes that something else ended. */
  aborted = 0
  readonly #random: Dice
  readonly #config: LogConfig
  #env!: Env
  #directory!: LogDirectory
  #value = 0
  #compacting: Promise<void> | undefined
  #problem: unknown

  constructor(random: Dice, config: LogConfig) {
    this.#random = random
    this.#config = config
  }

  async open(env: Env): Promise<void> {
    this.#env = env
    this.#compacting = undefined
    this.#directory = await LogDirectory.open(env, '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger })
    this.log = await this.#directory.openLog('topic', 0, undefined, this.#config)
    await this.log.ready()
  }

  async close(): Promise<void> {
    await this.#directory.close(7)
    await this.#compacting
  }

  /** What went wrong where nobody waited for it. */
  throwFirst(): void {
    if (this.#problem !== undefined) throw this.#problem as Error
  }

  /** Until no pass is under way any more. */
  async rest(): Promise<void> {
    await this.#compacting
  }

  async run(steps: number, { check }: { readonly check: (log: PartitionLog) => Promise<void> }): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const drawn = this.#random.below(100)
      if (drawn < 55) await this.#append()
      else if (drawn < 63) this.#compactBeside()
      else if (drawn < 70) await this.#flush()
      else if (drawn < 75) await this.#directory.checkpoint()
      else if (drawn < 80) await this.#truncate()
      else if (drawn < 83) await this.#deleteRecords()
      else if (drawn < 90) await check(this.log)
      else if (drawn < 98) await new Promise<void>(resolve => this.#env.clock.after(this.#random.below(30), resolve))
      else await this.#restart()
    }
  }

  async #append(): Promise<void> {
    const written: Promise<void>[] = []
    for (let count = 1 + this.#random.below(4); count > 0; count--) {
      const batch = this.#someBatch()
      const result = this.log.append(batch, { leaderEpoch: 1, origin: 'coordinator' })
      if (result.error !== 'NONE') throw new Error(`${result.error}: ${result.message}`)
      this.batches.push(Buffer.from(batch))
      written.push(result.written)
    }
    await Promise.all(written)
    this.log.advanceHighWatermark(this.log.logEndOffset - this.#random.below(3))
  }

  /** What the log says of a producer is what goes on: after a cut too. */
  #someBatch(): Buffer {
    const id = this.#random.chance(0.3) ? -1 : 1000 + this.#random.below(3)
    const known = this.log.activeProducers().find(each => each.producerId === id)
    const producerEpoch = known?.producerEpoch ?? 0
    const isOpen = known !== undefined && known.currentTxnStartOffset !== -1
    if (isOpen && this.#random.chance(0.4)) {
      const record = encodeControlRecord({ type: this.#random.chance(0.5) ? 'abort' : 'commit', coordinatorEpoch: 0 })
      const bumped = producerEpoch + (this.#random.chance(0.3) ? 1 : 0)
      return buildBatch({
        records: [{ timestamp: SOME_TIME, ...record }],
        producerId: id,
        producerEpoch: bumped,
        isTransactional: true,
        isControl: true,
      })
    }
    const records = Array.from({ length: 1 + this.#random.below(4) }, () => ({
      timestamp: SOME_TIME + this.#random.below(1000),
      key: Buffer.from(`key ${this.#random.below(12)}`),
      value: this.#random.chance(0.2) ? null : Buffer.from(`${this.#value++}`.padEnd(this.#random.below(100), '.')),
    }))
    const codec = compressionNames[this.#random.below(compressionNames.length)]!
    if (id === -1) return buildBatch({ records, codec })
    const baseSequence = (known?.lastSequence ?? -1) + 1
    return buildBatch({ records, codec, producerId: id, producerEpoch, baseSequence, isTransactional: isOpen || this.#random.chance(0.5) })
  }

  #compactBeside(): void {
    if (this.#compacting !== undefined) return
    const { log } = this
    const slots = this.#random.chance(0.7) ? 1000 : 1 + this.#random.below(12)
    const throttle = new Throttle(this.#env.clock, this.#random.chance(0.5) ? Infinity : 50_000)
    const { signal } = new AbortController()
    this.#compacting = log
      .compact({ offsetMapBytes: slots * OFFSET_MAP_SLOT_BYTES, throttle, signal })
      .then(result => void (this.passes += result === undefined ? 0 : 1))
      .catch((problem: unknown) => {
        if (problem instanceof CleaningAborted) this.aborted += 1
        else this.#problem = problem
      })
      .finally(() => (this.#compacting = undefined))
  }

  async #flush(): Promise<void> {
    const upTo = this.log.logEndOffset
    await this.log.flush()
    this.surelyUpTo = Math.max(this.surelyUpTo, upTo)
  }

  /** Never below the high watermark: what is compacted there was never to be lost. */
  async #truncate(): Promise<void> {
    const { highWatermark } = this.log
    const mayGo = this.batches.filter(batch => baseOffset(batch) >= highWatermark)
    const first = mayGo[this.#random.below(mayGo.length + 1)]
    if (first === undefined) return
    const offset = baseOffset(first)
    this.surelyUpTo = Math.min(this.surelyUpTo, offset)
    await this.log.truncateTo(offset)
    this.batches = this.batches.filter(batch => baseOffset(batch) < offset)
  }

  async #deleteRecords(): Promise<void> {
    const { logStartOffset, highWatermark } = this.log
    this.log.raiseLogStartOffset(logStartOffset + this.#random.below(Math.max(1, Math.floor((highWatermark - logStartOffset) / 3))))
    await this.log.deleteOldSegments()
  }

  async #restart(): Promise<void> {
    const { logEndOffset } = this.log
    await this.close()
    this.surelyUpTo = logEndOffset
    await this.open(this.#env)
  }
}

/** All batches from the log start on, read as a consumer does. */
export async function readAll(log: PartitionLog): Promise<Buffer[]> {
  const batches: Buffer[] = []
  const end = log.logEndOffset
  for (let from = log.logStartOffset; from < end;) {
    const read = await log.read(from, { maxBytes: 500, upTo: end, atLeastOneBatch: true })
    if (read.error === 'OFFSET_OUT_OF_RANGE' && from < log.logStartOffset) {
      batches.length = 0 // deleted meanwhile
      from = log.logStartOffset
      continue
    }
    if (read.error !== 'NONE') throw new Error(read.error)
    if (read.records.length === 0) break
    for (const at of batchesIn(read.records)) batches.push(read.records.subarray(at, at + batchSize(read.records, at)))
    from = lastOffset(batches.at(-1)!) + 1
  }
  return batches
}

/** How the transaction of each data batch that is in one ended, by base offset; nothing while it is open. */
export function outcomesOf(batches: readonly Buffer[]): ReadonlyMap<number, 'commit' | 'abort'> {
  const outcomes = new Map<number, 'commit' | 'abort'>()
  const open = new Map<number, number[]>()
  for (const batch of batches) {
    const id = producerId(batch)
    if (isControl(batch)) {
      for (const base of open.get(id) ?? []) outcomes.set(base, transactionMarkerOf(batch)!.type)
      open.delete(id)
    } else if (isTransactional(batch)) open.set(id, [...(open.get(id) ?? []), baseOffset(batch)])
  }
  return outcomes
}
