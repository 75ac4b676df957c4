import { assert } from '../base/assert.ts'
import type { Disk } from '../env/env.ts'
import type { FilePool, PooledFile } from './filePool.ts'
import type { IndexPages } from './indexPages.ts'
import { isOutOfSpace, wholly } from './outOfSpace.ts'

const PAGE_BYTES = 4096
/** What of the newest entries stays in memory though it is written. */
const KEPT_BYTES = 4096
const FIRST_BYTES = 96
const NO_ENTRIES = Buffer.alloc(0)
/** So often a search guesses where a key lies from the keys around it; then it halves. */
const GUESSES = 4

/** One entry where it lies. */
export interface FoundEntry {
  readonly entries: Buffer
  /** Its number among them. */
  readonly at: number
  /** Its number in the file. */
  readonly index: number
  /** Whether this process made it: then the disk cannot have changed it. */
  readonly isOurs: boolean
}

/** The number by which entries are sorted. */
export type KeyOf = (entries: Buffer, at: number) => number

/**
 * An append-only file of equal entries beside a segment. Only the newest entries are in memory, and those that are not written yet; the rest is
 * looked up page by page. Never preallocated, so that its length is its truth.
 */
export class IndexFile {
  readonly entryBytes: number
  readonly #disk: Disk
  readonly #file: PooledFile
  readonly #pages: IndexPages
  readonly #pageEntries: number
  /** What the pages of the present content are known by. */
  #name: number | undefined
  /** Of all entries; nothing while nobody has looked at the file of an earlier process. */
  #length: number | undefined
  /** Entries from byte `#memoryFrom` on: what is below is in the file. */
  #memory: Buffer = NO_ENTRIES
  #memoryFrom = 0
  /** Handed to the file, and arrived there. */
  #writtenBytes = 0
  #arrivedBytes = 0
  /** Part of an entry at the end of the file. */
  #tornBytes = 0
  /** Whether somebody took the file away. */
  #isMissing = false

  constructor(pool: FilePool, path: string, { entryBytes, isUnsynced }: { readonly entryBytes: number; readonly isUnsynced: boolean }) {
    this.entryBytes = entryBytes
    this.#pageEntries = Math.floor(PAGE_BYTES / entryBytes)
    this.#disk = pool.disk
    this.#pages = pool.indexPages
    this.#file = pool.file(path, isUnsynced)
  }

  get path(): string {
    return this.#file.path
  }

  /** Entries, for an active index. */
  get count(): number {
    return this.#known / this.entryBytes
  }

  /** Whether the file ended with part of an entry when it was looked at. */
  get isTorn(): boolean {
    return this.#tornBytes > 0
  }

  get unwrittenBytes(): number {
    return this.#known - this.#writtenBytes
  }

  get #known(): number {
    assert(this.#length !== undefined, () => `${this.#file.path} is gone on with before it was loaded`)
    return this.#length
  }

  /** Makes the file. What was added already stays in memory, to be written. */
  async create(): Promise<void> {
    await this.#file.create()
    this.#isMissing = false
  }

  /** For a file that is known to be empty, or about to be. */
  startEmpty(): void {
    this.#begin(0, 0)
  }

  #begin(length: number, tornBytes: number): void {
    this.#name = undefined
    this.#length = length
    this.#memory = NO_ENTRIES
    this.#memoryFrom = length
    this.#writtenBytes = length
    this.#arrivedBytes = length
    this.#tornBytes = tornBytes
  }

  /** Gets ready to go on behind the last entry. A torn one is cut off; a missing file is an empty one, and made. */
  async load(): Promise<void> {
    const length = await this.#look()
    if (this.#isMissing) await this.create()
    if (this.#tornBytes === 0) return
    this.#tornBytes = 0
    await this.#file.truncate(length)
  }

  async #look(): Promise<number> {
    if (this.#length === undefined) {
      const found = await this.#disk.stat(this.#file.path)
      const size = found?.size ?? 0
      if (this.#length === undefined) {
        this.#begin(size - (size % this.entryBytes), size % this.entryBytes)
        this.#isMissing = found === undefined
      }
    }
    return this.#known
  }

  add(entry: Buffer): void {
    const from = this.#known - this.#memoryFrom
    const needed = from + this.entryBytes
    if (this.#memory.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * needed))
      this.#memory.copy(grown, 0, 0, from)
      this.#memory = grown
    }
    entry.copy(this.#memory, from)
    this.#length = this.#known + this.entryBytes
  }

  // --- Looking up

  /**
   * The last entry whose key is `target` or less, of entries whose keys rise. `floor` is a key that none is below, if one is known. What it finds in a
   * damaged file may be the wrong one: whoever uses it has to see whether it is true.
   */
  async lastAtOrBelow(target: number, key: KeyOf, floor?: number): Promise<FoundEntry | undefined> {
    await this.#look()
    const inMemory = this.#inMemory
    if (inMemory.length > 0 && (this.#memoryFrom === 0 || key(inMemory, 0) <= target)) {
      const at = lastWhere(inMemory.length / this.entryBytes, at => key(inMemory, at) <= target)
      return at < 0 ? undefined : { entries: inMemory, at, index: this.#memoryFrom / this.entryBytes + at, isOurs: true }
    }
    let [low, high] = [0, Math.ceil(this.#memoryFrom / (this.#pageEntries * this.entryBytes)) - 1]
    let lowKey = floor
    let highKey: number | undefined
    let found: FoundEntry | undefined
    for (let probes = 0; low <= high; probes++) {
      const page = pageToProbe({ low, high, lowKey, highKey, target, probes })
      const entries = await this.#page(page)
      const count = entries.length / this.entryBytes
      if (count === 0 || key(entries, 0) > target) {
        high = page - 1
        highKey = count === 0 ? undefined : key(entries, 0)
        continue
      }
      const at = lastWhere(count, at => key(entries, at) <= target)
      found = { entries, at, index: page * this.#pageEntries + at, isOurs: false }
      if (at < count - 1) return found
      low = page + 1
      lowKey = key(entries, at)
    }
    return found
  }

  /** Entry number `index`; none when there is none. */
  async entryAt(index: number): Promise<FoundEntry | undefined> {
    const length = await this.#look()
    const from = index * this.entryBytes
    if (index < 0 || from >= length) return undefined
    if (from >= this.#memoryFrom) return { entries: this.#inMemory, at: (from - this.#memoryFrom) / this.entryBytes, index, isOurs: true }
    const entries = await this.#page(Math.floor(index / this.#pageEntries))
    const at = index % this.#pageEntries
    return (at + 1) * this.entryBytes <= entries.length ? { entries, at, index, isOurs: false } : undefined
  }

  /** How many entries there are, whether it was loaded or not. */
  async countNow(): Promise<number> {
    return (await this.#look()) / this.entryBytes
  }

  /** All entries. */
  async entries(): Promise<Buffer> {
    await this.#look()
    const inMemory = this.#inMemory
    if (this.#memoryFrom === 0) return inMemory
    const inFile = this.#whole(await this.#file.read(0, this.#memoryFrom))
    return inMemory.length === 0 ? inFile : Buffer.concat([inFile, inMemory])
  }

  get #inMemory(): Buffer {
    return this.#memory.subarray(0, this.#known - this.#memoryFrom)
  }

  async #page(page: number): Promise<Buffer> {
    const from = page * this.#pageEntries * this.entryBytes
    const length = Math.max(0, Math.min(this.#pageEntries * this.entryBytes, this.#memoryFrom - from))
    const name = (this.#name ??= this.#pages.nameFile())
    const known = this.#pages.get(name, page)
    if (known?.length === length) return known
    const entries = this.#whole(await this.#file.read(from, length))
    if (entries.length === length && name === this.#name) this.#pages.set(name, page, entries)
    return entries
  }

  #whole(entries: Buffer): Buffer {
    return entries.subarray(0, entries.length - (entries.length % this.entryBytes))
  }

  // --- Writing

  /** Brings to the file what is only in memory; on a full disk it stays there. */
  async write(): Promise<void> {
    const from = this.#writtenBytes
    const to = this.#known
    if (from === to) return
    this.#writtenBytes = to
    let exists = false
    try {
      await this.#file.create()
      exists = true
      await this.#file.append([this.#memory.subarray(from - this.#memoryFrom, to - this.#memoryFrom)])
    } catch (problem) {
      if (isOutOfSpace(problem)) {
        if (exists) await wholly(() => this.#file.truncate(from))
        this.#writtenBytes = from
      }
      throw problem
    }
    this.#arrivedBytes = to
    this.#forgetAllBut(KEPT_BYTES)
  }

  /** Lets go of entries that are in the file, in another buffer: the old one may be on its way there, or in a reader's hands. */
  #forgetAllBut(keptBytes: number): void {
    if (this.#arrivedBytes - this.#memoryFrom <= keptBytes) return
    const rest = this.#inMemory.subarray(this.#arrivedBytes - this.#memoryFrom)
    this.#memory = rest.length === 0 ? NO_ENTRIES : Buffer.from(rest)
    this.#memoryFrom = this.#arrivedBytes
  }

  /** Makes the file hold what is in memory; leaves it alone when it does. Not atomic: whoever calls it must be willing to rebuild after a crash. */
  async rewrite(): Promise<void> {
    const from = this.#memoryFrom
    const bytes = this.#inMemory
    const found = await this.#disk.stat(this.#file.path)
    const size = found?.size ?? 0
    if (found === undefined) await this.create()
    if (size > 0 || bytes.length > 0) {
      const isSame = size === from + bytes.length && (bytes.length === 0 || (await this.#file.read(from, bytes.length)).equals(bytes))
      if (!isSame) {
        await this.#file.truncate(from)
        await this.#file.append([bytes])
      }
    }
    this.#name = undefined
    this.#writtenBytes = from + bytes.length
    this.#arrivedBytes = this.#writtenBytes
    this.#tornBytes = 0
    this.#forgetAllBut(KEPT_BYTES)
  }

  /** Drops the entries from number `count` on, in memory and in the file. */
  async cut(count: number): Promise<void> {
    this.#length = Math.min(this.#known, count * this.entryBytes)
    this.#name = undefined
    if (this.#memoryFrom > this.#length) {
      this.#memoryFrom = this.#length
      this.#memory = NO_ENTRIES
    }
    if (this.#writtenBytes <= this.#length) return
    this.#writtenBytes = this.#length
    this.#arrivedBytes = this.#length
    await this.#file.truncate(this.#length)
  }

  /** No more entries will come, and all are written: the memory goes. */
  seal(): void {
    this.#forgetAllBut(0)
  }

  sync(): Promise<void> {
    return this.#file.sync()
  }

  rename(path: string): Promise<void> {
    return this.#file.rename(path)
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** The last page first, which most look-ups end at and all others learn an upper bound from; then where the keys around let expect it. */
function pageToProbe(of: {
  readonly low: number
  readonly high: number
  readonly lowKey: number | undefined
  readonly highKey: number | undefined
  readonly target: number
  readonly probes: number
}): number {
  const { low, high, lowKey, highKey, target, probes } = of
  if (probes === 0) return high
  if (lowKey === undefined) return low
  if (probes > GUESSES || highKey === undefined || highKey <= lowKey) return (low + high) >> 1
  const guess = low + Math.floor(((target - lowKey) / (highKey - lowKey)) * (high - low + 1))
  return Math.max(low, Math.min(high, guess))
}

/** The last number below `count` for which the predicate holds, as it does for all before; -1 when it holds for none. */
function lastWhere(count: number, holds: (at: number) => boolean): number {
  let low = -1
  let high = count
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (holds(middle)) low = middle
    else high = middle
  }
  return low
}
