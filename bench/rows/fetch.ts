import { javaConsume } from '../clients/javaPerf.ts'
import { kcatConsume } from '../clients/kcat.ts'
import { RECORD_BYTES } from '../clients/payload.ts'
import { kcat } from '../clients/programs.ts'
import { batchOf, rawProduce } from '../clients/rawLoad.ts'
import { rowsOf, type Desk } from '../desk.ts'
import type { Row } from '../figures.ts'
import { underLoad } from '../load.ts'
import { writtenBack } from '../pageCache.ts'
import { createTopics, deleteTopics } from '../topics.ts'
import { ceilingOf } from './ceiling.ts'

const BATCH_BYTES = 16_000
const MANY = 10
/** In a round: how soon its compiler is through differs much from process to process. */
const JAVA_READS = 2

/** What consumers that people use read in a second of what has just been produced: from the page cache. */
export async function fetch(desk: Desk): Promise<Row[]> {
  const megabytes = desk.isQuick ? 100 : 500
  const batch = batchOf(BATCH_BYTES)
  const batches = Math.floor((megabytes * 1e6) / (batch.count * RECORD_BYTES))
  const ceiling = await ceilingOf(desk.isQuick)
  const outcomes = await desk.measure(desk.isQuick ? 1 : 3, async (cluster, round) => {
    const topic = `fetch-${round}`
    const { bootstrapServers } = cluster
    await createTopics(cluster, [{ name: topic, partitions: 1, replicas: 3 }])
    await rawProduce(cluster, { topic, acks: -1, records: batch.records, batches })
    await writtenBack()
    const consume = () => kcatConsume({ bootstrapServers, topic })
    const consumeTogether = async () => {
      const startedAt = performance.now()
      await Promise.all(Array.from({ length: MANY }, consume))
      return (performance.now() - startedAt) / 1_000
    }
    const one = kcat === undefined ? undefined : await underLoad(cluster, consume)
    const many = kcat === undefined ? undefined : await underLoad(cluster, consumeTogether)
    const { javaClasspath } = desk
    const java: number[] = []
    for (let n = 0; javaClasspath !== undefined && n < JAVA_READS; n++)
      java.push(await javaConsume(javaClasspath, batches * batch.count, { bootstrapServers, topic }))
    await deleteTopics(cluster, [topic])
    return { one, many, java }
  })
  const cost = (cpuSeconds: number | undefined, read: number) => cpuSeconds && cpuSeconds / (read / 1_000)
  return [
    ...rowsOf('fetch from the page cache, librdkafka, one consumer', 'MB/s', outcomes, ({ one }) => one && megabytes / one.outcome, {
      ceiling,
      bar: 'ratio ≥ 1.0',
    }),
    ...rowsOf('  cpu of the brokers per GB', 's/GB', outcomes, ({ one }) => cost(one?.cpuSeconds, megabytes)),
    ...rowsOf(
      'fetch from the page cache, librdkafka, ten consumers',
      'MB/s',
      outcomes,
      ({ many }) => many && (megabytes * MANY) / many.outcome,
      {
        ceiling,
        bar: 'ratio ≥ 1.0',
      },
    ),
    ...rowsOf('  cpu of the brokers per GB', 's/GB', outcomes, ({ many }) => cost(many?.cpuSeconds, megabytes * MANY)),
    ...rowsOf('fetch from the page cache, Java, one consumer', 'MB/s', outcomes, ({ java }) => java, { ceiling, bar: 'ratio ≥ 1.0' }),
  ]
}
