import type { Uuid } from '../../base/uuid.ts'
import { type ErrorName, errorName } from '../../protocol/errors.ts'
import { Produce } from '../../protocol/messages/produce.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import type { ClientWorld, SimulatedClient } from './simulatedClient.ts'

const TIMEOUT_MS = 1500

/**
 * Writes a value to the first partition of a topic that may be deleted, and another made of the same name, at any time. The write goes by the name, and
 * the answer does not say to which topic of that name it went: it need not be the one that this client was told of, by a broker that was behind, or by one
 * that was ahead of the leader. So it is noted as acknowledged only when the leader knew that topic before it was asked, and still does.
 */
export async function writeByName(world: ClientWorld, client: SimulatedClient, name: string, value: string): Promise<ErrorName> {
  const { brokerId, topicId } = await client.leader(name, 0)
  // Of one process, whose knowledge only grows.
  const connection = await client.connection(brokerId)
  const isKnown = (): boolean => idAt(world, brokerId, name) === topicId
  const wasKnown = isKnown()
  const records = buildBatch({ records: [{ timestamp: Math.floor(client.elapsed), key: null, value: Buffer.from(value) }] })
  const topicData = [{ name, partitionData: [{ index: 0, records }] }]
  const { responses } = await connection.send(Produce, { acks: -1, timeoutMs: 500, topicData }, { timeoutMs: TIMEOUT_MS })
  const { errorCode, baseOffset } = responses[0]!.partitionResponses[0]!
  const error = errorName(errorCode)
  if (error === 'NONE' && wasKnown && isKnown()) world.history.of(name, topicId, 0).noteAcknowledged({ baseOffset, values: [value] })
  return error
}

function idAt({ cluster }: ClientWorld, brokerId: number, name: string): Uuid | undefined {
  return cluster.brokers[brokerId - 1]?.server?.metadata.image.topicsByName.get(name)?.topicId
}
