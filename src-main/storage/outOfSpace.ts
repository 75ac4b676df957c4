import { type Clock, DiskError } from '../env/env.ts'

/** How often what met a full disk is tried again, or looks whether there is space. */
export const SPACE_CHECK_MS = 1000

/**
 * Whether a write was refused for want of space. Then nothing of it was done, or what was done can be cut off again, and asking later is safe. A sync
 * never fails this way (see `Disk`): nobody knows what a failed one has lost.
 */
export function isOutOfSpace(problem: unknown): problem is DiskError {
  return problem instanceof DiskError && (problem.code === 'ENOSPC' || problem.code === 'EDQUOT')
}

/** Does what a full disk may refuse, again and again until there was space for it; once nobody waits any more, a refusal is thrown. */
export async function onceThereIsSpace(
  clock: Clock,
  act: () => Promise<void>,
  { isWaiting, refused = () => {} }: { readonly isWaiting: () => boolean; readonly refused?: (problem: DiskError) => void },
): Promise<void> {
  for (;;) {
    try {
      return await act()
    } catch (problem) {
      if (!isOutOfSpace(problem) || !isWaiting()) throw problem
      refused(problem)
      await new Promise<void>(resolve => clock.after(SPACE_CHECK_MS, resolve))
    }
  }
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
