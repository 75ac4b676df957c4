import fs from 'node:fs'
import { DiskError, type DiskFile } from '../env.ts'
import { diskError, syncError } from './diskError.ts'
import { readPace, writePace } from './pace.ts'

/** Appends that wait for the same write are written together, up to this. */
const WRITTEN_TOGETHER_BYTES = 8 * 1024 * 1024
const WRITTEN_TOGETHER_CHUNKS = 1024
/** So much is written on the spot where the system takes it at once: less than another thread would cost. */
const ON_THE_SPOT_BYTES = 256 * 1024
/** So much is read on the spot of what was written through this descriptor, since the system has that in its memory: as above. */
const READ_ON_THE_SPOT_BYTES = 2 * 1024 * 1024
/** A longer read that reaches beyond the known end asks for the real one first, rather than take memory for nothing. */
const READ_BLINDLY_BYTES = 64 * 1024

interface Append {
  readonly type: 'append'
  readonly chunks: readonly Buffer[]
  readonly length: number
  readonly resolve: () => void
  readonly reject: (why: Error) => void
}

/** Something that happens when all that was called before it has: a truncation, the begin of a sync, the close. */
interface Step {
  readonly type: 'step'
  readonly run: (done: () => void) => void
}

interface OpenedFile {
  readonly path: string
  readonly fd: number
  readonly size: number
  /** Makes sure of the file's name, if it is new. */
  readonly syncName: (() => Promise<void>) | undefined
}

/** A file over a bare descriptor: one write at a time, each a `writev` of all that was appended meanwhile, at our own position. */
export class NodeFile implements DiskFile {
  readonly path: string
  readonly #fd: number
  #size: number
  /** What is behind this we have written ourselves. */
  readonly #writtenFrom: number
  #syncName: (() => Promise<void>) | undefined
  #queue: (Append | Step)[] = []
  #isBusy = false
  /** Syncs under way: a write would wait for them. */
  #syncs = 0
  #closing: Promise<void> | undefined
  /** Reads and syncs under way, which the descriptor must outlive. */
  #using = 0
  #unused: (() => void) | undefined

  constructor({ path, fd, size, syncName }: OpenedFile) {
    this.path = path
    this.#fd = fd
    this.#size = size
    this.#writtenFrom = size
    this.#syncName = syncName
  }

  get size(): number {
    return this.#size
  }

  read(position: number, length: number, into?: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#closing !== undefined) return reject(this.#closed())
      const here = into === undefined ? undefined : this.#readOnTheSpot(into.subarray(0, length), position)
      if (here !== undefined) return resolve(here)
      this.#using += 1
      const done = (problem: Error | null, bytes?: Buffer) => {
        this.#release()
        if (bytes === undefined) reject(this.#error(problem, 'cannot read'))
        else resolve(bytes)
      }
      if (into !== undefined) this.#readInto(into.subarray(0, length), position, done)
      else if (position + length <= this.#size || length <= READ_BLINDLY_BYTES) this.#readInto(Buffer.allocUnsafe(length), position, done)
      else {
        fs.fstat(this.#fd, (problem, found) => {
          if (problem !== null) done(problem)
          else this.#readInto(Buffer.allocUnsafe(Math.max(0, Math.min(length, found.size - position))), position, done)
        })
      }
    })
  }

  /** For who reads much: undefined where another thread had better wait for the disk, which may be slow, or hang. */
  #readOnTheSpot(buffer: Buffer, position: number): Buffer | undefined {
    if (position < this.#writtenFrom || buffer.length > READ_ON_THE_SPOT_BYTES || !readPace.isQuick) return undefined
    const begunAt = performance.now()
    try {
      return fs.readSync(this.#fd, buffer, 0, buffer.length, position) === buffer.length ? buffer : undefined
    } catch {
      return undefined // the same again, and whoever waits hears why
    } finally {
      readPace.took(performance.now() - begunAt)
    }
  }

  #readInto(buffer: Buffer, position: number, done: (problem: Error | null, bytes?: Buffer) => void): void {
    let filled = 0
    const more = () => {
      fs.read(this.#fd, buffer, filled, buffer.length - filled, position + filled, (problem, count) => {
        if (problem !== null) return done(problem)
        filled += count
        if (filled === buffer.length || count === 0) done(null, filled === buffer.length ? buffer : buffer.subarray(0, filled))
        else more()
      })
    }
    if (buffer.length === 0) done(null, buffer)
    else more()
  }

  append(chunks: readonly Buffer[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closing !== undefined) return reject(this.#closed())
      let length = 0
      for (const chunk of chunks) length += chunk.length
      this.#enqueue({ type: 'append', chunks, length, resolve, reject })
    })
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closing !== undefined) return reject(this.#closed())
      this.#step(done => {
        this.#using += 1
        this.#syncs += 1
        fs.fdatasync(this.#fd, problem => {
          this.#syncs -= 1
          this.#release()
          if (problem === null) this.#nameSynced().then(resolve, reject)
          else reject(syncError(problem, this.path, 'cannot sync'))
        })
        // It covers what was written so far; later appends need not wait for it.
        done()
      })
    })
  }

  async #nameSynced(): Promise<void> {
    const syncName = this.#syncName
    if (syncName === undefined) return
    try {
      await syncName()
    } catch (problem) {
      throw syncError(problem, this.path, 'cannot sync the directory of')
    }
    this.#syncName = undefined
  }

  truncate(length: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closing !== undefined) return reject(this.#closed())
      this.#step(done => {
        fs.ftruncate(this.#fd, length, problem => {
          if (problem === null) {
            this.#size = length
            resolve()
          } else reject(this.#error(problem, 'cannot truncate'))
          done()
        })
      })
    })
  }

  close(): Promise<void> {
    return (this.#closing ??= new Promise((resolve, reject) => {
      this.#step(done => {
        this.#whenUnused(() => {
          fs.close(this.#fd, problem => {
            if (problem === null || problem === undefined) resolve()
            else reject(this.#error(problem, 'cannot close'))
            done()
          })
        })
      })
    }))
  }

  #step(run: Step['run']): void {
    this.#enqueue({ type: 'step', run })
  }

  #enqueue(item: Append | Step): void {
    this.#queue.push(item)
    if (!this.#isBusy) this.#next()
  }

  #next(): void {
    const first = this.#queue[0]
    this.#isBusy = first !== undefined
    if (first === undefined) return
    if (first.type === 'step') {
      this.#queue.shift()
      first.run(() => this.#next())
      return
    }
    const together: Append[] = []
    let bytes = 0
    let chunks = 0
    for (const item of this.#queue) {
      if (item.type !== 'append') break
      if (together.length > 0 && (bytes + item.length > WRITTEN_TOGETHER_BYTES || chunks + item.chunks.length > WRITTEN_TOGETHER_CHUNKS))
        break
      together.push(item)
      bytes += item.length
      chunks += item.chunks.length
    }
    this.#queue.splice(0, together.length)
    this.#write(together, together.length === 1 ? together[0]!.chunks : together.flatMap(item => item.chunks), bytes)
  }

  #write(appends: readonly Append[], chunks: readonly Buffer[], bytes: number): void {
    const start = this.#size
    let written = 0
    const more = (left: readonly Buffer[]) => {
      fs.writev(this.#fd, left, start + written, (problem, count) => {
        if (problem !== null) return this.#writeFailed(appends, start, written, problem)
        written += count
        if (written < bytes) return more(after(left, count))
        this.#size = start + bytes
        for (const append of appends) append.resolve()
        this.#next()
      })
    }
    if (bytes === 0 || this.#isWrittenOnTheSpot(chunks, bytes)) {
      this.#size = start + bytes
      for (const append of appends) append.resolve()
      this.#next()
    } else more(chunks)
  }

  /** Nothing was written where it answers no. */
  #isWrittenOnTheSpot(chunks: readonly Buffer[], bytes: number): boolean {
    if (bytes > ON_THE_SPOT_BYTES || this.#syncs > 0 || !writePace.isQuick) return false
    const begunAt = performance.now()
    let written = 0
    try {
      written = fs.writevSync(this.#fd, chunks, this.#size)
    } catch {
      return false // the same again, and whoever waits hears why
    } finally {
      writePace.took(performance.now() - begunAt)
    }
    return written === bytes
  }

  /** Appends that were written whole succeeded all the same. What the file really holds now is asked, so that later appends go behind it. */
  #writeFailed(appends: readonly Append[], start: number, written: number, problem: Error): void {
    fs.fstat(this.#fd, (unknown, found) => {
      this.#size = unknown === null ? Math.max(found.size, start + written) : start + written
      const error = this.#error(problem, 'cannot append to')
      let end = 0
      for (const append of appends) {
        end += append.length
        if (end <= written) append.resolve()
        else append.reject(error)
      }
      this.#next()
    })
  }

  #release(): void {
    this.#using -= 1
    if (this.#using === 0) this.#unused?.()
  }

  #whenUnused(run: () => void): void {
    if (this.#using === 0) run()
    else this.#unused = run
  }

  #error(problem: unknown, message: string): DiskError {
    return diskError(problem, this.path, message)
  }

  #closed(): DiskError {
    return new DiskError('EBADF', this.path, 'the file is closed')
  }
}

/** What is left of a list of chunks after its first `count` bytes. */
function after(chunks: readonly Buffer[], count: number): Buffer[] {
  const left: Buffer[] = []
  for (const chunk of chunks) {
    if (count >= chunk.length) count -= chunk.length
    else {
      left.push(count === 0 ? chunk : chunk.subarray(count))
      count = 0
    }
  }
  return left
}
