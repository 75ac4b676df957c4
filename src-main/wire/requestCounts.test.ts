import { describe, expect, it } from 'vitest'
import { Fetch } from '../protocol/messages/fetch.ts'
import { Metadata } from '../protocol/messages/metadata.ts'
import { Produce } from '../protocol/messages/produce.ts'
import { errorsWithin } from './errorsWithin.ts'
import { noResponse } from './handler.ts'
import { RequestCounts } from './requestCounts.ts'

const produced = (...errorCodes: readonly number[]) => ({
  responses: [{ name: 'orders', partitionResponses: errorCodes.map((errorCode, index) => ({ index, errorCode })) }],
})

describe('an answer tells of an error', () => {
  it('when any of its parts does', () => {
    expect(errorsWithin(Produce)(produced(0, 0))).toBe(false)
    expect(errorsWithin(Produce)(produced(0, 6))).toBe(true)
    expect(errorsWithin(Fetch)({ errorCode: 70, responses: [] })).toBe(true)
    expect(errorsWithin(Metadata)({ brokers: [], topics: [{ errorCode: 0, partitions: [{ errorCode: 5 }] }] })).toBe(true)
  })

  it('and not when it is none, or has left out what has a default', () => {
    expect(errorsWithin(Produce)(noResponse)).toBe(false)
    expect(errorsWithin(Fetch)({ responses: [] })).toBe(false)
  })
})

describe('requests are counted', () => {
  it('by API, with their errors and how long they took', () => {
    const counts = new RequestCounts()
    counts.answered(Produce, 2, produced(0))
    counts.answered(Produce, 2, produced(7))
    counts.failed(Fetch, 500)
    const [produce, fetch] = counts.all()
    expect(produce).toMatchObject({ api: 'Produce', requests: 2, errors: 1 })
    expect(fetch).toMatchObject({ api: 'Fetch', requests: 1, errors: 1 })
    expect(produce!.buckets.reduce((sum, count) => sum + count)).toBe(2)
  })
})
