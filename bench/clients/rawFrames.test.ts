import { describe, expect, it } from 'vitest'
import { decodeResponse, encodeResponse } from '../../src-main/protocol/header.ts'
import { errorCode } from '../../src-main/protocol/errors.ts'
import { Fetch } from '../../src-main/protocol/messages/fetch.ts'
import { Produce } from '../../src-main/protocol/messages/produce.ts'
import { FETCH_VERSION, fetchedBytes, PRODUCE_VERSION, produceVerdict } from './rawFrames.ts'

const TOPIC = 'orders'
const SIZE_BYTES = 4

describe('what the raw generator reads without decoding', () => {
  it.each(['NONE', 'NOT_ENOUGH_REPLICAS'] as const)('a produce that is answered with %s', name => {
    const partition = { index: 3, errorCode: errorCode(name), baseOffset: 7 }
    const frame = Buffer.concat(
      encodeResponse(Produce, PRODUCE_VERSION, 1, { responses: [{ name: TOPIC, partitionResponses: [partition] }], throttleTimeMs: 0 }),
    ).subarray(SIZE_BYTES)
    expect(decodeResponse(Produce, PRODUCE_VERSION, frame).correlationId).toBe(1)
    expect(produceVerdict(frame, TOPIC)).toBe(name)
  })

  it.each([
    { abortedTransactions: null },
    { abortedTransactions: [] },
    {
      abortedTransactions: [
        { producerId: 1, firstOffset: 2 },
        { producerId: 3, firstOffset: 4 },
      ],
    },
  ])('the bytes of a fetch, with aborted transactions $abortedTransactions', ({ abortedTransactions }) => {
    const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 9, abortedTransactions, records: Buffer.alloc(123_456) }
    const frame = Buffer.concat(
      encodeResponse(Fetch, FETCH_VERSION, 1, { throttleTimeMs: 0, responses: [{ topic: TOPIC, partitions: [partition] }] }),
    ).subarray(SIZE_BYTES)
    expect(fetchedBytes(frame.subarray(0, 200), TOPIC)).toEqual({ error: 'NONE', bytes: 123_456 })
  })
})
