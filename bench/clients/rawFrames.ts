import { errorName, type ErrorName } from '../../src-main/protocol/errors.ts'
import { encodeRequest } from '../../src-main/protocol/header.ts'
import { ApiVersions } from '../../src-main/protocol/messages/apiVersions.ts'
import { Fetch } from '../../src-main/protocol/messages/fetch.ts'
import { Produce } from '../../src-main/protocol/messages/produce.ts'

/** The newest versions without compact fields: in their answers everything stands at a place that is known beforehand. */
export const PRODUCE_VERSION = 7
export const FETCH_VERSION = 11

/** One number for all requests: a broker answers in order and does not look at it. */
const CORRELATION_ID = 1
const CLIENT_ID = 'bench'
const CORRELATION_BYTES = 4

export interface ProduceFrame {
  readonly topic: string
  readonly partition: number
  readonly acks: -1 | 1
  readonly records: Buffer
}

/** A whole Produce request of one batch, to be sent as often as one likes. */
export function produceFrame({ topic, partition, acks, records }: ProduceFrame): Buffer {
  const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }]
  return Buffer.concat(encodeRequest(Produce, PRODUCE_VERSION, CORRELATION_ID, CLIENT_ID, { acks, timeoutMs: 30_000, topicData }))
}

/** What the answer to such a request says; the answer begins with its correlation id. */
export function produceVerdict(answer: Buffer, topic: string): ErrorName {
  return errorName(answer.readInt16BE(CORRELATION_BYTES + 4 + 2 + topic.length + 4 + 4))
}

export interface FetchFrame {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly maxBytes: number
}

export function fetchFrame({ topic, partition, offset, maxBytes }: FetchFrame): Buffer {
  const partitions = [{ partition, fetchOffset: offset, partitionMaxBytes: maxBytes }]
  const request = { maxWaitMs: 500, minBytes: 1, maxBytes, topics: [{ topic, partitions }] }
  return Buffer.concat(encodeRequest(Fetch, FETCH_VERSION, CORRELATION_ID, CLIENT_ID, request))
}

/** How many bytes of records an answer brings, from its first bytes: the records themselves need not be there yet. */
export function fetchedBytes(answer: Buffer, topic: string): { readonly error: ErrorName; readonly bytes: number } {
  const partition = CORRELATION_BYTES + 4 + 2 + 4 + 4 + 2 + topic.length + 4 // throttle, error, session, one topic, one partition
  const error = errorName(answer.readInt16BE(partition + 4))
  const aborted = partition + 4 + 2 + 8 + 8 + 8
  const transactions = Math.max(0, answer.readInt32BE(aborted))
  return { error, bytes: answer.readInt32BE(aborted + 4 + transactions * 16 + 4) }
}

/** What a client says first: a connection that has done so is one in use. */
export function helloFrame(): Buffer {
  return Buffer.concat(encodeRequest(ApiVersions, 0, CORRELATION_ID, CLIENT_ID, {}))
}
