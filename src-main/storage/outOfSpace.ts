import { DiskError } from '../env/env.ts'

/**
 * Whether a write was refused for want of space. Then nothing of it was done, or what was done can be cut off again, and asking later is safe. A sync
 * never fails this way (see `Disk`): nobody knows what a failed one has lost.
 */
export function isOutOfSpace(problem: unknown): problem is DiskError {
  return problem instanceof DiskError && (problem.code === 'ENOSPC' || problem.code === 'EDQUOT')
}

/** For what must not stop half way: here a full disk is as bad as a broken one. */
export async function wholly<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (problem) {
    if (!isOutOfSpace(problem)) throw problem
    throw new DiskError('EIO', problem.path, `the disk was full in the middle of a change: ${problem.message}`, problem)
  }
}
