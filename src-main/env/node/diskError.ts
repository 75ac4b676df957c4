import { DiskError } from '../env.ts'

/** What Node threw when a sync failed: never something that may be tried again. */
export function syncError(problem: unknown, path: string, message: string): DiskError {
  const { code } = diskError(problem, path, message)
  return new DiskError('EIO', path, code === 'EIO' ? message : `${message}: ${code}`, problem)
}

/** What Node threw, as the core knows it. */
export function diskError(problem: unknown, path: string, message: string): DiskError {
  if (problem instanceof DiskError) return problem
  const code = (problem as { code?: unknown } | null)?.code
  return new DiskError(typeof code === 'string' ? code : 'EUNKNOWN', path, message, problem)
}
