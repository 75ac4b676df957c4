import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compressionNames, deleteHorizonMs, isIntact, readBatchHeader, recordCount } from './batch.ts'
import { buildBatch, type NewBatch } from './batchBuilder.ts'
import { decodeRecords, recordBytes, walkRecords } from './record.ts'
import { emptied, retainRecords } from './retainRecords.ts'

const MEGABYTE = 1024 * 1024
const T = 1_700_000_000_000

/** The batch with the records whose indexes are in `kept`. */
function retaining(batch: Buffer, kept: readonly number[], horizonMs?: number): Buffer {
  const records = recordBytes(batch, 0, MEGABYTE)
  const retained = { from: [] as number[], to: [] as number[], timestampDeltas: [] as number[] }
  walkRecords(records, recordCount(batch), (index, _offset, timestampDelta, _keyAt, _keyLength, _valueAt, _valueLength, from, to) => {
    if (!kept.includes(index)) return
    retained.from.push(from)
    retained.to.push(to)
    retained.timestampDeltas.push(timestampDelta)
  })
  return retainRecords(batch, records, retained, horizonMs)
}

const records = [1, 2, 3, 4].map(number => ({
  timestamp: T + number * 1_000_000_000,
  key: Buffer.from(`k${number}`),
  value: number === 3 ? null : Buffer.from(`v${number}`),
  headers: number === 2 ? [{ key: 'h', value: null }] : [],
}))
const aBatch = (batch: Partial<NewBatch> = {}) =>
  buildBatch({
    records,
    baseOffset: 100,
    leaderEpoch: 7,
    producerId: 5,
    producerEpoch: 2,
    baseSequence: 40,
    isTransactional: true,
    ...batch,
  })

describe('a batch with some of its records', () => {
  it.each(compressionNames)('keeps offsets, times, content, codec and producer (%s)', codec => {
    const batch = aBatch({ codec })
    const rewritten = retaining(batch, [1, 2])
    expect(isIntact(rewritten)).toBe(true)
    expect(decodeRecords(rewritten, 0, MEGABYTE)).toEqual(decodeRecords(batch, 0, MEGABYTE).slice(1, 3))
    expect({ ...readBatchHeader(rewritten), crc: 0, sizeInBytes: 0 }).toEqual({
      ...readBatchHeader(batch),
      crc: 0,
      sizeInBytes: 0,
      recordCount: 2,
      baseTimestamp: T + 2_000_000_000, // of the first that stays
      maxTimestamp: T + 3_000_000_000, // of all that stay
    })
  })

  it('is the very same when all of them stay', () => {
    const batch = aBatch()
    expect(retaining(batch, [0, 1, 2, 3])).toEqual(batch)
  })

  it('holds a new delete horizon in the place of its base timestamp (KIP-534)', () => {
    const rewritten = retaining(aBatch(), [0, 2], T - 5)
    expect(deleteHorizonMs(rewritten)).toBe(T - 5)
    expect(decodeRecords(rewritten, 0, MEGABYTE).map(({ timestamp }) => timestamp)).toEqual([T + 1_000_000_000, T + 3_000_000_000])
    expect(readBatchHeader(rewritten)).toMatchObject({ hasDeleteHorizon: true, baseTimestamp: T - 5, maxTimestamp: T + 3_000_000_000 })
  })

  it('keeps the delete horizon it has', () => {
    const batch = retaining(aBatch(), [0, 1, 2, 3], T + 77)
    expect(deleteHorizonMs(retaining(batch, [3]))).toBe(T + 77)
  })

  it('keeps the time of the append, which counts for all of them', () => {
    const batch = aBatch({ timestampType: 'LogAppendTime', maxTimestamp: T + 9 })
    const rewritten = retaining(batch, [0])
    expect(readBatchHeader(rewritten)).toMatchObject({ timestampType: 'LogAppendTime', maxTimestamp: T + 9, baseTimestamp: T + 9 })
    expect(decodeRecords(rewritten, 0, MEGABYTE).map(({ timestamp }) => timestamp)).toEqual([T + 9])
    const withHorizon = retaining(batch, [0], T + 500)
    expect(decodeRecords(withHorizon, 0, MEGABYTE).map(({ timestamp }) => timestamp)).toEqual([T + 9])
  })

  it('keeps whatever stays, for all records, codecs and choices', () => {
    const record = fc.record({
      timestamp: fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
      key: fc.option(fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))),
      value: fc.option(fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))),
    })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(record, fc.boolean()), { minLength: 1, maxLength: 20 }),
        fc.constantFrom(...compressionNames),
        fc.option(fc.integer({ min: 0, max: 2 ** 45 }), { nil: undefined }),
        (chosen, codec, horizonMs) => {
          const batch = buildBatch({ records: chosen.map(([each]) => each), codec })
          const kept = chosen.flatMap(([, stays], index) => (stays ? [index] : []))
          fc.pre(kept.length > 0)
          const rewritten = retaining(batch, kept, horizonMs)
          expect(isIntact(rewritten)).toBe(true)
          expect(deleteHorizonMs(rewritten)).toBe(horizonMs)
          const all = decodeRecords(batch, 0, MEGABYTE)
          expect(decodeRecords(rewritten, 0, MEGABYTE)).toEqual(kept.map(index => all[index]))
        },
      ),
    )
  })
})

describe('a batch without records', () => {
  it('remembers its offsets, its producer and its time, and nothing else', () => {
    const batch = retaining(aBatch({ codec: 'zstd', timestampType: 'LogAppendTime', maxTimestamp: T + 9 }), [0, 1], T)
    const empty = emptied(batch)
    expect(isIntact(empty)).toBe(true)
    expect(empty).toEqual(
      buildBatch({
        records: [],
        baseOffset: 100,
        lastOffsetDelta: 3,
        leaderEpoch: 7,
        producerId: 5,
        producerEpoch: 2,
        baseSequence: 40,
        isTransactional: true,
        timestampType: 'LogAppendTime',
        maxTimestamp: T + 9,
      }),
    )
    expect(emptied(empty)).toEqual(empty)
  })
})
