import { DiskError } from '../../env/env.ts'
import { openSchemaSnapshot } from '../schemas/snapshotDecoder.ts'
import type { PredicateSandbox } from './predicate.ts'
import { SearchScanner } from './searchScanner.ts'
import type { SearchWorkers, WorkerAnswer } from './searchWorkers.ts'

/** For tests: workers without threads. Their answers come later, as a real worker's would, and in order. */
export function sameThreadWorkers({
  parallelism = 2,
  openSandbox = () => {
    throw new Error('There is no sandbox here')
  },
}: { readonly parallelism?: number; readonly openSandbox?: (source: string) => PredicateSandbox } = {}): SearchWorkers {
  return {
    parallelism,
    open: (_, listeners) => {
      let isClosed = false
      let last = Promise.resolve()
      const scanner = new SearchScanner({
        elapsed: () => 0,
        open: path => Promise.reject(new DiskError('ENOENT', path, 'there are no files')),
        openSandbox,
        openSchemas: openSchemaSnapshot,
        answer: (answer: WorkerAnswer) => {
          last = last.then(() => (isClosed ? undefined : listeners.answer(answer)))
        },
      })
      return {
        post: request => scanner.take(request),
        close: () => (isClosed = true),
      }
    },
  }
}
