import { errorCode, errorMessage, type ErrorName } from '../../protocol/errors.ts'
import { Produce, type ProduceRequest } from '../../protocol/messages/produce.ts'
import { type Call, closeConnection, noResponse } from '../../wire/handler.ts'
import { isInternalTopic } from '../internalTopics.ts'
import { produce as append, type ProduceAppend, type ProduceResult } from '../replication/delayedProduce.ts'
import type { Partition } from '../replication/partition.ts'
import { type BrokerParts, handle } from './handle.ts'
import { NewLeaders } from './whereabouts.ts'

const ATTRIBUTES_AT = 21
const BATCH_HEADER_BYTES = 61
const CODEC = 0b111
const ZSTD = 4
const TRANSACTIONAL = 0b1_0000
const FIRST_VERSION_WITH_ZSTD = 7
const ADMIN_CLIENT_ID = '__admin_client'

export const produce = handle(Produce, async (request, parts, call) => {
  const targets = request.topicData.map(({ name, partitionData }) =>
    partitionData.map(({ index }) => target(name, index, request, parts, call)),
  )
  const settling = parts.replicas.settled(targets.flat())
  if (settling !== undefined) await settling

  const appends: ProduceAppend[] = []
  for (const [position, { partitionData }] of request.topicData.entries()) {
    for (const [index, { records }] of partitionData.entries()) {
      const partition = targets[position]![index]!
      const refusal = typeof partition === 'string' ? undefined : refusalOf(records, call.apiVersion)
      appends.push({ partition: refusal ?? partition, records: records ?? NOTHING })
    }
  }
  const { acks, timeoutMs } = request
  const appending = append(parts.clock, appends, { acks, timeoutMs })
  // All that is appended has its offsets and sequences now. Without answers there is nothing to wait for, but the end of the connection may come.
  if (acks !== 0) call.decided()
  const results = await appending
  // Until it is in the log, and that is when it was acknowledged. What failed may still be on its way.
  if (acks !== 0 && results.every(each => each.error === 'NONE')) call.spent()
  // Without a response, a closed connection is all that can tell the producer of an error.
  if (acks === 0) return results.some(each => each.error !== 'NONE') ? closeConnection : noResponse

  const leaders = new NewLeaders(parts.metadata(), call.listener)
  let next = 0
  return {
    responses: request.topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index }) => answer(name, index, results[next++]!, leaders, call)),
    })),
    throttleTimeMs: 0,
    nodeEndpoints: call.apiVersion >= FIRST_VERSION_WITH_LEADERS ? leaders.nodeEndpoints : [],
  }
})

const FIRST_VERSION_WITH_LEADERS = 10
const NOTHING = Buffer.alloc(0)

function target(
  topic: string,
  index: number,
  request: ProduceRequest,
  parts: BrokerParts,
  call: Call,
): Partition | Exclude<ErrorName, 'NONE'> {
  if (request.acks < -1 || request.acks > 1) return 'INVALID_REQUIRED_ACKS'
  if (!parts.allowed(call, 'write', { type: 'topic', name: topic })) return 'TOPIC_AUTHORIZATION_FAILED'
  if (isInternalTopic(topic) && call.clientId !== ADMIN_CLIENT_ID) return 'INVALID_TOPIC_EXCEPTION'
  // There is no transaction coordinator that could have begun one.
  if (request.transactionalId !== null) return 'INVALID_TXN_STATE'
  return parts.replicas.find(topic, index)
}

/** What the API version or the lack of a transaction forbids; all else is for the log to say. */
function refusalOf(records: Buffer | null, apiVersion: number): Exclude<ErrorName, 'NONE'> | undefined {
  if (records === null || records.length < BATCH_HEADER_BYTES) return 'INVALID_RECORD'
  const attributes = records.readInt16BE(ATTRIBUTES_AT)
  if ((attributes & CODEC) === ZSTD && apiVersion < FIRST_VERSION_WITH_ZSTD) return 'UNSUPPORTED_COMPRESSION_TYPE'
  if ((attributes & TRANSACTIONAL) !== 0) return 'INVALID_TXN_STATE'
  return undefined
}

function answer(topic: string, index: number, result: ProduceResult, leaders: NewLeaders, call: Call) {
  const { error, baseOffset, logAppendTimeMs, logStartOffset } = result
  const isElsewhere = error === 'NOT_LEADER_OR_FOLLOWER' && call.apiVersion >= FIRST_VERSION_WITH_LEADERS
  return {
    index,
    errorCode: errorCode(error),
    baseOffset,
    logAppendTimeMs,
    logStartOffset,
    recordErrors: result.recordErrors.map(({ batchIndex, message }) => ({ batchIndex, batchIndexErrorMessage: message })),
    errorMessage: error === 'NONE' ? null : (result.message ?? errorMessage(error)),
    ...(isElsewhere ? { currentLeader: leaders.of(topic, index) } : {}),
  }
}
