import { parentPort } from 'node:worker_threads'
import { openSchemaSnapshot } from '../../admin/schemas/snapshotDecoder.ts'
import { SearchScanner } from '../../admin/search/searchScanner.ts'
import type { WorkerAnswer, WorkerRequest } from '../../admin/search/searchWorkers.ts'
import { nodeClock } from '../../env/node/clock.ts'
import { closeDoors, openPredicateSandbox } from './predicateSandbox.ts'
import { openReadOnly } from './readOnlyFile.ts'

/** A search worker: a thread of the host, or, for predicates, a process that ends with it. */
const answer: (answer: WorkerAnswer) => void =
  parentPort === null ? found => process.send?.(found) : found => parentPort?.postMessage(found)
const scanner = new SearchScanner({
  elapsed: () => nodeClock.elapsed(),
  open: openReadOnly,
  openSchemas: openSchemaSnapshot,
  openSandbox: source => {
    closeDoors()
    return openPredicateSandbox(source)
  },
  answer,
})
if (parentPort === null) {
  process.on('message', request => scanner.take(request as WorkerRequest))
  process.on('disconnect', () => process.exit(0))
} else parentPort.on('message', (request: WorkerRequest) => scanner.take(request))
