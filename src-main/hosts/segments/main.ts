import { parentPort, workerData } from 'node:worker_threads'
import { verifyFile } from '../../cluster/segments/verifyFile.ts'
import { nodeClock } from '../../env/node/clock.ts'
import { readOnlyFiles } from '../readOnlyFiles.ts'
import type { CheckedFile } from './checkInThread.ts'

/** The thread that checks one file: it is ended from outside when nobody wants to know any more. */
const LOOK_EVERY_MS = 100

const { path } = workerData as CheckedFile
let toldAt = -Infinity
for await (const found of verifyFile(readOnlyFiles, path, new AbortController().signal)) {
  if (!found.isDone && nodeClock.elapsed() - toldAt < LOOK_EVERY_MS) continue
  toldAt = nodeClock.elapsed()
  parentPort?.postMessage(found)
}
