import { appendFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { type ClusterOutcome, runClusterScenario, ScenarioFailure } from './cluster/clusterScenario.ts'
import { type Course, replayCommand } from './cluster/scenarioOptions.ts'
import { shortestStory } from './cluster/shortestStory.ts'

/** Marks the threads of this pool among others that load this file. */
const COURSES = 'courses of events'
const LOG_LINES_AT_ONCE = 10_000
/** Nearly all that is made lives for one event; with room for many of them, little of it is ever moved. */
const YOUNG_MEGABYTES = 64

export interface CourseTask {
  readonly course: Course
  /** A file for every event and everything that was done. */
  readonly log?: string | undefined
  /** How many runs the search for a shorter story of a failure may take; 0 for none. */
  readonly tries: number
}

export interface FailedCourse {
  readonly course: Course
  readonly invariant: string
  readonly message: string
  /** The shortest transcript that was found, and how to see it again. */
  readonly shortest?: { readonly transcript: string; readonly command: string; readonly tries: number } | undefined
}

export type CourseReport = { readonly course: Course; readonly outcome: ClusterOutcome } | FailedCourse

/** Runs the tasks on as many threads at a time, and tells of each as it ends, in no particular order. */
export async function runCourses(
  tasks: Iterable<CourseTask>,
  { workers = availableParallelism(), ended }: { workers?: number; ended: (report: CourseReport) => void },
): Promise<void> {
  const waiting = tasks[Symbol.iterator]()
  await Promise.all(
    Array.from({ length: workers }, async () => {
      let worker: Worker | undefined
      try {
        for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
          worker ??= new Worker(fileURLToPath(import.meta.url), {
            workerData: COURSES,
            resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
          })
          ended(await ask(worker, next.value))
        }
      } finally {
        await worker?.terminate()
      }
    }),
  )
}

function ask(worker: Worker, task: CourseTask): Promise<CourseReport> {
  return new Promise((resolve, reject) => {
    worker.once('message', (report: CourseReport) => {
      worker.off('error', reject)
      resolve(report)
    })
    worker.once('error', reject)
    worker.postMessage(task)
  })
}

async function perform({ course, log, tries }: CourseTask): Promise<CourseReport> {
  const logged = log === undefined ? undefined : logTo(log)
  try {
    return { course, outcome: await runClusterScenario({ ...course, ...(logged !== undefined && { log: logged.line }) }) }
  } catch (problem) {
    if (!(problem instanceof ScenarioFailure)) throw problem
    const { invariant, message } = problem
    if (tries === 0) return { course, invariant, message }
    const shortest = await shortestStory(problem, { tries })
    const { transcript, course: shorter } = shortest.failure
    return { course, invariant, message, shortest: { transcript, command: replayCommand(shorter), tries: shortest.tries } }
  } finally {
    logged?.end()
  }
}

/** Writes many lines at a time: there are thousands a second of simulated time. */
function logTo(path: string): { line(text: string): void; end(): void } {
  let lines: string[] = []
  const flush = () => {
    if (lines.length > 0) appendFileSync(path, `${lines.join('\n')}\n`)
    lines = []
  }
  writeFileSync(path, '')
  return {
    line: text => {
      lines.push(text)
      if (lines.length >= LOG_LINES_AT_ONCE) flush()
    },
    end: flush,
  }
}

if (workerData === COURSES)
  parentPort!.on('message', (task: CourseTask) => void perform(task).then(report => parentPort!.postMessage(report)))
