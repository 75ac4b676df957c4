import { join } from 'node:path'
import { RECORD_BYTES } from '../clients/payload.ts'
import { python, runClient } from '../clients/programs.ts'
import { rowsOf, type Desk } from '../desk.ts'
import { percentile, type Row } from '../figures.ts'
import { createTopics, deleteTopics } from '../topics.ts'

const RATE = 1_000
const script = join(import.meta.dirname, '..', 'clients', 'endToEnd.py')

/** From the producer's call to the consumer's hand at 1,000 records a second, acks=all, replication 3; each round gives its own percentiles. */
export async function endToEnd(desk: Desk): Promise<Row[]> {
  if (python === undefined) {
    process.stderr.write("End to end is not measured: there is no Python with confluent_kafka (Debian's python3-confluent-kafka).\n")
    return []
  }
  const [seconds, warmUp] = desk.isQuick ? [5, 2] : [20, 5]
  const outcomes = await desk.measure(desk.isQuick ? 1 : 3, async (cluster, round) => {
    const topic = `end-to-end-${round}`
    await createTopics(cluster, [{ name: topic, partitions: 1, replicas: 3 }])
    const said = await runClient(python!, [script, cluster.bootstrapServers, topic, ...[RATE, seconds, warmUp, RECORD_BYTES].map(String)])
    await deleteTopics(cluster, [topic])
    return JSON.parse(said) as number[]
  })
  const what = 'end to end at 1,000 records/s, librdkafka, linger 0'
  return [
    ...rowsOf(`${what}: p50`, 'ms', outcomes, latencies => percentile(latencies, 0.5)),
    ...rowsOf(`${what}: p99`, 'ms', outcomes, latencies => percentile(latencies, 0.99), { bar: 'ratio ≤ 0.7' }),
    ...rowsOf(`${what}: p99.9`, 'ms', outcomes, latencies => percentile(latencies, 0.999)),
  ]
}
