import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { rawProduce } from '../clients/rawLoad.ts'
import { rowsOf, type Desk } from '../desk.ts'
import type { Row } from '../figures.ts'
import { underLoad } from '../load.ts'
import { createTopics, deleteTopics } from '../topics.ts'

const CASES = [
  { name: 'one connection, one in flight', connections: 1, inFlight: 1, share: 1 / 4 },
  { name: 'one connection, 64 in flight', connections: 1, inFlight: 64, share: 1 },
  { name: '16 connections, four in flight on each', connections: 16, inFlight: 4, share: 1 },
] as const

/** The smallest produce there is: one record of one byte. How many of those are answered in a second. */
export async function requests(desk: Desk): Promise<Row[]> {
  const rows: Row[] = []
  const records = buildBatch({ records: [{ key: null, value: Buffer.from('x'), timestamp: Date.now() }] })
  for (const [index, { name, connections, inFlight, share }] of CASES.entries()) {
    const batches = Math.floor(((desk.isQuick ? 20_000 : 100_000) * share) / connections)
    const all = batches * connections
    const outcomes = await desk.measure(desk.isQuick ? 1 : 3, async (cluster, round) => {
      const topic = `requests-${index}-${round}`
      await createTopics(cluster, [{ name: topic, partitions: 1, replicas: 1 }])
      const one = () => rawProduce(cluster, { topic, acks: 1, records, batches, inFlight })
      const { outcome, cpuSeconds } = await underLoad(cluster, () => Promise.all(Array.from({ length: connections }, one)))
      await deleteTopics(cluster, [topic])
      return { perSecond: all / Math.max(...outcome), cost: cpuSeconds && (cpuSeconds / all) * 1e6 }
    })
    rows.push(
      ...rowsOf(`produce of one record of one byte, acks=1, ${name}`, '1/s', outcomes, each => each.perSecond),
      ...rowsOf('  cpu of the brokers for each', 'µs', outcomes, each => each.cost),
    )
  }
  return rows
}
