import { nodeEnv } from '../../src-main/env/node/env.ts'
import { NetworkError, type Address } from '../../src-main/env/env.ts'
import { errorName } from '../../src-main/protocol/errors.ts'
import { FindCoordinator } from '../../src-main/protocol/messages/findCoordinator.ts'
import { OffsetFetch } from '../../src-main/protocol/messages/offsetFetch.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../../src-main/protocol/schema.ts'
import { KafkaConnection } from '../../src-main/wire/client.ts'

const ANSWERS_WITHIN_MS = 1_000
const GROUP_KEY = 0

/**
 * What a group has committed, as its coordinator tells who comes fresh: asks one broker who that is, and then it. Undefined when one of them has nothing to
 * say at the moment. Our own wire, because kafkajs may wait for a broker for ever.
 */
export async function committedOffsets(
  at: Address,
  { group, topic, partitions }: { readonly group: string; readonly topic: string; readonly partitions: number },
): Promise<readonly { readonly partition: number; readonly offset: number }[] | undefined> {
  try {
    const { coordinators } = await ask(at, FindCoordinator, { keyType: GROUP_KEY, coordinatorKeys: [group] })
    const [coordinator] = coordinators
    if (coordinator === undefined || errorName(coordinator.errorCode) !== 'NONE') return undefined
    const partitionIndexes = Array.from({ length: partitions }, (_, partition) => partition)
    const { groups } = await ask(coordinator, OffsetFetch, { groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }] })
    if (groups[0] === undefined || errorName(groups[0].errorCode) !== 'NONE') return undefined
    return (groups[0].topics[0]?.partitions ?? []).map(each => ({ partition: each.partitionIndex, offset: each.committedOffset }))
  } catch (problem) {
    if (problem instanceof NetworkError) return undefined
    throw problem
  }
}

async function ask<A extends AnyApi>(at: Address, api: A, request: RequestInput<A>): Promise<ResponseOf<A>> {
  const connection = await KafkaConnection.open(nodeEnv(), at, {
    clientId: 'storm-watch',
    connectTimeoutMs: ANSWERS_WITHIN_MS,
    requestTimeoutMs: ANSWERS_WITHIN_MS,
    negotiate: true,
  })
  try {
    return await connection.send(api, request)
  } finally {
    connection.close()
  }
}
