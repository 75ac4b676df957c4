import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * What was written so far is on the disk, so that the system does not write it back while something else is measured. It stays in memory. Where there is no
 * `sync`, nothing happens.
 */
export async function writtenBack(): Promise<void> {
  await promisify(execFile)('sync').catch(() => undefined)
}
