import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** An empty folder under TMPDIR, gone with everything in it when `use` is over. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'trilog-bench-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Descriptors this process has open; `undefined` where the system does not tell (only Linux does). */
export async function openDescriptors(): Promise<number | undefined> {
  return process.platform === 'linux' ? (await readdir('/proc/self/fd')).length : undefined
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes that are really held: of objects, and of buffers outside the heap. */
export function heldBytes(): number {
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

export function collectGarbage(): void {
  collect()
}
