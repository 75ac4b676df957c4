import { dirname } from 'node:path/posix'
import { DiskError, type Disk, type DiskFile, type DirectoryEntry } from '../env/env.ts'
import type { DiskFaults, DiskOperation } from '../env/faults/diskFaults.ts'
import type { Life } from './life.ts'
import type { Scheduler } from './scheduler.ts'
import type { SeededRandom } from './seededRandom.ts'
import { SimulatedFile } from './simulatedFile.ts'

/** What is in a buffer that is read into, before it is. */
const SPOILT = 0xa5

type Entry = SimulatedFile | 'directory'
type Tree = Map<string, Entry>

/** A change to the tree that the journal has not made sure of. */
interface PendingChange {
  readonly directories: readonly string[]
  readonly apply: (tree: Tree) => void
}

/** As much of a random generator as a power failure needs. */
export type Luck = Pick<SeededRandom, 'below' | 'chance'>

export interface DiskTimes {
  /** Of any operation but a sync, [from, to) in ms. */
  readonly operationMs: readonly [number, number]
  readonly syncMs: readonly [number, number]
}

export const USUAL_DISK_TIMES: DiskTimes = { operationMs: [0.02, 0.2], syncMs: [0.3, 2] }

/**
 * The disk of one node: outlives the node's lives. Directories work as on a journalling file system: a power failure leaves a prefix of
 * the creations, renames and removals, and at least those up to the last one that a `syncDirectory` covered. A file's first `sync`
 * also makes sure of its name, as `Disk` promises.
 */
export class SimulatedDisk {
  /** Bytes that fit; lower it to fill the disk. */
  capacityBytes = Number.MAX_SAFE_INTEGER
  times: DiskTimes = USUAL_DISK_TIMES
  readonly faults: DiskFaults
  readonly #scheduler: Scheduler
  readonly #random: SeededRandom
  #tree: Tree = new Map([['/', 'directory']])
  #durable: Tree = new Map([['/', 'directory']])
  #pending: PendingChange[] = []
  readonly #locks = new Map<string, { readonly holder: Life }>()

  constructor(scheduler: Scheduler, random: SeededRandom, faults: DiskFaults) {
    this.#scheduler = scheduler
    this.#random = random
    this.faults = faults
  }

  /** What the disk holds, by path: for tests that want to look without waiting. */
  files(): ReadonlyMap<string, Buffer> {
    const files = new Map<string, Buffer>()
    for (const [path, entry] of this.#tree) if (entry instanceof SimulatedFile) files.set(path, entry.read(0, entry.length))
    return files
  }

  /** A piece of a file as it is now, not to be kept; undefined when there is no such file. For who looks often and may not disturb. */
  peek(path: string, position: number, length: number): Buffer | undefined {
    const entry = this.#tree.get(path)
    return entry instanceof SimulatedFile ? entry.view(position, length) : undefined
  }

  /** Puts a file there, as another program might have: with its folders, and safe from a power failure. */
  put(path: string, bytes: Buffer): void {
    for (const each of ancestors(path)) if (!this.#tree.has(each)) this.#change([each], tree => tree.set(each, 'directory'))
    const file = new SimulatedFile()
    file.append(bytes)
    file.synced(bytes.length)
    this.#change([path], tree => tree.set(path, file))
    this.#syncDirectory(dirname(path))
  }

  /** Takes everything away, as a new disk would. */
  wipe(): void {
    this.#tree = new Map([['/', 'directory']])
    this.#durable = new Map([['/', 'directory']])
    this.#pending = []
  }

  /** Forgets what no sync made sure of. */
  losePower(luck: Luck = this.#random): void {
    const survived = luck.below(this.#pending.length + 1)
    for (const change of this.#pending.slice(0, survived)) change.apply(this.#durable)
    this.#pending = []
    this.#tree = new Map(this.#durable)
    for (const entry of new Set(this.#tree.values())) if (entry instanceof SimulatedFile) entry.losePower(luck)
  }

  get usedBytes(): number {
    let used = 0
    for (const entry of this.#tree.values()) if (entry instanceof SimulatedFile) used += entry.length
    return used
  }

  /** The disk as one life sees it. After the end of that life nothing completes any more. */
  seenBy(life: Life, now: () => number): Disk {
    const perform = <T>(operation: DiskOperation, path: string, act: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        if (!life.alive) return
        const [from, to] = operation === 'sync' || operation === 'syncDirectory' ? this.times.syncMs : this.times.operationMs
        this.#scheduler.after(life, this.#random.between(from, to), `${operation} ${life.node} ${path}`, () =>
          settle(resolve, reject, () => {
            this.#failIfStruck(operation, path)
            return act()
          }),
        )
      })

    // One after the other for one path, in call order.
    const replacing = new Map<string, Promise<unknown>>()
    const inOrder = <T>(path: string, start: () => Promise<T>): Promise<T> => {
      const done = replacing.get(path)?.then(start) ?? start()
      const tail = done.catch(() => undefined) // its caller hears of it; the next in line is a different operation
      replacing.set(path, tail)
      return done
    }

    return {
      open: (path, options) =>
        perform('open', path, () => {
          let entry = this.#tree.get(path)
          if (entry === 'directory') throw new DiskError('EISDIR', path, 'cannot open a directory')
          const created = entry === undefined
          if (entry === undefined) {
            if (options?.create !== true) throw missing(path)
            entry = this.#create(path, now())
          }
          return this.#handle(life, path, entry, { now, created })
        }),
      readFile: path =>
        perform('readFile', path, () => {
          const file = this.#file(path)
          return file.read(0, file.length)
        }),
      replaceFile: (path, bytes) =>
        inOrder(path, () =>
          perform('replaceFile', path, () => {
            this.#parentOf(path)
            this.#failIfFull(path, bytes.length)
            const file = new SimulatedFile()
            file.append(bytes)
            file.synced(bytes.length)
            file.modifiedMs = now()
            this.#change([path], tree => tree.set(path, file))
            this.#syncDirectory(dirname(path))
          }),
        ),
      stat: path =>
        perform('stat', path, () => {
          const entry = this.#tree.get(path)
          if (entry === undefined) return undefined
          return entry === 'directory'
            ? { size: 0, modifiedMs: 0, isDirectory: true }
            : { size: entry.length, modifiedMs: entry.modifiedMs, isDirectory: false }
        }),
      list: path =>
        perform('list', path, () => {
          if (this.#tree.get(path) !== 'directory') throw this.#missing(path)
          const entries: DirectoryEntry[] = []
          const start = path === '/' ? path : `${path}/`
          for (const [each, entry] of this.#tree) {
            if (each.length > start.length && each.startsWith(start) && !each.includes('/', start.length))
              entries.push({ name: each.slice(start.length), isDirectory: entry === 'directory' })
          }
          return shuffled(entries, this.#random)
        }),
      makeDirectory: path =>
        perform('makeDirectory', path, () => {
          for (const each of [...ancestors(path), path]) {
            const entry = this.#tree.get(each)
            if (entry === undefined) this.#change([each], tree => tree.set(each, 'directory'))
            else if (entry !== 'directory')
              throw new DiskError(each === path ? 'EEXIST' : 'ENOTDIR', path, 'a file is in the way of a directory')
          }
          this.#syncDirectory(dirname(path))
        }),
      rename: (from, to) =>
        perform('rename', from, () => {
          if (!this.#tree.has(from)) throw missing(from)
          this.#parentOf(to)
          const target = this.#tree.get(to)
          if (target === 'directory' && below(this.#tree, to).length > 0)
            throw new DiskError('ENOTEMPTY', to, 'cannot rename onto a directory with files')
          this.#change([from, to], tree => move(tree, from, to))
        }),
      remove: path =>
        perform('remove', path, () => {
          if (!this.#tree.has(path)) return
          this.#change([path], tree => {
            for (const each of below(tree, path)) tree.delete(each)
            tree.delete(path)
          })
        }),
      syncDirectory: path =>
        perform('syncDirectory', path, () => {
          if (this.#tree.get(path) !== 'directory') throw missing(path)
          this.#syncDirectory(path)
        }),
      setModified: (path, modifiedMs) =>
        perform('setModified', path, () => {
          this.#file(path).modifiedMs = modifiedMs
        }),
      lock: path =>
        perform('open', path, () => {
          this.#parentOf(path)
          const holder = this.#locks.get(path)?.holder
          if (holder?.alive === true) throw new DiskError('ELOCKED', path, `locked by process ${holder.toString()}`)
          const lock = { holder: life }
          this.#locks.set(path, lock)
          return {
            release: () =>
              perform('remove', path, () => {
                if (this.#locks.get(path) === lock) this.#locks.delete(path)
              }),
          }
        }),
      space: path =>
        perform('stat', path, () => ({ totalBytes: this.capacityBytes, freeBytes: Math.max(0, this.capacityBytes - this.usedBytes) })),
    }
  }

  #handle(life: Life, path: string, file: SimulatedFile, { now, created }: { now: () => number; created: boolean }): DiskFile {
    const where = ` ${life.node} ${path}`
    let closing: Promise<void> | undefined
    let nameIsDurable = !created
    // One file's appends, truncations and syncs take effect in call order; reads do not wait for them.
    let tail: Promise<unknown> = Promise.resolve()

    const perform = <T>(operation: DiskOperation, act: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        if (!life.alive) return
        const [from, to] = operation === 'sync' ? this.times.syncMs : this.times.operationMs
        this.#scheduler.after(life, this.#random.between(from, to), operation + where, () => settle(resolve, reject, act))
      })
    const whileOpen = <T>(start: () => Promise<T>): Promise<T> =>
      closing === undefined ? start() : Promise.reject(new DiskError('EBADF', path, 'the file is closed'))
    const inOrder = <T>(start: () => Promise<T>): Promise<T> => {
      const done = tail.then(start)
      tail = done.catch(() => undefined) // its caller hears of it; the next in line is a different operation
      return done
    }

    const ordered = <T>(start: () => Promise<T>): Promise<T> => whileOpen(() => inOrder(start))

    return {
      path,
      get size() {
        return file.length
      },
      read: (position, length, into) =>
        whileOpen(() => {
          into?.fill(SPOILT, 0, length) // from now on the disk may write there whenever it likes
          return perform('read', () => {
            this.#failIfStruck('read', path)
            const bytes = file.read(position, length)
            return into === undefined ? bytes : into.subarray(0, bytes.copy(into))
          })
        }),
      append: chunks =>
        ordered(() => {
          // The copy is made when the write happens, so that a caller who changes the chunks meanwhile is found out.
          const writing = { done: 0, total: chunks.reduce((sum, chunk) => sum + chunk.length, 0) }
          const torn = life.alive ? this.#tornBy(life, () => write(this.#random.below(writing.total + 1))) : undefined
          const write = (bytes: number) => {
            file.append((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).subarray(0, bytes))
            file.modifiedMs = now()
          }
          return perform('append', () => {
            torn?.()
            const code = this.faults.strike('append', path) ?? (this.#hasRoom(writing.total) ? undefined : 'ENOSPC')
            if (code !== undefined) {
              write(this.#random.below(Math.min(writing.total, Math.max(0, this.capacityBytes - this.usedBytes)) + 1))
              throw new DiskError(code, path, 'cannot append')
            }
            write(writing.total)
          })
        }),
      sync: () =>
        // Later appends go on while the sync runs; it covers what was there when it began.
        ordered(() => {
          const covered = file.length
          return Promise.resolve({
            done: perform('sync', () => {
              const code = this.faults.strike('sync', path)
              if (code !== undefined) {
                file.syncFailed()
                throw new DiskError('EIO', path, `cannot sync: ${code}`)
              }
              file.synced(covered)
              if (!nameIsDurable) this.#syncDirectory(dirname(path))
              nameIsDurable = true
            }),
          })
        }).then(({ done }) => done),
      truncate: length =>
        ordered(() =>
          perform('truncate', () => {
            this.#failIfStruck('truncate', path)
            file.truncate(length)
            file.modifiedMs = now()
          }),
        ),
      close: () => (closing ??= inOrder(() => perform('open', () => undefined))),
    }
  }

  readonly #tearing = new Map<Life, Set<() => void>>()

  /** Registers what a crash in the middle of a write leaves behind. */
  #tornBy(life: Life, tear: () => void): () => void {
    const tears = this.#tearing.get(life) ?? new Set()
    this.#tearing.set(life, tears)
    tears.add(tear)
    return () => tears.delete(tear)
  }

  /** The life ends: each write that was under way stops somewhere, its locks fall. */
  crashed(life: Life): void {
    for (const tear of this.#tearing.get(life) ?? []) tear()
    this.#tearing.delete(life)
    for (const [path, { holder }] of this.#locks) if (holder === life) this.#locks.delete(path)
  }

  #create(path: string, now: number): SimulatedFile {
    this.#parentOf(path)
    const file = new SimulatedFile()
    file.modifiedMs = now
    this.#change([path], tree => tree.set(path, file))
    return file
  }

  #file(path: string): SimulatedFile {
    const entry = this.#tree.get(path)
    if (entry === undefined) throw missing(path)
    if (entry === 'directory') throw new DiskError('EISDIR', path, 'is a directory')
    return entry
  }

  #parentOf(path: string): void {
    if (this.#tree.get(dirname(path)) !== 'directory') throw this.#missing(path)
  }

  /** Why there is no such directory, or nothing in it. */
  #missing(path: string): DiskError {
    const inTheWay = [...ancestors(path), path].some(each => this.#tree.get(each) instanceof SimulatedFile)
    return inTheWay ? new DiskError('ENOTDIR', path, 'a file is in the way of a directory') : missing(path)
  }

  #change(paths: readonly string[], apply: (tree: Tree) => void): void {
    apply(this.#tree)
    this.#pending.push({ directories: paths.map(path => dirname(path)), apply })
  }

  #syncDirectory(path: string): void {
    const covered = this.#pending.findLastIndex(change => change.directories.includes(path)) + 1
    for (const change of this.#pending.splice(0, covered)) change.apply(this.#durable)
  }

  #failIfStruck(operation: DiskOperation, path: string): void {
    const code = this.faults.strike(operation, path)
    if (code !== undefined) throw new DiskError(operation === 'syncDirectory' ? 'EIO' : code, path, `cannot ${operation}: ${code}`)
  }

  /** Only a disk with bounds is looked through. */
  #hasRoom(bytes: number): boolean {
    return this.capacityBytes === Number.MAX_SAFE_INTEGER || this.usedBytes + bytes <= this.capacityBytes
  }

  #failIfFull(path: string, bytes: number): void {
    if (!this.#hasRoom(bytes)) throw new DiskError('ENOSPC', path, 'the disk is full')
  }
}

/** What `act` throws becomes a rejection. */
function settle<T>(resolve: (value: T) => void, reject: (why: Error) => void, act: () => T): void {
  let value: T
  try {
    value = act()
  } catch (problem) {
    if (!(problem instanceof Error)) throw problem
    reject(problem)
    return
  }
  resolve(value)
}

function missing(path: string): DiskError {
  return new DiskError('ENOENT', path, 'no such file or directory')
}

function ancestors(path: string): string[] {
  const found: string[] = []
  for (let each = dirname(path); each !== '/'; each = dirname(each)) found.unshift(each)
  return found
}

function below(tree: Tree, path: string): string[] {
  const prefix = `${path}/`
  const found: string[] = []
  for (const each of tree.keys()) if (each.startsWith(prefix)) found.push(each)
  return found
}

function move(tree: Tree, from: string, to: string): void {
  const entry = tree.get(from)
  if (entry === undefined) return // removed by a change that survived alone
  const inside = below(tree, from).map(each => [each, tree.get(each)!] as const)
  tree.delete(from)
  tree.set(to, entry)
  for (const [path, each] of inside) {
    tree.delete(path)
    tree.set(`${to}${path.slice(from.length)}`, each)
  }
}

function shuffled<T>(list: readonly T[], random: SeededRandom): T[] {
  const mixed = [...list]
  for (let index = mixed.length - 1; index > 0; index--) {
    const other = random.below(index + 1)
    ;[mixed[index], mixed[other]] = [mixed[other]!, mixed[index]!]
  }
  return mixed
}
