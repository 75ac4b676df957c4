/**
 * `npm run sim -- --seeds N --from SEED [--ms MS] [--workers N]`: many courses of events on simulated clusters, as many at a time as there are processors.
 * Stops at nothing: prints what broke with which seed, and in the end what was done. Exit status 1 when a promise was broken.
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { type ClusterOutcome, runClusterScenario } from './cluster/clusterScenario.ts'

interface Task {
  readonly seed: number
  readonly faultsMs: number
}

type Report = { readonly seed: number; readonly outcome: ClusterOutcome } | { readonly seed: number; readonly failure: string }

function work(): void {
  parentPort!.on('message', ({ seed, faultsMs }: Task) => {
    runClusterScenario({ seed, faultsMs }).then(
      outcome => parentPort!.postMessage({ seed, outcome } satisfies Report),
      (problem: unknown) =>
        parentPort!.postMessage({ seed, failure: problem instanceof Error ? problem.message : String(problem) } satisfies Report),
    )
  })
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      ms: { type: 'string', default: '20000' },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const [seeds, from, faultsMs, workers] = [values.seeds, values.from, values.ms, values.workers].map(Number) as [
    number,
    number,
    number,
    number,
  ]
  if (![seeds, from, faultsMs, workers].every(Number.isSafeInteger)) {
    console.error('usage: npm run sim -- [--seeds N] [--from SEED] [--ms MS] [--workers N]')
    return 2
  }

  const startedMs = Date.now()
  const sum = new Sum()
  let next = from
  const last = from + seeds - 1
  await Promise.all(
    Array.from({ length: Math.min(workers, seeds) }, async () => {
      const worker = new Worker(fileURLToPath(import.meta.url))
      while (next <= last) {
        const report = await ask(worker, { seed: next++, faultsMs })
        sum.add(report)
        if ('failure' in report) console.log(`\nseed ${report.seed} FAILED\n${report.failure}`)
        if (process.stderr.isTTY) process.stderr.write(`\r${sum.done} of ${seeds}, ${sum.failed.length} failed `)
      }
      await worker.terminate()
    }),
  )
  console.log(sum.text((Date.now() - startedMs) / 60_000))
  return sum.failed.length === 0 ? 0 : 1
}

function ask(worker: Worker, task: Task): Promise<Report> {
  return new Promise((resolve, reject) => {
    worker.once('message', (report: Report) => {
      worker.off('error', reject)
      resolve(report)
    })
    worker.once('error', reject)
    worker.postMessage(task)
  })
}

class Sum {
  done = 0
  readonly failed: number[] = []
  #simulatedMs = 0
  #checks = 0
  #acknowledged = 0
  #batchesRead = 0
  #commits = 0
  readonly #faults = new Map<string, number>()

  add(report: Report): void {
    this.done++
    if ('failure' in report) {
      this.failed.push(report.seed)
      return
    }
    const { outcome } = report
    this.#simulatedMs += outcome.simulatedMs
    this.#checks += outcome.checks
    this.#acknowledged += outcome.acknowledged
    this.#batchesRead += outcome.batchesRead
    this.#commits += outcome.commits
    for (const [kind, count] of outcome.faults) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count)
  }

  text(minutes: number): string {
    const faults = [...this.#faults].sort(([, one], [, other]) => other - one).map(([kind, count]) => `${kind} ${count}`)
    return [
      `${this.done} seeds, ${(this.done / minutes).toFixed(0)} a minute, ${(this.#simulatedMs / 3_600_000).toFixed(2)} simulated hours`,
      `faults: ${faults.join(', ')}`,
      `invariants looked at ${this.#checks} times; ${this.#acknowledged} acknowledged records, ${this.#batchesRead} batches read, ${this.#commits} offset commits held against the final logs`,
      this.failed.length === 0 ? 'no promise was broken' : `FAILED: seeds ${this.failed.join(', ')}`,
    ].join('\n')
  }
}

if (isMainThread) process.exitCode = await main(process.argv.slice(2))
else work()
