import { Kafka, logLevel } from 'kafkajs'
import { startCluster, untilInSync } from '../brokers.ts'
import type { Row } from '../figures.ts'

const TOPIC = 'failover'

/** `kill -9` of the leader of a partition, to the next record that an idempotent acks=all producer sees acknowledged. */
export async function failover(rounds: number): Promise<Row[]> {
  await using cluster = await startCluster()
  const kafka = new Kafka({
    brokers: cluster.bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    retry: { initialRetryTime: 10, maxRetryTime: 50, retries: 1_000 },
  })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1, replicationFactor: 3 }] })
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const produce = (value: string) => producer.send({ topic: TOPIC, acks: -1, messages: [{ value }] })

  const plain: number[] = []
  const withController: number[] = []
  for (let round = 0; round < rounds; round++) {
    await produce(`before ${round}`)
    await untilInSync(cluster)
    const { controllerId, partitions } = cluster.snapshot()
    const leader = partitions.find(each => each.topic === TOPIC)?.leader
    if (leader === undefined || leader === null) throw new Error('the partition has no leader')
    const killedAt = performance.now()
    await cluster.kill(leader)
    await produce(`after ${round}`)
    ;(leader === controllerId ? withController : plain).push(performance.now() - killedAt)
    await cluster.start(leader)
  }
  await producer.disconnect()
  await admin.disconnect()
  return [
    { name: 'kill -9 of a leader to the next acknowledged produce', unit: 'ms', values: [...plain, ...withController], bar: '≤ 3,000' },
    ...(plain.length > 0 ? [{ name: '  where it was not the controller', unit: 'ms', values: plain }] : []),
    ...(withController.length > 0 ? [{ name: '  where it was the controller too', unit: 'ms', values: withController }] : []),
  ]
}
