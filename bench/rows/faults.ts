import { Kafka, logLevel } from 'kafkajs'
import { sleep, startCluster, untilInSync } from '../brokers.ts'
import type { Row } from '../figures.ts'
import type { RunningCluster } from '../../src-main/hosts/cli/startCluster.ts'

const TOPIC = 'failover'

/** Between two tries to create a topic. */
const TRY_EVERY_MS = 10

/** What strikes a broker, who that is, what it must not keep anybody from for long, and the bar. */
interface Case {
  readonly name: string
  readonly bar: string
  readonly victim: 'leader' | 'controller'
  readonly strike: (cluster: RunningCluster, brokerId: number) => Promise<void>
  readonly heal: (cluster: RunningCluster, brokerId: number) => Promise<void>
}

const cases = {
  leaderKilled: {
    name: 'kill -9 of a leader to the next acknowledged produce',
    bar: '≤ 700',
    victim: 'leader',
    strike: (cluster, brokerId) => cluster.kill(brokerId),
    heal: (cluster, brokerId) => cluster.start(brokerId),
  },
  controllerKilled: {
    name: 'kill -9 of the active controller to the next topic created',
    bar: '≤ 1,000',
    victim: 'controller',
    strike: (cluster, brokerId) => cluster.kill(brokerId),
    heal: (cluster, brokerId) => cluster.start(brokerId),
  },
  leaderFrozen: {
    name: 'freeze of a leader to the next acknowledged produce',
    bar: '≤ 4,000',
    victim: 'leader',
    strike: (cluster, brokerId) => cluster.pause(brokerId),
    heal: (cluster, brokerId) => cluster.resume(brokerId),
  },
} satisfies Record<string, Case>

/** What a client asks for again and again, until the cluster does it. */
export interface Asking {
  /** Resolves with the time at which a record was acknowledged by all. */
  produce(struck: Promise<void>, victim: number): Promise<number>
  /** Resolves with the time at which a topic of this name was made. */
  createTopic(name: string, struck: Promise<void>, victim: number): Promise<number>
}

/** The rounds of these cases on one cluster: from the stroke to what the client was told, in milliseconds. */
export async function strike(
  cluster: RunningCluster,
  how: { readonly cases: readonly (keyof typeof cases)[]; readonly rounds: number; readonly suffix?: string },
  asking: Asking,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const each of how.cases) {
    const { name, bar, victim: role, strike: strikeNow, heal }: Case = cases[each]
    const plain: number[] = []
    const both: number[] = []
    for (let round = 0; round < how.rounds; round++) {
      await untilInSync(cluster)
      const { controllerId, partitions } = cluster.snapshot()
      const leader = partitions.find(each => each.topic === TOPIC)?.leader ?? null
      const victim = role === 'leader' ? leader : controllerId
      if (victim === null) throw new Error(`there is no ${role}`)
      const struckAt = performance.now()
      const struck = strikeNow(cluster, victim)
      const doneAt =
        role === 'leader' ? await asking.produce(struck, victim) : await asking.createTopic(`${TOPIC}-${round}`, struck, victim)
      ;(leader === controllerId ? both : plain).push(doneAt - struckAt)
      await struck
      await heal(cluster, victim)
    }
    rows.push({ name: `${name}${how.suffix ?? ''}`, unit: 'ms', values: [...plain, ...both], bar })
    if (role === 'controller') continue
    if (plain.length > 0) rows.push({ name: '  where it was not the controller', unit: 'ms', values: plain })
    if (both.length > 0) rows.push({ name: '  where it was the controller too', unit: 'ms', values: both })
  }
  return rows
}

export const createFailoverTopic = async (cluster: RunningCluster): Promise<void> => {
  const admin = new Kafka({ brokers: cluster.bootstrapServers.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1, replicationFactor: 3 }] })
  await admin.disconnect()
}

/**
 * As kafkajs sees it: an idempotent acks=all producer, and an admin client. Not with a frozen leader: from what it cannot reach it learns, but a broker
 * that holds the connection and says nothing it asks again and again for the metadata, which measures kafkajs and no cluster.
 */
export async function faults(rounds: number): Promise<Row[]> {
  await using cluster = await startCluster()
  await createFailoverTopic(cluster)
  const kafka = new Kafka({
    brokers: cluster.bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    retry: { initialRetryTime: 10, maxRetryTime: 50, retries: 1_000 },
  })
  const admin = kafka.admin()
  await admin.connect()
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const produce = () => producer.send({ topic: TOPIC, acks: -1, messages: [{ value: 'after' }] })
  await produce()
  const asking: Asking = {
    produce: async struck => {
      await struck
      await produce()
      return performance.now()
    },
    createTopic: async (topic, struck) => {
      await struck
      // It asks one broker, and does not go to another when that one refuses the connection.
      const create = () => admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 3 }], waitForLeaders: false })
      while (
        await create().then(
          () => false,
          () => true,
        )
      )
        await sleep(TRY_EVERY_MS)
      return performance.now()
    },
  }
  const rows = await strike(cluster, { cases: ['leaderKilled', 'controllerKilled'], rounds }, asking)
  await producer.disconnect()
  await admin.disconnect()
  return rows
}
