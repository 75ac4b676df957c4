import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { latestOf } from '../../base/asyncQueues.ts'
import type { VerifyFile } from '../../cluster/segments/segmentsService.ts'
import type { Verification } from '../../contract/segments.ts'

/** What the thread is told. */
export interface CheckedFile {
  readonly path: string
}

/** Checks files in threads of their own, so that nobody else waits while a gigabyte is looked at. A look at what was found so far, as often as one can read. */
export const checkInThread: VerifyFile = async function* (path, signal) {
  if (signal.aborted) return
  const worker = new Worker(threadEntry(), {
    workerData: { path } satisfies CheckedFile,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const ended = new AbortController()
  const looks = latestOf<Verification>(AbortSignal.any([signal, ended.signal]))
  let newest: Verification | undefined
  let told: Verification | undefined
  let failure: Error | undefined
  worker.on('message', (found: Verification) => looks.offer((newest = found)))
  worker.on('error', (problem: Error) => (failure = problem))
  worker.on('exit', () => ended.abort())
  try {
    for await (const look of looks) yield (told = look)
    if (signal.aborted) return
    if (failure !== undefined) throw failure
    if (newest?.isDone !== true) throw new Error('The check of the file ended before the file did.')
    if (newest !== told) yield newest
  } finally {
    void worker.terminate() // also when whoever listens walks away; what hangs in native code is not waited for
  }
}

/** The program of the thread: beside the bundles (whose shared code lies in `chunks`), or the source. */
function threadEntry(): string {
  const here = fileURLToPath(import.meta.url)
  if (here.endsWith('.ts')) return join(dirname(here), 'main.ts')
  const folder = dirname(here)
  return join(basename(folder) === 'chunks' ? dirname(folder) : folder, 'segmentCheckWorker.js')
}
