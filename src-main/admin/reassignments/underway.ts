import { ListPartitionReassignments, type ListPartitionReassignmentsResponse } from '../../protocol/messages/listPartitionReassignments.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { throwIfRefused } from '../kafkaError.ts'

const TIMEOUT_MS = 15_000

/** Partitions on their way to other brokers, whoever sent them there, by their topics. */
export function movesUnderway(client: KafkaClient): Promise<ListPartitionReassignmentsResponse['topics']> {
  return client.retrying(async () => {
    const { errorCode, errorMessage, topics } = await client.any(ListPartitionReassignments, () => ({
      timeoutMs: TIMEOUT_MS,
      topics: null,
    }))
    throwIfRefused(errorCode, errorMessage)
    return topics
  })
}
