import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import type { Edit, Mutation, Stage } from './mutation.ts'

const MUTATIONS = 'mutations'
const SOURCES = new URL('../', import.meta.url)
const USUAL_FAULTS_MS = 6000
const USUAL_HEALING_MS = 10_000

interface MutationTask {
  readonly mutation: Mutation
  readonly from: number
  readonly seeds: number
}

/** What became of a mutation; `caught` is undefined when it survived all seeds. */
export interface MutationReport {
  readonly mutation: Mutation
  readonly caught: Catch | undefined
  /** In how many seeds it was looked for, the one that caught it included. */
  readonly seeds: number
}

export interface Catch {
  readonly seed: number
  readonly invariant: string
  readonly message: string
}

/**
 * Lets each mutation run through course after course until an invariant notices, several mutations at a time, each in a thread of its own that has loaded
 * the sources with the edits in them. `seedsOf` says where it begins and after how many seeds it gives up.
 */
export async function runMutations(
  mutations: Iterable<Mutation>,
  {
    seedsOf,
    workers = availableParallelism(),
    ended,
  }: {
    seedsOf: (mutation: Mutation) => { readonly from: number; readonly seeds: number }
    workers?: number
    ended: (report: MutationReport) => void
  },
): Promise<void> {
  const waiting = mutations[Symbol.iterator]()
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
        const mutation = next.value
        ended({ mutation, ...(await runApart({ mutation, ...seedsOf(mutation) })) })
      }
    }),
  )
}

async function runApart(task: MutationTask): Promise<Omit<MutationReport, 'mutation'>> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { [MUTATIONS]: task } })
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', code => reject(new Error(`the thread for "${task.mutation.broken}" ended with ${code}`)))
    })
  } finally {
    await worker.terminate()
  }
}

/** The source with the edits. Throws when it has changed, so that one of them does not say any more what it is to replace. */
export function mutated(source: string, edits: readonly Edit[]): string {
  let text = source
  for (const { file, is, becomes } of edits) {
    const parts = text.split(is)
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times what a mutation replaces: ${is}`)
    text = parts.join(becomes)
  }
  return text
}

/** In this thread, whatever is loaded from now on is loaded with the edits. */
function loadWith(edits: readonly Edit[]): void {
  const byUrl = Map.groupBy(edits, ({ file }) => new URL(file, SOURCES).href)
  registerHooks({
    load(url, context, nextLoad) {
      const own = byUrl.get(url)
      const loaded = nextLoad(url, context)
      return own === undefined ? loaded : { ...loaded, source: mutated(readFileSync(new URL(url), 'utf8'), own) }
    },
  })
}

async function perform({ mutation, from, seeds }: MutationTask): Promise<Omit<MutationReport, 'mutation'>> {
  loadWith(mutation.edits)
  const runSeed = await runnerOf(mutation.stage)
  for (let tried = 1; tried <= seeds; tried++) {
    const seed = from + tried - 1
    const problem = await runSeed(seed).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (problem !== undefined) return { caught: { seed, ...describe(problem) }, seeds: tried }
  }
  return { caught: undefined, seeds }
}

async function runnerOf(stage: Stage): Promise<(seed: number) => Promise<unknown>> {
  if (stage.type !== 'cluster') {
    const { runCutOffScenario, runElectionScenario, runQuorumScenario } = await import('./quorum/quorumScenario.ts')
    const run = { quorum: runQuorumScenario, elections: runElectionScenario, cutOff: runCutOffScenario }[stage.type]
    return seed => run(stage.size, { seed })
  }
  const { runClusterScenario } = await import('./cluster/clusterScenario.ts')
  return seed => runClusterScenario({ pace: 1, faultsMs: USUAL_FAULTS_MS, healingMs: USUAL_HEALING_MS, ...stage.course, seed })
}

/** The invariant, where the failure names one; otherwise what it says. */
function describe(problem: unknown): Pick<Catch, 'invariant' | 'message'> {
  let root = problem
  while (root instanceof Error && root.cause !== undefined) root = root.cause
  const message = root instanceof Error ? root.message : String(root)
  const invariant = root instanceof Error && 'invariant' in root ? String(root.invariant) : message.split(/[:,]/)[0]!.replace(/\d+/g, '#')
  return { invariant, message }
}

if (MUTATIONS in ((workerData ?? {}) as object))
  void perform((workerData as { readonly [MUTATIONS]: MutationTask })[MUTATIONS]).then(report => parentPort!.postMessage(report))
