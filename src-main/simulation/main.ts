/**
 * `npm run sim -- --seeds N --from SEED`: many courses of events on simulated clusters, as many at a time as there are processors. Stops at nothing: prints
 * what broke with which seed, the shortest story of it that was found and the command that shows it again, and in the end what was done. Exit status 1 when
 * a promise was broken. The other options are what such a command may say.
 *
 * `npm run sim -- --mutations`: breaks one rule after the other on purpose, and prints which invariant noticed, after how many seeds from `--from` on; of
 * `--seeds` at most. Exit status 1 when one was not noticed.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type FaultKind, faultKinds } from './cluster/faults.ts'
import { type ClientKind, clientKinds, type Course } from './cluster/scenarioOptions.ts'
import { type CourseReport, type CourseTask, runCourses } from './coursePool.ts'
import { printMutations } from './mutations.ts'

const USAGE = `usage: npm run sim -- [--seeds N] [--from SEED] [--ms MS] [--workers N] [--brokers N] [--tries N] [--log FILE]
  [--kinds KIND,…] [--keep none|INDEX,…] [--without CLIENTS,…] [--log-dirs N] [--pace N] [--healing-ms MS] [--set KEY=VALUE]…
       npm run sim -- --mutations [--seeds N] [--from SEED] [--workers N]
  kinds: ${faultKinds.join(', ')}
  clients: ${clientKinds.join(', ')}`

class BadUsage extends Error {}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      ms: { type: 'string', default: '60000' },
      workers: { type: 'string', default: String(availableParallelism()) },
      brokers: { type: 'string' },
      tries: { type: 'string', default: '60' },
      log: { type: 'string' },
      kinds: { type: 'string' },
      keep: { type: 'string' },
      without: { type: 'string' },
      'log-dirs': { type: 'string' },
      pace: { type: 'string' },
      'healing-ms': { type: 'string' },
      set: { type: 'string', multiple: true },
      mutations: { type: 'boolean', default: false },
    },
  })
  const [seeds, from, faultsMs] = [count(values.seeds), count(values.from), count(values.ms)]
  if (values.mutations) return (await printMutations({ from, seeds, workers: count(values.workers) })) === 0 ? 0 : 1
  const kept = values.keep === 'none' ? [] : values.keep?.split(',').map(count)
  const settings = values.set?.map(each => each.split(/=(.*)/s).slice(0, 2) as [string, string])
  const given: Omit<Course, 'seed'> = {
    faultsMs,
    ...(values.brokers !== undefined && { brokers: count(values.brokers) }),
    ...(values.kinds !== undefined && { kinds: namesOf<FaultKind>(values.kinds, faultKinds) }),
    ...(kept !== undefined && { keep: kept }),
    ...(values.without !== undefined && { without: namesOf<ClientKind>(values.without, clientKinds) }),
    ...(values['log-dirs'] !== undefined && { logDirs: count(values['log-dirs']) }),
    ...(values.pace !== undefined && { pace: count(values.pace) }),
    ...(values['healing-ms'] !== undefined && { healingMs: count(values['healing-ms']) }),
    ...(settings !== undefined && { settings: Object.fromEntries(settings) }),
  }
  if (values.log !== undefined && seeds !== 1) throw new BadUsage('--log is for one seed')

  const startedMs = Date.now()
  const sum = new Sum()
  const tries = count(values.tries)
  const tasks = Array.from({ length: seeds }, (_, index): CourseTask => ({
    course: { seed: from + index, ...given },
    log: values.log,
    tries,
  }))
  await runCourses(tasks, {
    workers: Math.min(count(values.workers), seeds),
    ended: report => {
      sum.add(report)
      if ('invariant' in report) console.log(`\nseed ${report.course.seed} FAILED\n${textOf(report)}`)
      if (process.stderr.isTTY) process.stderr.write(`\r${sum.done} of ${seeds}, ${sum.failed.length} failed `)
    },
  })
  console.log(sum.text((Date.now() - startedMs) / 60_000))
  return sum.failed.length === 0 ? 0 : 1
}

function count(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw new BadUsage(`${text} is no count`)
  return number
}

function namesOf<Name extends string>(text: string, all: readonly Name[]): Name[] {
  return text.split(',').map(name => {
    if (!all.includes(name as Name)) throw new BadUsage(`there is no ${name}`)
    return name as Name
  })
}

function textOf({ message, shortest }: Extract<CourseReport, { message: string }>): string {
  if (shortest === undefined) return message
  return `${message}\nthe shortest story found in ${shortest.tries} tries:\n${shortest.transcript}\nreplay: ${shortest.command}`
}

class Sum {
  done = 0
  readonly failed: number[] = []
  #simulatedMs = 0
  #acknowledged = 0
  #batchesRead = 0
  #commits = 0
  #uncleanElections = 0
  #lostByThem = 0
  readonly #checks = new Map<string, number>()
  readonly #faults = new Map<string, number>()

  add(report: CourseReport): void {
    this.done++
    if ('invariant' in report) {
      this.failed.push(report.course.seed)
      return
    }
    const { outcome } = report
    this.#simulatedMs += outcome.simulatedMs
    this.#acknowledged += outcome.acknowledged
    this.#batchesRead += outcome.batchesRead
    this.#commits += outcome.commits
    this.#uncleanElections += outcome.uncleanElections
    this.#lostByThem += outcome.lostByThem
    addAll(this.#faults, outcome.faults)
    addAll(this.#checks, outcome.checks)
  }

  text(minutes: number): string {
    const simulatedHours = this.#simulatedMs / 3_600_000
    const rates = `${(this.done / minutes).toFixed(0)} a minute, ${((simulatedHours / minutes) * 60).toFixed(1)} simulated hours in each real one`
    const width = Math.max(...[...this.#checks.keys()].map(name => name.length))
    return [
      `${this.done} seeds, ${rates}, ${simulatedHours.toFixed(2)} in all`,
      `faults: ${largestFirst(this.#faults)
        .map(([kind, times]) => `${kind} ${times}`)
        .join(', ')}`,
      'invariants, and how often they were looked at:',
      ...largestFirst(this.#checks).map(([name, times]) => `  ${name.padEnd(width)} ${times}`),
      `${this.#acknowledged} acknowledged records, ${this.#batchesRead} batches read and ${this.#commits} offset commits held against the final logs`,
      `${this.#uncleanElections} unclean elections where they are allowed, ${this.#lostByThem} acknowledged records lost by them`,
      this.failed.length === 0 ? 'no promise was broken' : `FAILED: seeds ${this.failed.join(', ')}`,
    ].join('\n')
  }
}

function addAll(sum: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, times] of counts) sum.set(name, (sum.get(name) ?? 0) + times)
}

function largestFirst(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([, one], [, other]) => other - one)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (problem) {
  if (!(problem instanceof BadUsage) && !String((problem as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')) throw problem
  console.error(`${(problem as Error).message}\n${USAGE}`)
  process.exitCode = 2
}
