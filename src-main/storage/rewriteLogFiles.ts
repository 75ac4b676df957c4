import type { Disk } from '../env/env.ts'
import { logFileName } from '../protocol/files/fileNames.ts'

const CHUNK_BYTES = 1024 * 1024

/**
 * Puts copies that are synced in the place of log files, bytes and all the same. After a sync that failed, the system gives back what was written as
 * long as it has it in memory, and no later sync brings it to the disk: only writing it again does. May be interrupted anywhere and begun again.
 */
export async function rewriteLogFiles(disk: Disk, directory: string, bases: readonly number[]): Promise<void> {
  for (const base of bases) {
    const path = `${directory}/${logFileName(base, 'log')}`
    // As a compaction that has not finished: a start takes it away.
    const copy = `${path}.cleaned`
    await copyFile(disk, path, copy)
    await disk.rename(copy, path)
  }
  if (bases.length > 0) await disk.syncDirectory(directory)
}

async function copyFile(disk: Disk, from: string, to: string): Promise<void> {
  const source = await disk.open(from)
  try {
    const copy = await disk.open(to, { create: true })
    try {
      for (let position = 0; position < source.size; position += CHUNK_BYTES) await copy.append([await source.read(position, CHUNK_BYTES)])
      await copy.sync()
    } finally {
      await copy.close()
    }
  } finally {
    await source.close()
  }
}
