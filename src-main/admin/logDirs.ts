import { errorName } from '../protocol/errors.ts'
import { DescribeLogDirs } from '../protocol/messages/describeLogDirs.ts'
import type { KafkaClient } from './kafkaClient.ts'
import { isTransient, KafkaError } from './kafkaError.ts'

export interface ReplicaOnDisk {
  readonly sizeBytes: number
  /** How far its log end is behind the high watermark it knows of. */
  readonly offsetLag: number
}

/** What the brokers that answered have on their disks. */
export class LogDirs {
  readonly #replicas = new Map<string, ReplicaOnDisk>()

  get(brokerId: number, topic: string, partition: number): ReplicaOnDisk | undefined {
    return this.#replicas.get(`${brokerId} ${topic} ${partition}`)
  }

  set(brokerId: number, topic: string, partition: number, replica: ReplicaOnDisk): void {
    this.#replicas.set(`${brokerId} ${topic} ${partition}`, replica)
  }
}

const TIMEOUT_MS = 2_500

/**
 * Asks these brokers for the sizes of all topics' replicas, or of these topics' ones. A broker that does not answer, does not know the question or may not tell
 * is left out: sizes are never worth an error.
 */
export async function describeLogDirs(
  client: KafkaClient,
  brokerIds: readonly number[],
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null,
): Promise<LogDirs> {
  const found = new LogDirs()
  await Promise.all(
    brokerIds.map(async brokerId => {
      try {
        const answer = await client.broker(brokerId, 'disk', DescribeLogDirs, () => ({ topics }), { timeoutMs: TIMEOUT_MS })
        for (const { errorCode, topics: described } of answer.results) {
          if (errorName(errorCode) !== 'NONE') continue
          for (const { name, partitions } of described) {
            for (const { partitionIndex, partitionSize, offsetLag, isFutureKey } of partitions) {
              if (!isFutureKey) found.set(brokerId, name, partitionIndex, { sizeBytes: partitionSize, offsetLag })
            }
          }
        }
      } catch (problem) {
        if (!isTransient(problem) && !(problem instanceof KafkaError)) throw problem
      }
    }),
  )
  return found
}
