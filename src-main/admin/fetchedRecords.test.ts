import { describe, expect, it } from 'vitest'
import { setBaseOffset } from '../protocol/records/batch.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { FetchedRecords, FetchedRecordsCache } from './fetchedRecords.ts'

function aBatch(baseOffset: number, count: number, valueBytes = 1, codec: 'none' | 'zstd' = 'none'): Buffer {
  const records = Array.from({ length: count }, () => ({ key: null, value: Buffer.alloc(valueBytes), timestamp: 1 }))
  return buildBatch({ records, baseOffset, codec })
}

describe('what a fetch brought', () => {
  it('answers for the batches it holds whole, and for what is missing before them', () => {
    const records = Buffer.concat([aBatch(10, 5), aBatch(20, 5), aBatch(25, 5).subarray(0, 80)])
    const fetched = new FetchedRecords(records, 8)
    expect([fetched.from, fetched.next]).toEqual([8, 25])
    expect(fetched.batches.map(({ from, next }) => [from, next])).toEqual([
      [8, 15],
      [15, 25],
    ])
    expect(fetched.batches[1]?.records.map(({ offset }) => offset)).toEqual([20, 21, 22, 23, 24])
  })

  it('answers for the whole of a batch that begins before what was asked for', () => {
    const fetched = new FetchedRecords(aBatch(10, 5), 12)
    expect([fetched.from, fetched.next]).toEqual([10, 15])
  })

  it('holds nothing when nothing came', () => {
    const fetched = new FetchedRecords(Buffer.alloc(0), 12)
    expect([fetched.from, fetched.next, fetched.batches.length]).toEqual([12, 12, 0])
  })

  it('does not change when the answer it came from does', () => {
    const answer = aBatch(0, 1)
    const fetched = new FetchedRecords(answer, 0)
    answer.fill(0)
    expect(fetched.batches[0]?.records).toHaveLength(1)
  })

  it.each([
    { what: 'a length that cannot be', at: 8 },
    { what: 'a magic that cannot be', at: 16 },
  ])('refuses $what', ({ at }) => {
    const answer = aBatch(0, 1)
    answer.fill(0xff, at, at + 1)
    expect(() => new FetchedRecords(answer, 0)).toThrow(expect.objectContaining({ code: 'CORRUPT_MESSAGE' }))
  })

  it('refuses to decode what does not match its checksum', () => {
    const answer = aBatch(0, 1)
    answer[answer.length - 1]! ^= 1
    const [batch] = new FetchedRecords(answer, 0).batches
    expect(() => batch?.records).toThrow(expect.objectContaining({ code: 'CORRUPT_MESSAGE' }))
  })
})

describe('the cache of what was fetched', () => {
  const at = (offset: number, bytes: Buffer) => {
    setBaseOffset(bytes, 0, offset)
    return new FetchedRecords(bytes, offset)
  }

  it('finds what answers for an offset of a log, for ten seconds', () => {
    let elapsed = 0
    const cache = new FetchedRecordsCache(() => elapsed)
    const fetched = at(10, aBatch(0, 5))
    cache.add('orders 0', fetched)
    expect([9, 10, 14, 15].map(offset => cache.find('orders 0', offset) === fetched)).toEqual([false, true, true, false])
    expect(cache.find('orders 1', 10)).toBeUndefined()
    elapsed = 10_000
    expect(cache.find('orders 0', 10)).toBeUndefined()
  })

  it('forgets what was not used for longest when it is full, counting what batches unfold to', () => {
    const cache = new FetchedRecordsCache(() => 0)
    for (let index = 0; index < 4; index++) {
      const fetched = at(index, aBatch(0, 1, 10_000_000, 'zstd'))
      cache.add('orders 0', fetched)
      expect(fetched.batches[0]?.records).toHaveLength(1)
      cache.find('orders 0', 0)
    }
    cache.add('orders 0', at(9, aBatch(0, 1)))
    expect([0, 1, 2, 3, 9].map(offset => cache.find('orders 0', offset) !== undefined)).toEqual([true, false, true, true, true])
  })
})
