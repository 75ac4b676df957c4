import { writeFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import { parseArgs } from 'node:util'
import { figuresOf, tableOf, type Row } from './figures.ts'
import { catchUp } from './rows/catchUp.ts'
import { compaction } from './rows/compaction.ts'
import { failover } from './rows/failover.ts'
import { idleMemory } from './rows/idleMemory.ts'
import { latency } from './rows/latency.ts'
import { manyPartitions } from './rows/manyPartitions.ts'
import { search } from './rows/search.ts'
import { startUp } from './rows/startUp.ts'
import { storage } from './rows/storage.ts'
import { throughput } from './rows/throughput.ts'
import { wireFailover } from './rows/wireFailover.ts'

const { values: given } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' }, only: { type: 'string' } } })
const quick = given.quick ?? false
/** So many single values would bury the figures in the file. */
const MANY = 100

const parts: Readonly<Record<string, () => Promise<Row[]>>> = {
  start: () => startUp(quick ? 3 : 10),
  memory: () => idleMemory(quick ? 1 : 3),
  failover: async () => [...(await failover(quick ? 5 : 20)), ...(await wireFailover(quick ? 5 : 20))],
  latency: () => latency(quick ? 500 : 5_000),
  partitions: () => manyPartitions(quick),
  throughput: () => throughput(quick ? 1 : 3, quick ? 100 : 500),
  storage: () => storage(quick),
  compaction: () => compaction(quick),
  catchUp: () => catchUp(quick ? 100 : 500),
  search: () => search(quick ? 2 : 5, quick ? 100_000 : 600_000),
}

const wanted = given.only?.split(',') ?? Object.keys(parts)
const unknown = wanted.filter(name => !(name in parts))
if (unknown.length > 0) {
  process.stderr.write(`There is no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}\n`)
  process.exit(2)
}

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 1e9)} GB, ${type()} ${release()}, Node ${process.version}`
process.stdout.write(`${machine}\n\n`)
const rows: Row[] = []
for (const name of wanted) {
  const measured = (await parts[name]?.()) ?? []
  rows.push(...measured)
  process.stdout.write(`${tableOf(measured)}\n\n`)
}
if (given.json !== undefined) {
  const figures = rows.map(({ values, ...row }) => ({ ...row, ...figuresOf(values), values: values.length > MANY ? [] : values }))
  await writeFile(given.json, `${JSON.stringify({ machine, at: new Date().toISOString(), rows: figures }, undefined, 2)}\n`)
}
process.exit(0)
