import { batchOf, rawFetch, rawProduce } from '../clients/rawLoad.ts'
import { rowsOf, type Desk } from '../desk.ts'
import type { Row } from '../figures.ts'
import { underLoad } from '../load.ts'
import { createTopics, deleteTopics } from '../topics.ts'
import { ceilingOf } from './ceiling.ts'

const CASES = [
  { batchBytes: 16_000, replicas: 3, acks: -1 },
  { batchBytes: 1_000_000, replicas: 3, acks: -1 },
  { batchBytes: 16_000, replicas: 1, acks: 1 },
  { batchBytes: 1_000_000, replicas: 1, acks: 1 },
] as const
const CONSUMERS = 10

/** The brokers' own ceiling: frames built beforehand, one connection and one partition with eight requests in flight, and no client in the way. */
export async function raw(desk: Desk): Promise<Row[]> {
  const megabytes = desk.isQuick ? 100 : 500
  const ceiling = await ceilingOf(desk.isQuick)
  const rows: Row[] = []
  for (const [index, { batchBytes, replicas, acks }] of CASES.entries()) {
    const batch = batchOf(batchBytes)
    const bytes = megabytes * 1e6
    const outcomes = await desk.measure(desk.isQuick ? 1 : 3, async (cluster, round) => {
      const topic = `raw-${index}-${round}`
      await createTopics(cluster, [{ name: topic, partitions: 1, replicas }])
      const batches = Math.ceil(bytes / batch.records.length)
      const produced = await underLoad(cluster, () => rawProduce(cluster, { topic, acks, records: batch.records, batches }))
      const fetched = await underLoad(cluster, () => rawFetch(cluster, { topic, batch, bytes }))
      // All ten read all of it.
      const each = replicas === 1 ? bytes / 4 : undefined
      const startedAt = performance.now()
      if (each !== undefined) await Promise.all(Array.from({ length: CONSUMERS }, () => rawFetch(cluster, { topic, batch, bytes: each })))
      const tenSeconds = (performance.now() - startedAt) / 1_000
      await deleteTopics(cluster, [topic])
      return {
        produce: megabytes / produced.outcome,
        produceCost: produced.cpuSeconds && produced.cpuSeconds / (megabytes / 1_000),
        fetch: megabytes / fetched.outcome,
        fetchCost: fetched.cpuSeconds && fetched.cpuSeconds / (megabytes / 1_000),
        byTen: each && (each * CONSUMERS) / 1e6 / tenSeconds,
      }
    })
    const what = `${batchBytes === 16_000 ? '16 KB' : '1 MB'} batches`
    const how = `acks=${acks === -1 ? 'all' : '1'}, replication ${replicas}, ${what}`
    rows.push(
      ...rowsOf(`produce, raw frames, ${how}`, 'MB/s', outcomes, each => each.produce, {
        ceiling,
        ...(replicas === 1 && { bar: '≥ 300' }),
      }),
      ...rowsOf('  cpu of the brokers per GB', 's/GB', outcomes, each => each.produceCost),
    )
    if (replicas !== 1) continue
    rows.push(
      ...rowsOf(`fetch from the page cache, raw frames, one consumer, ${what}`, 'MB/s', outcomes, each => each.fetch, {
        ceiling,
        bar: '≥ 1,000',
      }),
      ...rowsOf('  cpu of the brokers per GB', 's/GB', outcomes, each => each.fetchCost),
      ...rowsOf(`fetch from the page cache, raw frames, ten consumers, ${what}`, 'MB/s', outcomes, each => each.byTen, { ceiling }),
    )
  }
  return rows
}
