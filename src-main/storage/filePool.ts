import { assert } from '../base/assert.ts'
import type { Disk, DiskFile } from '../env/env.ts'
import { IndexPages } from './indexPages.ts'
import { RecentMemory } from './recentBatches.ts'

/** Open files a process may keep for its logs; those that are not in use beyond that are closed and opened again when needed. */
const KEPT_OPEN = 2_000

/**
 * Files that are opened when they are first used, so that ten thousand idle logs cost no handles. A file with unsynced bytes is synced before it is
 * closed: the system reports a failed write-back only to handles that were open at the time. When that fails, its owner hears of it with its next sync.
 */
export class FilePool {
  readonly disk: Disk
  readonly indexPages = new IndexPages()
  readonly recent: RecentMemory
  readonly #capacity: number
  /** Open files that nobody uses at the moment and that may be closed, stalest first. */
  readonly #idle = new Set<PooledFile>()
  /** Those that have to be synced first. */
  readonly #pinned = new Set<PooledFile>()
  #open = 0
  /** Syncs under way that will let a file be closed. */
  #syncing = 0

  constructor(disk: Disk, capacity = KEPT_OPEN, recent = new RecentMemory()) {
    this.disk = disk
    this.recent = recent
    this.#capacity = capacity
  }

  /** `isUnsynced` says that the file may hold something the disk lacks. */
  file(path: string, isUnsynced: boolean): PooledFile {
    return new PooledFile(this, path, isUnsynced)
  }

  opened(): void {
    this.#open += 1
    this.#closeStalest()
  }

  closed(): void {
    this.#open -= 1
  }

  /** Nobody uses it at the moment. */
  idle(file: PooledFile, { isPinned }: { readonly isPinned: boolean }): void {
    ;(isPinned ? this.#pinned : this.#idle).add(file)
    this.#closeStalest()
  }

  busy(file: PooledFile): void {
    this.#idle.delete(file)
    this.#pinned.delete(file)
  }

  #closeStalest(): void {
    for (const stalest of this.#idle) {
      if (this.#open <= this.#capacity) return
      this.#idle.delete(stalest)
      stalest.closeHandle()
    }
    for (const stalest of this.#pinned) {
      if (this.#open - this.#syncing <= this.#capacity) return
      this.#pinned.delete(stalest)
      this.#syncing += 1
      stalest
        .sync()
        .catch(() => undefined) // told to whoever syncs it next
        .finally(() => {
          this.#syncing -= 1
          this.#closeStalest()
        })
    }
  }
}

/** One file of a log. Its handle comes and goes; `close` waits for those who still use it, so that a reader never loses the file under its hands. */
export class PooledFile {
  readonly #pool: FilePool
  #path: string
  #handle: Promise<DiskFile> | undefined
  #users = 0
  /** Whether the disk may lack something: written by us, or by an earlier process that did not end as it should. */
  #isUnsynced: boolean
  /** Whether it was written through a handle that has not synced since: that one must stay open. */
  #isPinned = false
  /** The last sync, perhaps still under way. */
  #synced: Promise<void> = Promise.resolve()
  /** Whether it failed, perhaps asked for by nobody but the pool: it stays failed, and nothing is appended any more. */
  #hasLostBytes = false
  #isClosed = false
  #released: (() => void) | undefined

  constructor(pool: FilePool, path: string, isUnsynced: boolean) {
    this.#pool = pool
    this.#path = path
    this.#isUnsynced = isUnsynced
  }

  get path(): string {
    return this.#path
  }

  /** Makes the file if there is none. */
  async create(): Promise<void> {
    await this.#use(() => Promise.resolve(), true)
  }

  read(position: number, length: number, into?: Buffer): Promise<Buffer> {
    return this.#use(file => file.read(position, length, into))
  }

  append(chunks: readonly Buffer[]): Promise<void> {
    if (this.#hasLostBytes) return this.#synced
    this.#changed()
    return this.#use(file => file.append(chunks), true)
  }

  /** Waits for the last one when nothing was written since. */
  sync(): Promise<void> {
    if (!this.#isUnsynced || this.#hasLostBytes) return this.#synced
    // What is appended from here on needs another sync.
    this.#isUnsynced = false
    this.#isPinned = false
    this.#synced = this.#use(async file => {
      try {
        await file.sync()
      } catch (problem) {
        this.#hasLostBytes = true
        throw problem
      }
    })
    return this.#synced
  }

  #changed(): void {
    this.#isUnsynced = true
    this.#isPinned = true
  }

  truncate(length: number): Promise<void> {
    this.#changed()
    return this.#use(file => file.truncate(length), true)
  }

  /** Opens the file first: whoever is using it meanwhile, or about to, must not look for it under a name that it has no more, or not yet. */
  rename(path: string): Promise<void> {
    return this.#use(async () => {
      await this.#pool.disk.rename(this.#path, path)
      this.#path = path
    })
  }

  /** Resolves once nobody uses it any more. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#pool.busy(this)
    if (this.#users > 0) await new Promise<void>(resolve => (this.#released = resolve))
    const handle = this.#handle
    this.#handle = undefined
    if (handle === undefined) return
    this.#pool.closed()
    await (await handle).close()
  }

  /** For the pool: closes the handle of a file that nobody uses; the next use opens it again. */
  closeHandle(): void {
    assert(this.#users === 0, 'only an idle file loses its handle')
    const handle = this.#handle
    this.#handle = undefined
    this.#pool.closed()
    // Nothing was written through this handle since its last sync, so that a failing close loses nothing.
    handle?.then(file => file.close()).catch(() => undefined)
  }

  async #use<T>(act: (file: DiskFile) => Promise<T>, create = false): Promise<T> {
    assert(!this.#isClosed, () => `${this.#path} is used after it was closed`)
    if (this.#users++ === 0) this.#pool.busy(this)
    try {
      return await act(await (this.#handle ??= this.#open(create)))
    } finally {
      if (--this.#users === 0) {
        this.#released?.()
        if (!this.#isClosed && this.#handle !== undefined) this.#pool.idle(this, { isPinned: this.#isPinned })
      }
    }
  }

  async #open(create: boolean): Promise<DiskFile> {
    try {
      const file = await this.#pool.disk.open(this.#path, { create })
      this.#pool.opened()
      return file
    } catch (problem) {
      this.#handle = undefined // the next use tries again
      throw problem
    }
  }
}
