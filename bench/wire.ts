import type { RunningCluster } from '../src-main/hosts/cli/startCluster.ts'
import { nodeEnv } from '../src-main/env/node/env.ts'
import { errorName, type ErrorName } from '../src-main/protocol/errors.ts'
import { Produce } from '../src-main/protocol/messages/produce.ts'
import { KafkaConnection } from '../src-main/wire/client.ts'

/** Our wire client and nothing around it: it neither retries nor waits, so that what is measured is the broker. */
export function connectTo(cluster: Pick<RunningCluster, 'portOf'>, brokerId: number): Promise<KafkaConnection> {
  return KafkaConnection.open(
    nodeEnv(),
    { host: '127.0.0.1', port: cluster.portOf(brokerId) },
    { clientId: 'bench', connectTimeoutMs: 2_000, requestTimeoutMs: 30_000, negotiate: true },
  )
}

/** Sends one batch to partition 0 of a topic, acks=all, and gives the broker's verdict. */
export async function produceOne(connection: KafkaConnection, topic: string, records: Buffer): Promise<ErrorName> {
  const answer = await connection.send(Produce, {
    acks: -1,
    timeoutMs: 30_000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  })
  return errorName(answer.responses[0]?.partitionResponses[0]?.errorCode ?? -1)
}
