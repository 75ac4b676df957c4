import { open, readdir, stat } from 'node:fs/promises'
import type { ReadableFiles } from '../cluster/dump/items.ts'
import { diskError } from '../env/node/diskError.ts'

/** Files that are only looked at: they may be another's, or those of a broker that runs. */
export const readOnlyFiles: ReadableFiles = {
  async open(path) {
    try {
      const handle = await open(path, 'r')
      return {
        size: (await handle.stat()).size,
        read: (position, length) => readAll(path, handle, position, length),
        close: () => handle.close(),
      }
    } catch (problem) {
      throw diskError(problem, path, 'cannot open')
    }
  },
  async stat(path) {
    try {
      const found = await stat(path)
      return { size: found.size, isDirectory: found.isDirectory() }
    } catch (problem) {
      if ((problem as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw diskError(problem, path, 'cannot look at')
    }
  },
  async list(path) {
    try {
      return (await readdir(path, { withFileTypes: true })).map(entry => ({ name: entry.name, isDirectory: entry.isDirectory() }))
    } catch (problem) {
      throw diskError(problem, path, 'cannot list')
    }
  },
}

async function readAll(path: string, handle: Awaited<ReturnType<typeof open>>, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  try {
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  } catch (problem) {
    throw diskError(problem, path, 'cannot read')
  }
}
