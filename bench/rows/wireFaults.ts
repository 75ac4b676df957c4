import type { RunningCluster } from '../../src-main/hosts/cli/startCluster.ts'
import { errorName } from '../../src-main/protocol/errors.ts'
import { CreateTopics } from '../../src-main/protocol/messages/createTopics.ts'
import { buildBatch } from '../../src-main/protocol/records/batchBuilder.ts'
import type { KafkaConnection } from '../../src-main/wire/client.ts'
import { sleep, startCluster } from '../brokers.ts'
import type { Row } from '../figures.ts'
import { connectTo, produceOne } from '../wire.ts'
import { createFailoverTopic, strike } from './faults.ts'

const TOPIC = 'failover'
/** Between two tries: it is measured to about this. */
const TRY_EVERY_MS = 2

/** The same as the wire sees it: both survivors are asked again and again, until one of them says that it is done. */
export async function wireFaults(rounds: number): Promise<Row[]> {
  await using cluster = await startCluster()
  await createFailoverTopic(cluster)
  return await strike(
    cluster,
    { cases: ['leaderKilled', 'controllerKilled', 'leaderFrozen'], rounds, suffix: ', on the wire' },
    {
      produce: (struck, victim) => {
        const records = buildBatch({ records: [{ key: null, value: Buffer.from('after'), timestamp: Date.now() }] })
        return untilOneDoes(cluster, victim, struck, async connection => (await produceOne(connection, TOPIC, records)) === 'NONE')
      },
      createTopic: (name, struck, victim) =>
        untilOneDoes(cluster, victim, struck, async connection => {
          const { topics } = await connection.send(CreateTopics, {
            topics: [{ name, numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] }],
            timeoutMs: 30_000,
            validateOnly: false,
          })
          const error = errorName(topics[0]?.errorCode ?? -1)
          return error === 'NONE' || error === 'TOPIC_ALREADY_EXISTS'
        }),
    },
  )
}

async function untilOneDoes(
  cluster: RunningCluster,
  victim: number,
  struck: Promise<void>,
  ask: (connection: KafkaConnection) => Promise<boolean>,
): Promise<number> {
  const survivors = await Promise.all(cluster.brokerIds.filter(id => id !== victim).map(id => connectTo(cluster, id)))
  await struck
  let doneAt: number | undefined
  const askUntilDone = async (connection: KafkaConnection) => {
    while (doneAt === undefined) {
      if (await ask(connection)) doneAt ??= performance.now()
      else await sleep(TRY_EVERY_MS)
    }
  }
  await Promise.all(survivors.map(askUntilDone))
  for (const connection of survivors) connection.close()
  return doneAt ?? NaN
}
