import { BufferPool, type SharedBuffer } from '../base/bufferPool.ts'
import { baseOffset, lastOffset } from '../protocol/records/batch.ts'
import type { ReadOptions } from './readOptions.ts'

/** Of all logs of a broker together. */
const CAPACITY_BYTES = 32 * 1024 * 1024
/** Of one log: what followers that keep up have not fetched yet is far less. */
const MOST_OF_ONE_BYTES = 2 * 1024 * 1024
/** Who is no further behind than once to twice this reads along. */
const ALONG_BYTES = 512 * 1024
/** Without a reader for so long nobody does. */
const UNREAD_BYTES = 4 * 1024 * 1024
/** Batches are copied into slabs, one behind the other, so that many are one piece to a reader. A log that goes on being busy gets larger ones. */
const FIRST_SLAB_BYTES = 8 * 1024
const LARGEST_SLAB_BYTES = 256 * 1024
/** Forgotten batches whose places in the list are kept, so that it need not move for each of them. */
const MOST_FORGOTTEN = 512
const NOTHING = Buffer.alloc(0)

/** The memory that the logs of a broker share for what they remember: who was written to longest ago forgets first. */
export class RecentMemory {
  readonly pool: BufferPool
  readonly #capacityBytes: number
  readonly #holders = new Set<RecentBatches>()
  #bytes = 0

  /** With 0 nothing is remembered. */
  constructor(capacityBytes = CAPACITY_BYTES, pool = new BufferPool()) {
    this.#capacityBytes = capacityBytes
    this.pool = pool
  }

  get isUsed(): boolean {
    return this.#capacityBytes > 0
  }

  /** What all logs hold at the moment. */
  get bytes(): number {
    return this.#bytes
  }

  /** `holder` holds so much more, or less. */
  grown(holder: RecentBatches, bytes: number): void {
    this.#bytes += bytes
    this.#holders.delete(holder)
    if (holder.isEmpty) return
    this.#holders.add(holder)
    for (const stalest of this.#holders) {
      if (this.#bytes <= this.#capacityBytes) return
      stalest.clear()
    }
  }
}

interface Slab {
  readonly memory: SharedBuffer
  used: number
}

interface Kept {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly slab: Slab
  readonly start: number
  readonly end: number
}

/**
 * The batches that were written to a log last, in memory, while somebody reads along: followers and consumers at the end of a log get what they wait for
 * without a look at the disk. Holds nothing that is not in the file.
 */
export class RecentBatches {
  readonly #memory: RecentMemory
  #kept: Kept[] = []
  /** Of these, how many at the beginning are forgotten. */
  #forgotten = 0
  #slabs: Slab[] = []
  #bytes = 0
  #slabBytes = FIRST_SLAB_BYTES
  /** From here on one reads along; and what takes its place when so much more is written. */
  #alongFrom = Infinity
  #alongNext = Infinity
  #sinceNextBytes = 0
  #isReadAlong = false
  #unreadBytes = 0

  constructor(memory: RecentMemory) {
    this.#memory = memory
  }

  get isEmpty(): boolean {
    return this.#slabs.length === 0
  }

  /** These were written, one behind the other, as one write. Nothing of theirs is kept. */
  written(batches: readonly Buffer[]): void {
    const [first] = batches
    if (first === undefined || !this.#memory.isUsed) return
    let bytes = 0
    for (const batch of batches) bytes += batch.length
    this.#moveOn(baseOffset(first), bytes)
    if (!this.#isReadAlong) return
    const before = this.#bytes
    if (this.#kept.at(-1)?.lastOffset !== baseOffset(first) - 1) this.#forgetAll()
    for (const batch of batches) this.#keep(batch)
    this.#unreadBytes += bytes
    if (this.#unreadBytes > UNREAD_BYTES) this.#stop()
    this.#memory.grown(this, this.#bytes - before)
  }

  /** As `readBatches`; undefined when `from` is not remembered. */
  read(from: number, { maxBytes, upTo, atLeastOneBatch, memory }: ReadOptions): Buffer | undefined {
    if (from >= this.#alongFrom) this.#isReadAlong = true
    const oldest = this.#kept[this.#forgotten]
    if (oldest === undefined || from < oldest.baseOffset || from > this.#kept.at(-1)!.lastOffset) return undefined
    this.#unreadBytes = 0
    let at = this.#indexOf(from)
    const { slab, start, end, lastOffset: last } = this.#kept[at]!
    if (last >= upTo || (end - start > maxBytes && !atLeastOneBatch)) return NOTHING
    let readEnd = end
    for (at += 1; at < this.#kept.length; at++) {
      const next = this.#kept[at]!
      if (next.slab !== slab || next.lastOffset >= upTo || next.end - start > maxBytes) break
      readEnd = next.end
    }
    if (memory === undefined) slab.memory.keep()
    else memory.hold(slab.memory)
    return slab.memory.bytes.subarray(start, readEnd)
  }

  /** What was remembered is no longer so, or nobody needs it. */
  clear(): void {
    const before = this.#bytes
    this.#stop()
    if (before > 0) this.#memory.grown(this, -before)
  }

  /** The first that ends at or behind `offset`, which lies among them. */
  #indexOf(offset: number): number {
    let low = this.#forgotten
    let high = this.#kept.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#kept[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #moveOn(offset: number, bytes: number): void {
    if (offset < this.#alongNext || this.#sinceNextBytes > ALONG_BYTES) {
      this.#alongFrom = Math.min(offset, this.#alongNext)
      this.#alongNext = offset
      this.#sinceNextBytes = 0
    }
    this.#sinceNextBytes += bytes
  }

  #keep(batch: Buffer): void {
    const slab = this.#slabFor(batch)
    const start = slab.used
    slab.used += batch.length
    this.#kept.push({ baseOffset: baseOffset(batch), lastOffset: lastOffset(batch), slab, start, end: slab.used })
    while (this.#bytes > MOST_OF_ONE_BYTES && this.#slabs.length > 0) this.#forgetSlab()
  }

  #slabFor(batch: Buffer): Slab {
    const last = this.#slabs.at(-1)
    const slab = last !== undefined && last.memory.bytes.length - last.used >= batch.length ? last : this.#newSlab(batch.length)
    batch.copy(slab.memory.bytes, slab.used)
    return slab
  }

  #newSlab(atLeastBytes: number): Slab {
    const slab = { memory: this.#memory.pool.share(Math.max(this.#slabBytes, atLeastBytes)), used: 0 }
    this.#slabBytes = Math.min(2 * this.#slabBytes, LARGEST_SLAB_BYTES)
    this.#slabs.push(slab)
    this.#bytes += slab.memory.bytes.length
    return slab
  }

  #forgetSlab(): void {
    const slab = this.#slabs.shift()!
    this.#bytes -= slab.memory.bytes.length
    slab.memory.release()
    while (this.#kept[this.#forgotten]?.slab === slab) this.#forgotten++
    if (this.#forgotten < MOST_FORGOTTEN && this.#forgotten < this.#kept.length) return
    this.#kept = this.#kept.slice(this.#forgotten)
    this.#forgotten = 0
  }

  #forgetAll(): void {
    for (const { memory } of this.#slabs) memory.release()
    this.#kept = []
    this.#forgotten = 0
    this.#slabs = []
    this.#bytes = 0
  }

  #stop(): void {
    this.#forgetAll()
    this.#slabBytes = FIRST_SLAB_BYTES
    this.#isReadAlong = false
    this.#unreadBytes = 0
  }
}
