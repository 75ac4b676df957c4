import { open } from 'node:fs/promises'
import type { DiskFile } from '../../env/env.ts'
import { diskError } from '../../env/node/diskError.ts'

/** For who may not write: the process of a predicate is kept from opening what it could change. */
export async function openReadOnly(path: string): Promise<Pick<DiskFile, 'read' | 'close'>> {
  const failing = async <T>(what: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (problem) {
      throw diskError(problem, path, what)
    }
  }
  const handle = await failing('cannot open', () => open(path, 'r'))
  return {
    read: (position, length, into = Buffer.allocUnsafe(length)) =>
      failing('cannot read', async () => {
        let bytes = 0
        while (bytes < length) {
          const { bytesRead } = await handle.read(into, bytes, length - bytes, position + bytes)
          if (bytesRead === 0) break
          bytes += bytesRead
        }
        return into.subarray(0, bytes)
      }),
    close: () => failing('cannot close', () => handle.close()),
  }
}
