import type { Disk } from '../env/env.ts'
import type { FilePool, PooledFile } from './filePool.ts'
import { isOutOfSpace, wholly } from './outOfSpace.ts'

const FIRST_BYTES = 96
const NO_ENTRIES = Buffer.alloc(0)

/**
 * An append-only file of equal entries beside a segment. While its segment is active all entries are in memory, the newest ones perhaps only
 * there; a sealed one keeps nothing and is read whole when somebody looks something up. Never preallocated, so that its length is its truth.
 */
export class IndexFile {
  readonly entryBytes: number
  readonly #disk: Disk
  readonly #file: PooledFile
  #entries: Buffer | undefined
  #length = 0
  #writtenBytes = 0

  constructor(pool: FilePool, path: string, { entryBytes, isUnsynced }: { readonly entryBytes: number; readonly isUnsynced: boolean }) {
    this.entryBytes = entryBytes
    this.#disk = pool.disk
    this.#file = pool.file(path, isUnsynced)
  }

  get path(): string {
    return this.#file.path
  }

  /** Entries, for an active index. */
  get count(): number {
    return this.#length / this.entryBytes
  }

  get unwrittenBytes(): number {
    return this.#length - this.#writtenBytes
  }

  /** Makes the file. What was added already stays in memory, to be written. */
  create(): Promise<void> {
    return this.#file.create()
  }

  /** For a file that is known to be empty, or about to be. */
  startEmpty(): void {
    this.#entries = NO_ENTRIES
    this.#length = 0
    this.#writtenBytes = 0
  }

  /** Reads the entries in, to go on from them. A torn last entry is cut off; a missing file is an empty one. */
  async load(): Promise<void> {
    if (this.#entries !== undefined) return
    const bytes = await this.#content()
    this.#entries = bytes
    this.#length = bytes.length - (bytes.length % this.entryBytes)
    this.#writtenBytes = this.#length
    if (this.#length < bytes.length) await this.#file.truncate(this.#length)
  }

  add(entry: Buffer): void {
    const length = this.#length + this.entryBytes
    if (this.#entries === undefined || this.#entries.length < length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * length))
      this.#entries?.copy(grown, 0, 0, this.#length)
      this.#entries = grown
    }
    entry.copy(this.#entries, this.#length)
    this.#length = length
  }

  /** All entries, for looking something up. */
  async entries(): Promise<Buffer> {
    if (this.#entries !== undefined) return this.#entries.subarray(0, this.#length)
    const bytes = await this.#content()
    return bytes.subarray(0, bytes.length - (bytes.length % this.entryBytes))
  }

  async #content(): Promise<Buffer> {
    // Most are empty: to look first is cheaper than to open, read and close.
    const found = await this.#disk.stat(this.#file.path)
    return found === undefined || found.size === 0 ? NO_ENTRIES : this.#disk.readFile(this.#file.path)
  }

  /** Brings to the file what is only in memory; on a full disk it stays there. */
  async write(): Promise<void> {
    const from = this.#writtenBytes
    const to = this.#length
    if (from === to) return
    this.#writtenBytes = to
    try {
      await this.#file.append([Buffer.from(this.#entries!.subarray(from, to))])
    } catch (problem) {
      if (isOutOfSpace(problem)) {
        await wholly(() => this.#file.truncate(from))
        this.#writtenBytes = from
      }
      throw problem
    }
  }

  /** Makes the file hold what is in memory; leaves it alone when it does. Not atomic: whoever calls it must be willing to rebuild after a crash. */
  async rewrite(): Promise<void> {
    const before = await this.#content()
    const bytes = this.#entries!.subarray(0, this.#length)
    this.#writtenBytes = this.#length
    if (before.equals(bytes)) return
    await this.#file.truncate(0)
    await this.#file.append([Buffer.from(bytes)])
  }

  /** Drops the entries from number `count` on, in memory and in the file. */
  async cut(count: number): Promise<void> {
    this.#length = Math.min(this.#length, count * this.entryBytes)
    if (this.#writtenBytes <= this.#length) return
    this.#writtenBytes = this.#length
    await this.#file.truncate(this.#length)
  }

  /** No more entries will come: the memory goes. */
  seal(): void {
    this.#entries = undefined
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
