import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MalformedMessage } from '../byteReader.ts'
import vectors from '../fixtures/vectors.json' with { type: 'json' }
import {
  baseOffset,
  batchesIn,
  batchSize,
  compressionNames,
  isIntact,
  isLogAppendTime,
  lastOffset,
  lastSequence,
  maxTimestamp,
  nextOffset,
  partitionLeaderEpoch,
  readBatchHeader,
  sequenceAfter,
  setBaseOffset,
  setLogAppendTime,
  setPartitionLeaderEpoch,
  wholeBatchBytes,
} from './batch.ts'
import { buildBatch, type NewBatch } from './batchBuilder.ts'
import { decodeRecords, type LogRecord, recordBytes, walkRecords } from './record.ts'

const MEGABYTE = 1024 * 1024
const T = 1_700_000_000_000
const golden = (name: string) => Buffer.from(vectors.record_batches.find(batch => batch.name === name)!.hex, 'hex')
const text = (value: string) => Buffer.from(value)

const built: Record<string, NewBatch> = {
  plain: {
    records: [
      { key: text('k1'), value: text('v1'), timestamp: T },
      {
        key: null,
        value: text('v2'),
        timestamp: T + 5,
        headers: [
          { key: 'h', value: text('x') },
          { key: 'n', value: null },
        ],
      },
    ],
  },
  transactional: {
    records: [{ key: text('key'), value: text('value'), timestamp: T }],
    baseOffset: 10,
    leaderEpoch: 3,
    producerId: 4000,
    producerEpoch: 1,
    baseSequence: 7,
    isTransactional: true,
  },
  'commit-marker': {
    records: [{ key: Buffer.from('00000001', 'hex'), value: Buffer.from('000000000005', 'hex'), timestamp: T }],
    baseOffset: 11,
    leaderEpoch: 3,
    producerId: 4000,
    producerEpoch: 1,
    isTransactional: true,
    isControl: true,
  },
  'compacted-empty': {
    records: [],
    baseOffset: 20,
    lastOffsetDelta: 4,
    leaderEpoch: 2,
    maxTimestamp: T,
    producerId: 4000,
    producerEpoch: 1,
    baseSequence: 9,
  },
  'tombstone-logappend': {
    records: [{ key: text('a'), value: null, timestamp: T }],
    baseOffset: 5,
    leaderEpoch: 1,
    timestampType: 'LogAppendTime',
  },
}

describe('the published batches', () => {
  it.each(Object.entries(built))('are what we build: %s', (name, batch) => {
    expect(buildBatch(batch).toString('hex')).toBe(golden(name).toString('hex'))
  })

  it.each(vectors.record_batches)('are intact: $name', ({ hex, bytes }) => {
    const batch = Buffer.from(hex, 'hex')
    expect([isIntact(batch), batchSize(batch)]).toEqual([true, bytes])
  })

  it('are read, headers, nulls and all', () => {
    expect(decodeRecords(golden('plain'), 0, MEGABYTE)).toEqual([
      { offset: 0, timestamp: T, key: text('k1'), value: text('v1'), headers: [] },
      {
        offset: 1,
        timestamp: T + 5,
        key: null,
        value: text('v2'),
        headers: [
          { key: 'h', value: text('x') },
          { key: 'n', value: null },
        ],
      },
    ])
    expect(decodeRecords(golden('compacted-empty'), 0, MEGABYTE)).toEqual([])
  })

  it('tell their header', () => {
    expect(readBatchHeader(golden('transactional'))).toMatchObject({
      baseOffset: 10,
      lastOffset: 10,
      partitionLeaderEpoch: 3,
      compression: 'none',
      isTransactional: true,
      isControl: false,
      producerId: 4000,
      producerEpoch: 1,
      baseSequence: 7,
      recordCount: 1,
    })
    expect(lastSequence(golden('compacted-empty'))).toBe(13)
    expect(nextOffset(golden('compacted-empty'))).toBe(25)
  })
})

describe('a broker that stores a batch', () => {
  it('gives it an offset and an epoch without breaking the checksum', () => {
    const batch = golden('plain')
    setBaseOffset(batch, 0, 2 ** 40 + 3)
    setPartitionLeaderEpoch(batch, 0, 9)
    expect([baseOffset(batch), lastOffset(batch), partitionLeaderEpoch(batch), isIntact(batch)]).toEqual([
      2 ** 40 + 3,
      2 ** 40 + 4,
      9,
      true,
    ])
  })

  it('may stamp it with its own time, which then counts for every record', () => {
    const batch = golden('plain')
    setLogAppendTime(batch, 0, T + 99)
    expect([isIntact(batch), isLogAppendTime(batch), maxTimestamp(batch)]).toEqual([true, true, T + 99])
    expect(decodeRecords(batch, 0, MEGABYTE).map(record => record.timestamp)).toEqual([T + 99, T + 99])
  })

  it('sees any flipped bit behind the checksum', () => {
    const batch = golden('transactional')
    for (let at = 16; at < batch.length; at++) {
      batch[at]! ^= 1
      expect(isIntact(batch)).toBe(false)
      batch[at]! ^= 1
    }
  })
})

describe('a row of batches', () => {
  const [one, two] = [golden('plain'), golden('transactional')]

  it('is walked batch by batch, up to one that is cut off', () => {
    const row = Buffer.concat([one, two, one.subarray(0, 80)])
    expect([...batchesIn(row)]).toEqual([0, 88])
    expect(wholeBatchBytes(row)).toBe(164)
    expect([...batchesIn(row.subarray(0, 200))]).toEqual([0, 88])
    expect([...batchesIn(Buffer.alloc(0))]).toEqual([])
  })

  it('is refused where it cannot be batches', () => {
    const wrongLength = Buffer.concat([one, two])
    wrongLength.writeInt32BE(-1, 88 + 8)
    expect(() => [...batchesIn(wrongLength)]).toThrow(MalformedMessage)
    const oldMagic = Buffer.concat([one, two])
    oldMagic[88 + 16] = 1
    expect(() => [...batchesIn(oldMagic)]).toThrow('magic 1 is not supported')
  })
})

it('sequence numbers wrap to zero', () => {
  expect([sequenceAfter(0x7fff_ffff, 1), sequenceAfter(0x7fff_fffe, 3), sequenceAfter(5, 0)]).toEqual([0, 1, 5])
})

const bytes = fc.uint8Array({ maxLength: 60 }).map(each => Buffer.from(each))
const anyRecord = fc.record(
  {
    key: fc.option(bytes),
    value: fc.option(bytes),
    timestamp: fc.integer({ min: -1, max: 2 ** 45 }),
    headers: fc.array(fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 8 }), value: fc.option(bytes) }), { maxLength: 3 }),
  },
  { noNullPrototype: true },
)

describe('any records', () => {
  it.each(compressionNames)('come back as they went into a batch: %s', codec => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { minLength: 1, maxLength: 20 }),
        fc.maxSafeInteger().filter(n => n >= 0 && n < 2 ** 52),
        (records, from) => {
          const batch = buildBatch({ records, codec, baseOffset: from })
          expect(isIntact(batch)).toBe(true)
          expect(decodeRecords(batch, 0, MEGABYTE)).toEqual(
            records.map((record, index): LogRecord => ({ ...record, offset: from + index })),
          )
        },
      ),
      { numRuns: 40 },
    )
  })

  it('are seen alike without making objects of them', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 20 }), records => {
        const batch = buildBatch({ records })
        const body = recordBytes(batch, 0, MEGABYTE)
        const seen: unknown[] = []
        walkRecords(body, records.length, (index, offsetDelta, timestampDelta, keyAt, keyLength, valueAt, valueLength) => {
          const part = (at: number, length: number) => (length < 0 ? null : body.subarray(at, at + length))
          seen.push([index, offsetDelta, timestampDelta + records[0]!.timestamp, part(keyAt, keyLength), part(valueAt, valueLength)])
        })
        expect(seen).toEqual(records.map(({ timestamp, key, value }, index) => [index, index, timestamp, key, value]))
      }),
      { numRuns: 60 },
    )
  })

  it('keep their offsets when compaction takes others from between them', () => {
    const records = [{ key: text('a'), value: null, timestamp: T - 9, offsetDelta: 3 }]
    const batch = buildBatch({ records, baseOffset: 100, lastOffsetDelta: 7, deleteHorizonMs: T })
    expect(decodeRecords(batch, 0, MEGABYTE)).toMatchObject([{ offset: 103, timestamp: T - 9 }])
    expect([lastOffset(batch), readBatchHeader(batch).hasDeleteHorizon]).toEqual([107, true])
  })
})

describe('a broken batch', () => {
  const records = Array.from({ length: 20 }, (_, index) => ({
    key: text(`key-${index}`),
    value: Buffer.alloc(index * 10, 'ab'),
    timestamp: T + index,
  }))

  it.each(compressionNames)('is read or refused, never worse: 4000 mutations of %s', codec => {
    const whole = buildBatch({ records, codec })
    const reasons = { read: 0, refused: 0 }
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(), (at, flip, cut) => {
        const batch = Buffer.from(whole)
        batch[57 + (at % (batch.length - 57))]! ^= flip
        if (cut % 8 === 0) batch.writeInt32BE(61 - 12 + (cut % (batch.length - 61)), 8)
        try {
          expect(decodeRecords(batch, 0, 64 * 1024).length).toBeLessThan(1024)
          reasons.read++
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage)
          reasons.refused++
        }
      }),
      { numRuns: 4000 },
    )
    expect(reasons.refused).toBeGreaterThan(100)
  })

  it('takes no memory for records that are not there', () => {
    const batch = buildBatch({ records })
    batch.writeInt32BE(0x7fff_ffff, 57)
    expect(() => decodeRecords(batch, 0, MEGABYTE)).toThrow('2147483647 records are declared')
    batch.writeInt32BE(19, 57)
    expect(() => decodeRecords(batch, 0, MEGABYTE)).toThrow('bytes follow the last record')
  })
})
