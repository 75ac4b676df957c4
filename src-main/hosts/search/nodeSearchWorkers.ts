import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { SearchWorker, SearchWorkers, WorkerAnswer, WorkerListeners, WorkerRequest } from '../../admin/search/searchWorkers.ts'
import type { Timer } from '../../env/env.ts'
import { nodeClock } from '../../env/node/clock.ts'

/** Threads that nobody needs are kept for the next search for so long. */
const IDLE_MS = 60_000
/** What a predicate may have. Beyond it the process ends, and with it the search. */
const FOREIGN_HEAP_MB = 192

export interface NodeSearchWorkers extends SearchWorkers {
  /** Idle threads end. */
  close(): void
}

/**
 * Workers of this machine. Our own code runs in threads. Foreign code runs in a process of its own: an allocation that is too large for a thread's
 * limits (a string that doubles, an array of a hundred million) ends the whole process that the thread is in. That process may read files, and
 * may not write any, start anything, or see our environment.
 */
export function nodeSearchWorkers({
  parallelism = Math.max(1, availableParallelism() - 1),
  entry = workerEntry(),
} = {}): NodeSearchWorkers {
  const idle: { readonly thread: Thread; readonly timer: Timer }[] = []

  function open(kind: 'trusted' | 'foreign', listeners: WorkerListeners): SearchWorker {
    if (kind === 'foreign') return foreignWorker(entry, listeners)
    const known = idle.pop()
    known?.timer.cancel()
    const thread = known?.thread ?? new Thread(entry)
    thread.begin(listeners)
    return {
      post: request => thread.post(request),
      close: ({ isReusable }) => {
        thread.end()
        if (!isReusable || idle.length >= parallelism) thread.terminate()
        else {
          const entry = { thread, timer: nodeClock.after(IDLE_MS, () => drop(entry)) }
          idle.push(entry)
        }
      },
    }
  }

  function drop(entry: (typeof idle)[number]): void {
    const at = idle.indexOf(entry)
    if (at >= 0) idle.splice(at, 1)
    entry.timer.cancel()
    entry.thread.terminate()
  }

  return { parallelism, open, close: () => idle.slice().forEach(drop) }
}

/** A thread, as long as it lives: for one search after the other. */
class Thread {
  readonly #worker: Worker
  #listeners: WorkerListeners | undefined
  #isDead = false

  constructor(entry: string) {
    this.#worker = new Worker(entry, { execArgv: ['--disable-warning=ExperimentalWarning'] })
    this.#worker.on('message', (answer: WorkerAnswer) => this.#listeners?.answer(answer))
    this.#worker.on('error', (problem: NodeJS.ErrnoException) => {
      this.#isDead = true
      this.#listeners?.ended(problem.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'tooMuchMemory' : { failure: problem })
    })
  }

  begin(listeners: WorkerListeners): void {
    this.#listeners = listeners
    this.#worker.ref()
    if (this.#isDead) listeners.ended({ failure: new Error('A search worker has died while nobody needed it.') })
  }

  /** Nobody listens any more, and an idle thread is no reason to stay alive. */
  end(): void {
    this.#listeners = undefined
    this.#worker.unref()
  }

  post(request: WorkerRequest): void {
    const moved = request.type === 'scanBytes' && request.bytes.buffer instanceof ArrayBuffer ? [request.bytes.buffer] : []
    this.#worker.postMessage(request, moved)
  }

  /** Not waited for: what hangs in native code cannot be stopped before it comes back. */
  terminate(): void {
    void this.#worker.terminate()
  }
}

function foreignWorker(entry: string, listeners: WorkerListeners): SearchWorker {
  let isClosed = false
  const isElectron = 'electron' in process.versions
  const child = fork(entry, [], {
    execArgv: [
      `--max-old-space-size=${FOREIGN_HEAP_MB}`,
      '--disable-warning=ExperimentalWarning',
      ...(!isElectron && process.allowedNodeEnvironmentFlags.has('--permission')
        ? ['--permission', '--allow-addons', '--allow-fs-read=*']
        : []),
    ],
    // Windows starts nothing without knowing where it is itself.
    env: { ...(isElectron && { ELECTRON_RUN_AS_NODE: '1' }), ...('SystemRoot' in process.env && { SystemRoot: process.env.SystemRoot }) },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const end = (why: Parameters<WorkerListeners['ended']>[0]) => {
    if (isClosed) return
    isClosed = true
    listeners.ended(why)
  }
  child.on('message', answer => {
    if (!isClosed) listeners.answer(answer as WorkerAnswer)
  })
  child.on('error', failure => end({ failure }))
  // V8 gives up with an abort, or a trap, when there is no memory left.
  child.on('exit', (code, signal) =>
    end(
      signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGILL' || signal === 'SIGKILL' || code === 134 || code === 133
        ? 'tooMuchMemory'
        : { failure: new Error(`The search worker ended with ${signal ?? `status ${code}`}.`) },
    ),
  )
  return {
    post: request => {
      if (child.connected) child.send(request, () => undefined) // a closing channel: the exit is told soon
    },
    close: () => {
      isClosed = true
      child.kill('SIGKILL')
    },
  }
}

/** The program of the workers: beside the bundles (whose shared code lies in `chunks`), or the source. */
function workerEntry(): string {
  const here = fileURLToPath(import.meta.url)
  if (here.endsWith('.ts')) return join(dirname(here), 'main.ts')
  const folder = dirname(here)
  return join(basename(folder) === 'chunks' ? dirname(folder) : folder, 'searchWorker.js')
}
