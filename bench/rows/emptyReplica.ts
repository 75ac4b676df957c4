import { errorName } from '../../src-main/protocol/errors.ts'
import { AlterPartitionReassignments } from '../../src-main/protocol/messages/alterPartitionReassignments.ts'
import { batchOf, expectNone } from '../clients/rawLoad.ts'
import { RawConnection } from '../clients/rawConnection.ts'
import { produceFrame, produceVerdict } from '../clients/rawFrames.ts'
import type { MeasuredCluster } from '../cluster.ts'
import { rowsOf, type Desk } from '../desk.ts'
import type { Row } from '../figures.ts'
import { createTopics, deleteTopics, untilAllInSync } from '../topics.ts'
import { connectTo } from '../wire.ts'
import { ceilingOf } from './ceiling.ts'

const PARTITIONS = 12
const BEFORE = [1, 2]
const AFTER = [1, 2, 3]
const PATIENCE_MS = 180_000

/** A third replica is asked for of partitions that have two: from the request until it is in sync. The broker that gets it runs, and has nothing of them. */
export async function emptyReplica(desk: Desk): Promise<Row[]> {
  const megabytes = desk.isQuick ? 100 : 500
  const ceiling = await ceilingOf(desk.isQuick)
  const outcomes = await desk.measure(desk.isQuick ? 1 : 3, async (cluster, round) => {
    const topic = `replica-${round}`
    await createTopics(cluster, [{ name: topic, partitions: PARTITIONS, replicas: 2, brokerIds: BEFORE }])
    await fill(cluster, topic, megabytes * 1e6)
    const startedAt = performance.now()
    await askForReplica(cluster, topic)
    await untilAllInSync(cluster, [{ name: topic, partitions: PARTITIONS }], { withinMs: PATIENCE_MS, replicas: AFTER.length })
    const seconds = (performance.now() - startedAt) / 1_000
    await deleteTopics(cluster, [topic])
    return megabytes / seconds
  })
  return rowsOf(`catch-up of an empty replica, ${megabytes} MB in ${PARTITIONS} partitions`, 'MB/s', outcomes, value => value, { ceiling })
}

async function fill(cluster: MeasuredCluster, topic: string, bytes: number): Promise<void> {
  const { records } = batchOf(500_000)
  const leader = await RawConnection.open(cluster.portOf(BEFORE[0]!))
  const count = Math.ceil(bytes / PARTITIONS / records.length)
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const frame = produceFrame({ topic, partition, acks: -1, records })
    await leader.pipeline(frame, { count, inFlight: 4, onAnswer: start => expectNone(produceVerdict(start, topic)) })
  }
  leader.close()
}

async function askForReplica(cluster: MeasuredCluster, topic: string): Promise<void> {
  const connection = await connectTo(cluster, 1)
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({ partitionIndex, replicas: AFTER }))
  const answer = await connection.send(AlterPartitionReassignments, { timeoutMs: 30_000, topics: [{ name: topic, partitions }] })
  connection.close()
  for (const { errorCode } of [answer, ...answer.responses.flatMap(each => each.partitions)]) expectNone(errorName(errorCode))
}
