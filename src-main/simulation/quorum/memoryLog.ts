import { assert } from '../../base/assert.ts'
import type { Env } from '../../env/env.ts'
import * as batches from '../../protocol/records/batch.ts'
import type { QuorumLog } from '../../quorum/quorumLog.ts'
import { EpochCache } from '../../storage/epochCache.ts'
import type { AppendOptions, AppendResult, FollowerAppendResult, ReadOptions, ReadResult } from '../../storage/partitionLog.ts'

/** What a node's log holds from one life to the next, and how much of it outlives a power failure. */
export interface LogMedium {
  batches: Buffer[]
  synced: number
  /** Where the first batch begins, or will. */
  base: number
}

/** So many batches share a file, of which the newest is never deleted. */
const BATCHES_IN_SEGMENT = 8

/** A log without files: the rules of a partition log that the quorum rests on and nothing else, for runs over many seeds. */
export class MemoryLog implements QuorumLog {
  highWatermark = 0
  readonly #env: Pick<Env, 'clock' | 'random'>
  readonly #medium: LogMedium
  readonly #epochs = new EpochCache()
  #startOffset: number
  /** Offsets are given out before the bytes are there. */
  #nextOffset: number
  #tail: Promise<unknown> = Promise.resolve()

  constructor(env: Pick<Env, 'clock' | 'random'>, medium: LogMedium) {
    this.#env = env
    this.#medium = medium
    this.#startOffset = medium.base
    for (const batch of medium.batches) this.#epochs.assign(batches.partitionLeaderEpoch(batch), batches.baseOffset(batch))
    this.#nextOffset = this.logEndOffset
  }

  get logStartOffset(): number {
    return this.#startOffset
  }

  get logEndOffset(): number {
    const last = this.#medium.batches.at(-1)
    return last === undefined ? this.#medium.base : batches.nextOffset(last)
  }

  get sizeInBytes(): number {
    return this.#medium.batches.reduce((sum, batch) => sum + batch.length, 0)
  }

  get latestEpoch(): number | undefined {
    return this.#epochs.latestEpoch
  }

  endOffsetFor(epoch: number): { readonly epoch: number; readonly endOffset: number } {
    const end = this.#epochs.endOffsetFor(epoch, this.logEndOffset)
    return end.epoch === -1 ? end : { epoch: end.epoch, endOffset: Math.max(end.endOffset, this.#startOffset) }
  }

  startEpoch(leaderEpoch: number): Promise<void> {
    return this.#later(0.1, () => void this.#epochs.assign(leaderEpoch, this.logEndOffset))
  }

  append(batch: Buffer, { leaderEpoch }: AppendOptions): AppendResult {
    const baseOffset = this.#nextOffset
    batches.setBaseOffset(batch, 0, baseOffset)
    batches.setPartitionLeaderEpoch(batch, 0, leaderEpoch)
    const lastOffset = batches.lastOffset(batch)
    this.#nextOffset = lastOffset + 1
    const written = this.#later(0.2, () => {
      assert(this.logEndOffset === baseOffset, 'appends are written in order')
      this.#medium.batches.push(batch)
    })
    return { error: 'NONE', baseOffset, lastOffset, logAppendTimeMs: -1, duplicate: false, written }
  }

  appendAsFollower(records: Buffer): Promise<FollowerAppendResult> {
    return this.#later(0.2, () => {
      let lastOffset: number | undefined
      for (const at of batches.batchesIn(records)) {
        if (batches.baseOffset(records, at) !== this.logEndOffset) return { error: 'OFFSET_OUT_OF_RANGE' as const, lastOffset }
        this.#epochs.assign(batches.partitionLeaderEpoch(records, at), batches.baseOffset(records, at))
        this.#medium.batches.push(Buffer.from(records.subarray(at, at + batches.batchSize(records, at))))
        lastOffset = batches.lastOffset(records, at)
      }
      this.#nextOffset = this.logEndOffset
      return { error: 'NONE' as const, lastOffset }
    })
  }

  advanceHighWatermark(offset: number): number {
    return (this.highWatermark = Math.max(this.highWatermark, offset))
  }

  read(from: number, { maxBytes, upTo }: ReadOptions): Promise<ReadResult> {
    if (from < this.#startOffset || from > this.logEndOffset) return Promise.resolve({ error: 'OFFSET_OUT_OF_RANGE' })
    return this.#unordered(0.1, () => {
      if (from < this.#startOffset) return { error: 'OFFSET_OUT_OF_RANGE' as const }
      const found: Buffer[] = []
      let bytes = 0
      for (const batch of this.#medium.batches) {
        if (batches.lastOffset(batch) < from) continue
        if (batches.nextOffset(batch) > upTo || (bytes > 0 && bytes + batch.length > maxBytes)) break
        bytes += batch.length
        found.push(batch)
      }
      return { error: 'NONE' as const, records: Buffer.concat(found) }
    })
  }

  truncateTo(offset: number): Promise<void> {
    return this.#later(0.3, () => {
      this.#medium.batches = this.#medium.batches.filter(batch => batches.nextOffset(batch) <= offset)
      this.#medium.synced = Math.min(this.#medium.synced, this.#medium.batches.length)
      this.#epochs.truncateFrom(offset)
      this.#nextOffset = this.logEndOffset
    })
  }

  truncateFullyAndStartAt(offset: number): Promise<void> {
    return this.#later(1, () => {
      Object.assign(this.#medium, { batches: [], synced: 0, base: offset })
      this.#epochs.clear()
      this.#startOffset = offset
      this.#nextOffset = offset
      this.highWatermark = offset
    })
  }

  /** Forgotten by the next life, unless segments went meanwhile. */
  raiseLogStartOffset(offset: number): void {
    this.#startOffset = Math.max(this.#startOffset, Math.min(offset, this.logEndOffset))
  }

  deleteOldSegments(): Promise<number> {
    return this.#later(1, () => {
      const medium = this.#medium
      let count = 0
      for (;;) {
        const next = medium.batches[BATCHES_IN_SEGMENT]
        if (next === undefined || batches.baseOffset(next) > this.#startOffset || medium.synced < BATCHES_IN_SEGMENT) return count
        medium.batches = medium.batches.slice(BATCHES_IN_SEGMENT)
        medium.synced -= BATCHES_IN_SEGMENT
        medium.base = batches.baseOffset(next)
        count += 1
      }
    })
  }

  /** There is always room. */
  onFull(): void {}

  stopWaiting(): void {}

  async flush(): Promise<void> {
    const covered = await this.#later(0, () => this.logEndOffset)
    await this.#unordered(2, () => {
      const { batches: all, synced } = this.#medium
      this.#medium.synced = Math.max(synced, all.filter(batch => batches.nextOffset(batch) <= covered).length)
    })
  }

  /** One after the other, each within some time of the one before. */
  #later<T>(withinMs: number, act: () => T): Promise<T> {
    const done = this.#tail.then(() => this.#unordered(withinMs, act))
    this.#tail = done.catch(() => undefined) // its caller hears of it
    return done
  }

  #unordered<T>(withinMs: number, act: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#env.clock.after((withinMs * this.#env.random.below(1_000)) / 1_000, () => {
        try {
          resolve(act())
        } catch (problem) {
          reject(problem instanceof Error ? problem : new Error(String(problem)))
        }
      })
    })
  }
}

/** What a power failure leaves: all that was synced, and of the rest as much as chance has it. */
export function losePower(medium: LogMedium, below: (bound: number) => number): void {
  medium.batches.length = medium.synced + below(medium.batches.length - medium.synced + 1)
  medium.synced = medium.batches.length
}
