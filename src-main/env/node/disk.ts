import { constants, type Stats } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises'
import fs from 'node:fs'
import { dirname } from 'node:path'
import type { Disk } from '../env.ts'
import { diskError, syncError } from './diskError.ts'
import { NodeFile } from './file.ts'
import { lockFile } from './lockFile.ts'

/** Files of this machine. */
export function nodeDisk(): Disk {
  const replacing = new Map<string, Promise<void>>()
  const syncDirectory = shared(syncDirectoryNow)

  async function replaceFile(path: string, bytes: Buffer): Promise<void> {
    const temporary = `${path}.tmp`
    const fd = await descriptor(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC)
    try {
      try {
        await written(fd, bytes)
        await synced(fd)
      } finally {
        await closed(fd)
      }
      await rename(temporary, path)
    } catch (problem) {
      await rm(temporary, { force: true }) // on a full disk it would be in the way of better things
      throw problem
    }
    await syncDirectory(dirname(path))
  }

  return {
    open: (path, options) =>
      failing(path, 'cannot open', async () => {
        const { fd, created } = await openOrCreate(path, options?.create === true)
        return new NodeFile({ path, fd, size: (await statOf(fd)).size, syncName: created ? () => syncDirectory(dirname(path)) : undefined })
      }),
    readFile: path => failing(path, 'cannot read', () => whole(path)),
    replaceFile: (path, bytes) =>
      failing(path, 'cannot replace', async () => {
        // One after the other for one path, since they share the temporary file: a fixed name leaves no litter behind in a crash.
        const before = replacing.get(path)
        const replaced = before === undefined ? replaceFile(path, bytes) : before.then(() => replaceFile(path, bytes))
        const done = replaced.catch(() => undefined)
        replacing.set(path, done)
        await done
        if (replacing.get(path) === done) replacing.delete(path)
        return replaced
      }),
    stat: path =>
      failing(path, 'cannot look at', async () => {
        try {
          const found = await stat(path)
          return { size: found.size, modifiedMs: found.mtimeMs, isDirectory: found.isDirectory() }
        } catch (problem) {
          if (isMissing(problem) || (problem as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined
          throw problem
        }
      }),
    list: path =>
      failing(path, 'cannot list', async () => {
        const entries = await readdir(path, { withFileTypes: true })
        return entries.map(entry => ({ name: entry.name, isDirectory: entry.isDirectory() }))
      }),
    makeDirectory: path =>
      failing(path, 'cannot make the directory', async () => {
        for (const made of await makeDirectories(path)) await syncDirectory(dirname(made))
      }),
    rename: (from, to) => failing(from, `cannot rename to ${to}`, () => rename(from, to)),
    remove: path => failing(path, 'cannot remove', () => rm(path, { recursive: true, force: true })),
    syncDirectory: path => failing(path, 'cannot sync', () => syncDirectory(path)),
    setModified: (path, modifiedMs) => failing(path, 'cannot set the time of', () => utimes(path, modifiedMs / 1000, modifiedMs / 1000)),
    lock: lockFile,
    space: path =>
      failing(path, 'cannot measure', async () => {
        const { bsize, blocks, bavail } = await statfs(path)
        return { totalBytes: bsize * blocks, freeBytes: bsize * bavail }
      }),
  }
}

async function failing<T>(path: string, message: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (problem) {
    throw diskError(problem, path, message)
  }
}

/** Answers those that were not there. Node's own recursion never comes to an end where a parent exists that takes no directories, as `/proc`. */
async function makeDirectories(path: string): Promise<string[]> {
  try {
    await mkdir(path)
    return [path]
  } catch (problem) {
    const { code } = problem as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return []
    if (code !== 'ENOENT' || dirname(path) === path) throw problem
  }
  const above = await makeDirectories(dirname(path))
  try {
    await mkdir(path)
  } catch (problem) {
    // Somebody else may have made it meanwhile.
    if ((problem as NodeJS.ErrnoException).code !== 'EEXIST') throw problem
  }
  return [path, ...above]
}

async function openOrCreate(path: string, create: boolean): Promise<{ fd: number; created: boolean }> {
  try {
    return { fd: await descriptor(path, constants.O_RDWR), created: false }
  } catch (problem) {
    if (!create || !isMissing(problem)) throw problem
    return { fd: await descriptor(path, constants.O_RDWR | constants.O_CREAT), created: true }
  }
}

/** Calls for one path that come while one is under way share the next: a folder that thousands are made in at once needs few syncs, not thousands. */
function shared(act: (path: string) => Promise<void>): (path: string) => Promise<void> {
  const running = new Map<string, { now: Promise<void>; next: Promise<void> | undefined }>()
  const begin = (path: string): Promise<void> => {
    const turn = { now: act(path), next: undefined }
    running.set(path, turn)
    const over = () => void (running.get(path) === turn && turn.next === undefined && running.delete(path))
    turn.now.then(over, over)
    return turn.now
  }
  return path => {
    const turn = running.get(path)
    if (turn === undefined) return begin(path)
    return (turn.next ??= turn.now.then(
      () => begin(path),
      () => begin(path), // told to those who asked for that one
    ))
  }
}

// Costs half of what the one with promises does: a start reads two small files of each log.
function whole(path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    fs.readFile(path, (problem, bytes) => (problem === null ? resolve(bytes) : reject(problem)))
  })
}

// Bare descriptors rather than handles: the hot paths use the callback functions, which make no promise per call.
function descriptor(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, 0o644, (problem, fd) => (problem === null ? resolve(fd) : reject(problem)))
  })
}

function written(fd: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.writeFile(fd, bytes, problem => (problem === null ? resolve() : reject(problem)))
  })
}

function synced(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(fd, problem => (problem === null ? resolve() : reject(problem)))
  })
}

function closed(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.close(fd, problem => (problem === null || problem === undefined ? resolve() : reject(problem)))
  })
}

function statOf(fd: number): Promise<Stats> {
  return new Promise((resolve, reject) => {
    fs.fstat(fd, (problem, found) => (problem === null ? resolve(found) : reject(problem)))
  })
}

async function syncDirectoryNow(path: string): Promise<void> {
  // Windows has no way to sync a directory, and journals renames by itself.
  if (process.platform === 'win32') return
  const fd = await descriptor(path, constants.O_RDONLY)
  try {
    await synced(fd)
  } catch (problem) {
    throw syncError(problem, path, 'cannot sync the directory')
  } finally {
    await closed(fd)
  }
}

function isMissing(problem: unknown): boolean {
  return (problem as NodeJS.ErrnoException).code === 'ENOENT'
}
