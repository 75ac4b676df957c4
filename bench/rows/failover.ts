import { NetworkError } from '../../src-main/env/env.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import type { KafkaConnection } from '../../src-main/wire/client.ts'
import { sleep } from '../brokers.ts'
import type { ClusterOptions, Contender, MeasuredCluster } from '../cluster.ts'
import { rowsOf, type Desk } from '../desk.ts'
import type { Row } from '../figures.ts'
import { createTopics, leaderOf, untilAllInSync } from '../topics.ts'
import { connectTo, produceOne } from '../wire.ts'

const TOPIC = 'failover'
/** Between two tries: it is measured to about this. */
const TRY_EVERY_MS = 2
const PATIENCE_MS = 120_000
/** Of each: what decides how long a cluster waits for a broker that says nothing, as our `dev` profile has it. */
const SAME_TIMEOUTS = {
  'broker.session.timeout.ms': '2000',
  'broker.heartbeat.interval.ms': '500',
  'controller.quorum.election.timeout.ms': '500',
  'controller.quorum.fetch.timeout.ms': '1000',
  'controller.quorum.append.linger.ms': '0',
  'replica.lag.time.max.ms': '3000',
}

/** SIGKILL to the broker that leads a partition, until both survivors have been asked often enough for one to acknowledge a record, acks=all. */
export async function failover(desk: Desk): Promise<Row[]> {
  await desk.clear()
  const rounds = desk.isQuick ? 2 : 5
  const defaults = await desk.inTurn(1, contender => strike(contender, rounds, {}))
  const same = await desk.inTurn(1, contender => strike(contender, rounds, { settings: SAME_TIMEOUTS }))
  const what = 'kill -9 of a leader to the next acknowledged produce'
  return [
    ...rowsOf(`${what}, defaults of each`, 'ms', defaults, values => values, { bar: 'ratio ≤ 0.2' }),
    ...rowsOf(`${what}, same timeouts`, 'ms', same, values => values, { bar: 'ratio ≤ 1.0' }),
  ]
}

async function strike(contender: Contender, rounds: number, options: ClusterOptions): Promise<number[]> {
  await using cluster = await contender.start(options)
  await createTopics(cluster, [{ name: TOPIC, partitions: 1, replicas: 3 }])
  const values: number[] = []
  for (let round = 0; round < rounds; round++) {
    const victim = await leaderOf(cluster, TOPIC)
    const survivors = cluster.brokerIds.filter(id => id !== victim)
    const connections = await Promise.all(survivors.map(id => connectTo(cluster, id)))
    const struckAt = performance.now()
    const struck = cluster.kill(victim)
    values.push((await untilOneAcknowledges(cluster, survivors, connections)) - struckAt)
    await struck
    await cluster.start(victim)
    await untilAllInSync(cluster, [{ name: TOPIC, partitions: 1 }], { withinMs: PATIENCE_MS, replicas: 3 })
  }
  return values
}

/** The time at which one of them did. */
async function untilOneAcknowledges(
  cluster: MeasuredCluster,
  survivors: readonly number[],
  connections: readonly KafkaConnection[],
): Promise<number> {
  const records = buildBatch({ records: [{ key: null, value: Buffer.from('after'), timestamp: Date.now() }] })
  const deadline = performance.now() + PATIENCE_MS
  let doneAt: number | undefined
  const ask = async (index: number) => {
    let connection = connections[index]!
    while (doneAt === undefined) {
      if (performance.now() > deadline) throw new Error('nobody took over the partition')
      try {
        if ((await produceOne(connection, TOPIC, records)) === 'NONE') doneAt ??= performance.now()
        else await sleep(TRY_EVERY_MS)
      } catch (problem) {
        if (!(problem instanceof NetworkError)) throw problem
        // A survivor may close connections too; the next one counts as well.
        connection = await connectTo(cluster, survivors[index]!)
      }
    }
    connection.close()
  }
  await Promise.all(survivors.map((_, index) => ask(index)))
  return doneAt ?? NaN
}
