import { writeFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import { parseArgs } from 'node:util'
import { batchOf, rawFetch, rawProduce } from './clients/rawLoad.ts'
import type { MeasuredCluster } from './cluster.ts'
import { findKafka, kafka, trilog } from './contenders.ts'
import { coordinatorOf } from './coordinator.ts'
import { Desk } from './desk.ts'
import { figuresOf, ratioOf, tableOf, type Row } from './figures.ts'
import { catchUp } from './rows/catchUp.ts'
import { ceiling } from './rows/ceiling.ts'
import { compaction } from './rows/compaction.ts'
import { connections } from './rows/connections.ts'
import { emptyReplica } from './rows/emptyReplica.ts'
import { endToEnd } from './rows/endToEnd.ts'
import { failover } from './rows/failover.ts'
import { faults } from './rows/faults.ts'
import { fetch } from './rows/fetch.ts'
import { group } from './rows/group.ts'
import { latency } from './rows/latency.ts'
import { manyPartitions } from './rows/manyPartitions.ts'
import { produce } from './rows/produce.ts'
import { raw } from './rows/raw.ts'
import { requests } from './rows/requests.ts'
import { search } from './rows/search.ts'
import { start } from './rows/start.ts'
import { storage } from './rows/storage.ts'
import { topics } from './rows/topics.ts'
import { wireFaults } from './rows/wireFaults.ts'
import { createTopics, deleteTopics } from './topics.ts'

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    peer: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string' },
  },
})
const { quick } = given
/** So many single values would bury the figures in the file. */
const MANY = 100

/** What is compared with Apache Kafka, and measured of our brokers in the same way when that is not there. */
const compared: Readonly<Record<string, (desk: Desk) => Promise<Row[]>>> = {
  ceiling: () => ceiling(quick),
  start,
  produce,
  raw,
  fetch,
  endToEnd,
  requests,
  emptyReplica,
  group,
  topics,
  connections,
  failover,
}

/** What only ours are asked: with `--all`, or by name. */
const ours: Readonly<Record<string, () => Promise<Row[]>>> = {
  faults: async () => [...(await faults(quick ? 5 : 20)), ...(await wireFaults(quick ? 5 : 20))],
  latency: () => latency(quick ? 500 : 5_000),
  partitions: () => manyPartitions(quick),
  storage: () => storage(quick),
  compaction: () => compaction(quick),
  catchUp: () => catchUp(quick ? 100 : 500),
  search: () => search(quick ? 2 : 5, quick ? 100_000 : 600_000),
}

const known = [...Object.keys(compared), ...Object.keys(ours)]
const wanted = given.only?.split(',') ?? (given.all ? known : Object.keys(compared))
const unknown = wanted.filter(name => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`There is no part ${unknown.join(', ')}; there are ${known.join(', ')}\n`)
  process.exit(2)
}

const javaClasspath = given.peer ? await findKafka() : undefined
const contenders = [trilog, ...(javaClasspath === undefined ? [] : [kafka(javaClasspath)])]
const desk = new Desk(contenders, { isQuick: quick, javaClasspath, warmUp })
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 1e9)} GB, ${type()} ${release()}, Node ${process.version}`
process.stdout.write(`${machine}\n\n`)
const rows: Row[] = []
const failed: string[] = []
for (const name of wanted) {
  const startedAt = performance.now()
  try {
    // What is ours alone starts clusters of its own, and wants the machine to itself.
    if (name in ours) await desk.clear()
    const measured = (await (compared[name]?.(desk) ?? ours[name]?.())) ?? []
    rows.push(...measured)
    process.stdout.write(`${tableOf(measured)}\n(${name}: ${Math.round((performance.now() - startedAt) / 1_000)} s)\n\n`)
  } catch (problem) {
    // The other parts are worth having all the same.
    failed.push(name)
    process.stderr.write(`${name} failed: ${problem instanceof Error ? problem.stack : String(problem)}\n\n`)
    await desk.clear()
  }
}
await desk.close()
if (given.json !== undefined) {
  const kept = (values: readonly number[]) => (values.length > MANY ? [] : values)
  const figures = rows.map(row => {
    const { values, peer, ...rest } = row
    const beside = peer && { kafka: { ...figuresOf(peer), values: kept(peer) }, ratio: ratioOf(row) }
    return { ...rest, ...figuresOf(values), values: kept(values), ...beside }
  })
  await writeFile(given.json, `${JSON.stringify({ machine, at: new Date().toISOString(), rows: figures }, undefined, 2)}\n`)
}
process.exit(failed.length === 0 ? 0 : 1)

/** Compilers see the code that is about to be measured, ours and Java's alike. */
async function warmUp(cluster: MeasuredCluster): Promise<void> {
  const name = 'warm-up'
  const bytes = quick ? 100e6 : 300e6
  await createTopics(cluster, [{ name, partitions: 1, replicas: 3 }])
  const batch = batchOf(16_000)
  await rawProduce(cluster, { topic: name, acks: -1, records: batch.records, batches: Math.ceil(bytes / batch.records.length) })
  await rawFetch(cluster, { topic: name, batch, bytes })
  await deleteTopics(cluster, [name])
  // Its first group makes a cluster create the topic of offsets.
  await coordinatorOf(cluster, name)
}
