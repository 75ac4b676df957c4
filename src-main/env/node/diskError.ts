import { DiskError } from '../env.ts'

/** What Node threw, as the core knows it. */
export function diskError(problem: unknown, path: string, message: string): DiskError {
  if (problem instanceof DiskError) return problem
  const code = (problem as { code?: unknown } | null)?.code
  return new DiskError(typeof code === 'string' ? code : 'EUNKNOWN', path, message, problem)
}
