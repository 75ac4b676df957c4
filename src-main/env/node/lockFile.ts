/**
 * A lock that outlives nothing: a file that says which process holds it. It is made by linking a finished file into place, so that nobody ever
 * sees a half-written one. A holder is gone when its pid is, or when the process that now has the pid began at another time than the holder did
 * (Linux tells; elsewhere the pid alone decides). A file that names nobody, such as Apache Kafka's, holds nothing.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { type DiskLock, DiskError } from '../env.ts'
import { diskError } from './diskError.ts'

/** Held by this process. Without this, a lock left by an earlier process with our pid could not be told from our own. */
const held = new Set<string>()

export async function lockFile(path: string): Promise<DiskLock> {
  if (held.has(path)) throw lockedBy(path, process.pid)
  held.add(path)
  const own = `${path}.${process.pid}`
  try {
    await writeFile(own, await identityOf(process.pid))
    while (!(await linked(own, path))) await removeIfStale(path)
  } catch (problem) {
    held.delete(path)
    throw problem instanceof DiskError ? problem : diskError(problem, path, 'cannot lock')
  } finally {
    await rm(own, { force: true })
  }
  let isReleased = false
  return {
    async release() {
      if (isReleased) return
      isReleased = true // from then on it may be another's
      await rm(path, { force: true })
      held.delete(path)
    },
  }
}

async function linked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path)
    return true
  } catch (problem) {
    switch ((problem as NodeJS.ErrnoException).code) {
      case 'EEXIST':
        return false
      case 'EPERM':
      case 'ENOTSUP':
      case 'ENOSYS':
        // A file system without hard links: exclusive creation is as good, but for a moment in which the file is empty.
        return createdExclusively(own, path)
      default:
        throw problem
    }
  }
}

async function createdExclusively(own: string, path: string): Promise<boolean> {
  try {
    await writeFile(path, await readFile(own), { flag: 'wx' })
    return true
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw problem
  }
}

async function removeIfStale(path: string): Promise<void> {
  const holder = await contentOf(path)
  if (holder === undefined) return
  const pid = Number(holder.split(' ')[0])
  if (
    Number.isInteger(pid) &&
    pid > 0 &&
    holder === (await identityOf(pid)) &&
    isRunning(pid) &&
    !(pid === process.pid && !tellsStart(holder))
  ) {
    throw lockedBy(path, pid)
  }
  // Moved away first and looked at again: another process may have found the same and be faster, and its new lock must not be lost.
  const aside = `${path}.${process.pid}.stale`
  try {
    await rename(path, aside)
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code === 'ENOENT') return
    throw problem
  }
  try {
    if ((await contentOf(aside)) !== holder) await linked(aside, path)
  } finally {
    await rm(aside, { force: true })
  }
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw problem
  }
}

/** The pid and, where the system tells, when its process began. */
async function identityOf(pid: number): Promise<string> {
  const stat = process.platform === 'linux' ? await contentOf(`/proc/${pid}/stat`) : undefined
  // The process name, in parentheses, may hold spaces. Behind it come the state and, 19 fields on, the start time.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const began = fields?.[19]
  if (began === undefined) return `${pid}`
  // A zombie has the pid still, but no descriptor any more: it waits for a parent who may be in no hurry.
  return fields?.[0] === 'Z' ? `${pid} ended` : `${pid} ${began}`
}

function tellsStart(identity: string): boolean {
  return identity.includes(' ')
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (problem) {
    return (problem as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function lockedBy(path: string, pid: number): DiskError {
  return new DiskError('ELOCKED', path, `locked by process ${pid}`)
}
