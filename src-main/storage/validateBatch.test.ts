import { describe, expect, it } from 'vitest'
import { baseTimestamp, compressionName, isIntact, maxTimestamp, recordCount, setBaseOffset, setCrc } from '../protocol/records/batch.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../protocol/records/record.ts'
import { SOME_TIME, aBatch, aLogConfig, aMarker, aProducerBatch } from './builders.ts'
import type { LogConfig } from './logConfig.ts'
import { validateBatch } from './validateBatch.ts'

const judge = (batch: Buffer, config: Partial<LogConfig> = {}) => validateBatch(batch, { config: aLogConfig(config), nowMs: SOME_TIME })

/** Changes bytes of a batch and makes its checksum right again. */
function changed(batch: Buffer, change: (batch: Buffer) => void): Buffer {
  change(batch)
  setCrc(batch)
  return batch
}

describe('a batch from a client', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('is taken as it is (%s)', codec => {
    const batch = aBatch({ records: 20, codec })
    const before = Buffer.from(batch)
    expect(judge(batch)).toEqual({ error: 'NONE', batch: before })
  })

  it.each([
    { given: 'nothing', batch: Buffer.alloc(0), error: 'CORRUPT_MESSAGE' },
    { given: 'a torn batch', batch: aBatch().subarray(0, 65), error: 'CORRUPT_MESSAGE' },
    { given: 'two batches', batch: Buffer.concat([aBatch(), aBatch()]), error: 'INVALID_RECORD' },
    { given: 'magic 1', batch: changed(aBatch(), batch => batch.writeInt8(1, 16)), error: 'INVALID_RECORD' },
    { given: 'a wrong checksum', batch: Buffer.from(aBatch().fill(0x7f, 70, 71)), error: 'CORRUPT_MESSAGE' },
    { given: 'a base offset', batch: changed(aBatch(), batch => setBaseOffset(batch, 0, 5)), error: 'INVALID_RECORD' },
    {
      given: 'more records than offsets',
      batch: changed(aBatch({ records: 3 }), batch => batch.writeInt32BE(1, 23)),
      error: 'INVALID_RECORD',
    },
    {
      given: 'fewer records than announced',
      batch: changed(aBatch({ records: 3 }), batch => (batch.writeInt32BE(3, 23), batch.writeInt32BE(4, 57))),
      error: 'INVALID_RECORD',
    },
    { given: 'no records', batch: buildBatch({ records: [] }), error: 'INVALID_RECORD' },
    { given: 'a control batch', batch: aMarker({ type: 'commit', producerId: 1 }), error: 'INVALID_RECORD' },
    { given: 'a time of append', batch: aBatch({ timestampType: 'LogAppendTime' }), error: 'INVALID_RECORD' },
    { given: 'a producer without sequence', batch: aProducerBatch({ producerId: 1, baseSequence: -1 }), error: 'INVALID_RECORD' },
    { given: 'an unknown codec', batch: changed(aBatch(), batch => batch.writeInt16BE(5, 21)), error: 'INVALID_RECORD' },
    {
      given: 'records that are not compressed as announced',
      batch: changed(aBatch(), batch => batch.writeInt16BE(4, 21)),
      error: 'INVALID_RECORD',
    },
    {
      given: 'offsets with gaps',
      batch: buildBatch({
        records: [0, 2].map(offsetDelta => ({ timestamp: 0, key: null, value: null, offsetDelta })),
        lastOffsetDelta: 1,
      }),
      error: 'INVALID_RECORD',
    },
  ])('is refused with $error when it is $given', ({ batch, error }) => expect(judge(batch)).toMatchObject({ error }))

  it('is refused when it is larger than the topic takes, header included', () => {
    const batch = aBatch()
    expect(judge(batch, { maxMessageBytes: batch.length - 1 })).toMatchObject({ error: 'MESSAGE_TOO_LARGE' })
    expect(judge(batch, { maxMessageBytes: batch.length })).toMatchObject({ error: 'NONE' })
    expect(judge(batch, { segmentBytes: batch.length - 1 })).toMatchObject({ error: 'RECORD_LIST_TOO_LARGE' })
  })

  it('is refused with the records that have no key, on a compacted topic', () => {
    const batch = buildBatch({
      records: ['a', null, 'b', null].map(key => ({ timestamp: SOME_TIME, key: key === null ? null : Buffer.from(key), value: null })),
    })
    const verdict = judge(batch, { cleanupPolicy: ['compact'] })
    expect(verdict).toMatchObject({ error: 'INVALID_RECORD', recordErrors: [{ batchIndex: 1 }, { batchIndex: 3 }] })
  })

  it('is refused with the records that are too old or too far in the future', () => {
    const batch = buildBatch({ records: [-101, -100, 0, 50, 51].map(delta => ({ timestamp: SOME_TIME + delta, key: null, value: null })) })
    const verdict = judge(batch, { messageTimestampBeforeMaxMs: 100, messageTimestampAfterMaxMs: 50 })
    expect(verdict).toMatchObject({ error: 'INVALID_TIMESTAMP', recordErrors: [{ batchIndex: 0 }, { batchIndex: 4 }] })
  })

  it('may have any timestamps where the time of the append counts', () => {
    expect(judge(aBatch({ timestamp: 5 }), { messageTimestampBeforeMaxMs: 100, messageTimestampType: 'LogAppendTime' })).toMatchObject({
      error: 'NONE',
    })
  })

  it('gets its largest timestamp from its records, whatever its header says', () => {
    const batch = buildBatch({ records: [{ timestamp: SOME_TIME + 5, key: null, value: null }], maxTimestamp: 17 })
    const verdict = judge(batch)
    expect(verdict).toMatchObject({ error: 'NONE' })
    expect(maxTimestamp(batch)).toBe(SOME_TIME + 5)
    expect(isIntact(batch)).toBe(true)
  })

  it('is compressed anew where the topic wants another codec', () => {
    const batch = aProducerBatch({ records: 50, codec: 'gzip', producerId: 9, baseSequence: 3 })
    const verdict = judge(batch, { compressionType: 'zstd' })
    if (verdict.error !== 'NONE') throw new Error(verdict.error)
    expect(compressionName(verdict.batch)).toBe('zstd')
    expect(isIntact(verdict.batch)).toBe(true)
    expect([recordCount(verdict.batch), baseTimestamp(verdict.batch)]).toEqual([50, SOME_TIME])
    expect(decodeRecords(verdict.batch, 0, 1e6)).toEqual(decodeRecords(batch, 0, 1e6))
  })

  it('may not unfold to more than a broker can hold', () => {
    const batch = buildBatch({ records: [{ timestamp: SOME_TIME, key: null, value: Buffer.alloc(70 * 1024 * 1024) }], codec: 'zstd' })
    expect(batch.length).toBeLessThan(100_000)
    expect(judge(batch)).toMatchObject({ error: 'INVALID_RECORD' })
  })
})
