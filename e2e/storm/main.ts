import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { storm, type StormReport } from './storm.ts'

const { values: given } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    keep: { type: 'boolean' },
    quiet: { type: 'boolean' },
  },
})
const minutes = given.seconds === undefined ? Number(given.minutes ?? 30) : Number(given.seconds) / 60
const seed = Number(given.seed ?? randomInt(1, 2 ** 31))
if (!(minutes > 0) || !Number.isInteger(seed)) {
  process.stderr.write('npm run storm -- [--minutes 30 | --seconds N] [--seed S] [--keep] [--quiet]\n')
  process.exit(2)
}

const startedAt = performance.now()
const print = (line: string) => process.stdout.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(7)}  ${line}\n`)
// kafkajs leaves promises to themselves when a broker refuses a connection; what was asked of it goes on all the same.
let forgiven = 0
process.on('unhandledRejection', problem => {
  if (!(problem instanceof Error) || !problem.name.startsWith('KafkaJS')) throw problem
  forgiven += 1
})

const directory = await mkdtemp(join(tmpdir(), 'trilog-storm-'))
print(`a storm of ${Number(minutes.toFixed(2))} minutes, seed ${seed}, in ${directory}`)
try {
  const report = await storm({ directory, seed, ms: minutes * 60_000, say: given.quiet ? () => undefined : print })
  process.stdout.write(`\n${describe(report)}\n`)
  const isWell = report.faults.length === 0
  if (isWell && !given.keep) await rm(directory, { recursive: true, force: true })
  else print(`the brokers' folders are in ${directory}`)
  process.exitCode = isWell ? 0 : 1
} catch (error) {
  print(
    `the storm failed (seed ${seed}, folders in ${directory}): ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
  process.exitCode = 1
}
// A client that is still trying must not keep us.
process.exit()

function describe(report: StormReport): string {
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count.toLocaleString('en-US')}`)
  const struck = [...report.struck.values()].reduce((sum, each) => sum + each, 0)
  const acknowledged = [...report.acknowledged.values()].reduce((sum, each) => sum + each, 0)
  return [
    `seed                    ${seed}`,
    `faults                  ${struck}: ${list(report.struck).join(', ')}`,
    `acknowledged records    ${acknowledged.toLocaleString('en-US')}: ${list(report.acknowledged).join(', ')}`,
    `written records         ${report.written.toLocaleString('en-US')}`,
    `read records            ${report.read.toLocaleString('en-US')}`,
    `committed offsets       ${report.commits.toLocaleString('en-US')}, looked at ${report.commitLooks.toLocaleString('en-US')} times`,
    `longest without an ack  ${(report.longestGapMs / 1000).toFixed(1)} s, of one writer ${(report.longestGapOfOneMs / 1000).toFixed(1)} s`,
    `slowest healing         ${(report.slowestHealingMs / 1000).toFixed(1)} s`,
    `oddities of clients     ${list(new Map([...report.oddities, ['promises that kafkajs let go of', forgiven]])).join(', ')}`,
    ...(report.faults.length === 0
      ? ['', 'Every promise was kept: nothing lost, nothing twice, nothing changed, all replicas the same bytes.']
      : ['', `${report.faults.length} broken promises:`, ...report.faults.map(fault => `  ${fault}`)]),
  ].join('\n')
}
