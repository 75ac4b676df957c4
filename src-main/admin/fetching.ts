import { errorName, type ErrorName } from '../protocol/errors.ts'
import { Fetch } from '../protocol/messages/fetch.ts'
import { ZERO_UUID } from '../base/uuid.ts'
import type { Ask, AskOptions } from './brokerLink.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import { KafkaError } from './kafkaError.ts'
import type { ResponseOf } from '../protocol/schema.ts'

/** From version 13 on a fetch names topics by id only, which old brokers do not know of (KIP-516). */
const LAST_VERSION_WITH_NAMES = 12
const NO_RECORDS = Buffer.alloc(0)

export interface FetchFrom {
  readonly partition: number
  readonly offset: number
  readonly maxBytes: number
}

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly timeoutMs: number
}

export interface FetchedPartition {
  readonly error: ErrorName
  readonly highWatermark: number
  readonly logStartOffset: number
  /** A view of the answer. */
  readonly records: Buffer
}

type Send = (api: typeof Fetch, ask: Ask<typeof Fetch>, options: AskOptions) => Promise<ResponseOf<typeof Fetch>>

/** Asks one leader for records of some partitions of one topic, uncommitted ones included, without a session. */
export async function fetchFrom(
  send: Send,
  { name, topicId, partitions: known }: TopicMetadata,
  asked: readonly FetchFrom[],
  { maxWaitMs, maxBytes, timeoutMs }: FetchLimits,
): Promise<ReadonlyMap<number, FetchedPartition>> {
  const partitions = asked.map(({ partition, offset, maxBytes: partitionMaxBytes }) => ({
    partition,
    // A leader that was replaced and does not know it yet refuses, rather than to show what is not true any more (KIP-320).
    currentLeaderEpoch: known.find(each => each.partition === partition)?.leaderEpoch ?? -1,
    fetchOffset: offset,
    partitionMaxBytes,
  }))
  const request = { maxWaitMs, minBytes: 1, maxBytes, topics: [{ topic: name, topicId: topicId ?? ZERO_UUID, partitions }] }
  const answer = await send(Fetch, () => request, topicId === null ? { timeoutMs, maxVersion: LAST_VERSION_WITH_NAMES } : { timeoutMs })
  const error = errorName(answer.errorCode)
  if (error !== 'NONE') throw new KafkaError(error)
  return new Map(
    answer.responses.flatMap(topic =>
      topic.partitions.map(({ partitionIndex, errorCode, highWatermark, logStartOffset, records }) => [
        partitionIndex,
        { error: errorName(errorCode), highWatermark, logStartOffset, records: records ?? NO_RECORDS },
      ]),
    ),
  )
}
