import { Kafka, logLevel } from 'kafkajs'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import { startCluster, untilInSync } from '../brokers.ts'
import type { Row } from '../figures.ts'
import { connectTo, produceOne } from '../wire.ts'

const TOPIC = 'latency'
const RECORD_BYTES = 1_000
/** The first ones compile the brokers' code, and are not counted. */
const WARM_UP = 500

/** One record after the other, each when the one before is on all three replicas. */
export async function latency(records: number): Promise<Row[]> {
  await using cluster = await startCluster()
  const admin = new Kafka({ brokers: cluster.bootstrapServers.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1, replicationFactor: 3 }] })
  await admin.disconnect()
  await untilInSync(cluster)
  const leader = cluster.snapshot().partitions.find(each => each.topic === TOPIC)?.leader ?? 1
  const connection = await connectTo(cluster, leader)
  const batch = buildBatch({ records: [{ key: null, value: Buffer.alloc(RECORD_BYTES, 'x'), timestamp: Date.now() }] })
  const values: number[] = []
  for (let n = 0; n < WARM_UP + records; n++) {
    const sentAt = performance.now()
    const error = await produceOne(connection, TOPIC, batch)
    if (error !== 'NONE') throw new Error(`produce was answered with ${error}`)
    if (n >= WARM_UP) values.push(performance.now() - sentAt)
  }
  connection.close()
  return [{ name: 'one record of 1 KB to its acknowledgement, acks=all, replication 3', unit: 'ms', values }]
}
