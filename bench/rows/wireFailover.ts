import { Kafka, logLevel } from 'kafkajs'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import type { RunningCluster } from '../../src-main/hosts/cli/startCluster.ts'
import type { KafkaConnection } from '../../src-main/wire/client.ts'
import { sleep, startCluster, untilInSync } from '../brokers.ts'
import type { Row } from '../figures.ts'
import { connectTo, produceOne } from '../wire.ts'

const TOPIC = 'failover'
/** Between two tries: it is measured to about this. */
const TRY_EVERY_MS = 2

/** The same kill as the wire sees it: both survivors are asked to take a batch again and again, until one of them says that all have it. */
export async function wireFailover(rounds: number): Promise<Row[]> {
  await using cluster = await startCluster()
  const admin = new Kafka({ brokers: cluster.bootstrapServers.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1, replicationFactor: 3 }] })
  await admin.disconnect()
  const plain: number[] = []
  const withController: number[] = []
  for (let round = 0; round < rounds; round++) {
    await untilInSync(cluster)
    const { controllerId, partitions } = cluster.snapshot()
    const leader = partitions.find(each => each.topic === TOPIC)?.leader
    if (leader === undefined || leader === null) throw new Error('the partition has no leader')
    ;(leader === controllerId ? withController : plain).push(await fail(cluster, leader))
    await cluster.start(leader)
  }
  return [
    {
      name: 'kill -9 of a leader to the next acknowledged produce, on the wire',
      unit: 'ms',
      values: [...plain, ...withController],
      bar: '≤ 1,000',
    },
    ...(plain.length > 0 ? [{ name: '  where it was not the controller', unit: 'ms', values: plain }] : []),
    ...(withController.length > 0 ? [{ name: '  where it was the controller too', unit: 'ms', values: withController }] : []),
  ]
}

async function fail(cluster: RunningCluster, leader: number): Promise<number> {
  const survivors = await Promise.all(cluster.brokerIds.filter(id => id !== leader).map(id => connectTo(cluster, id)))
  const records = buildBatch({ records: [{ key: null, value: Buffer.from('after'), timestamp: Date.now() }] })
  const killedAt = performance.now()
  const killed = cluster.kill(leader)
  let acknowledgedAt: number | undefined
  const tryUntilAcknowledged = async (connection: KafkaConnection) => {
    while (acknowledgedAt === undefined) {
      if ((await produceOne(connection, TOPIC, records)) === 'NONE') acknowledgedAt ??= performance.now()
      else await sleep(TRY_EVERY_MS)
    }
  }
  await Promise.all([killed, ...survivors.map(tryUntilAcknowledged)])
  for (const connection of survivors) connection.close()
  return (acknowledgedAt ?? NaN) - killedAt
}
