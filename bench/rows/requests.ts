import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { rawProduce } from '../clients/rawLoad.ts'
import { rowsOf, type Desk } from '../desk.ts'
import type { Row } from '../figures.ts'
import { underLoad } from '../load.ts'
import { createTopics, deleteTopics } from '../topics.ts'

const IN_FLIGHT = [1, 64] as const

/** The smallest produce there is: one record of one byte. How many of those one connection gets answered in a second. */
export async function requests(desk: Desk): Promise<Row[]> {
  const rows: Row[] = []
  const records = buildBatch({ records: [{ key: null, value: Buffer.from('x'), timestamp: Date.now() }] })
  for (const inFlight of IN_FLIGHT) {
    const batches = (desk.isQuick ? 20_000 : 100_000) / (inFlight === 1 ? 4 : 1)
    const outcomes = await desk.measure(desk.isQuick ? 1 : 3, async (cluster, round) => {
      const topic = `requests-${inFlight}-${round}`
      await createTopics(cluster, [{ name: topic, partitions: 1, replicas: 1 }])
      const { outcome: seconds, cpuSeconds } = await underLoad(cluster, () =>
        rawProduce(cluster, { topic, acks: 1, records, batches, inFlight }),
      )
      await deleteTopics(cluster, [topic])
      return { perSecond: batches / seconds, cost: cpuSeconds && (cpuSeconds / batches) * 1e6 }
    })
    rows.push(
      ...rowsOf(`requests with one record of one byte, acks=1, ${inFlight} in flight`, '1/s', outcomes, each => each.perSecond),
      ...rowsOf('  cpu of the brokers for each', 'µs', outcomes, each => each.cost),
    )
  }
  return rows
}
