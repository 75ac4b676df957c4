import { describe, expect, it } from 'vitest'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { readBatchHeader } from '../protocol/records/batch.ts'
import { decodeRecords } from '../protocol/records/record.ts'
import { ROW_BOUNDS } from './formats/bounds.ts'
import { decodeDetected } from './formats/decodeBytes.ts'
import { messageDetail, messageRow, shownBytes } from './messageRows.ts'

const recordBytes = (bytes: Buffer, limit = Infinity) =>
  shownBytes(bytes, decodeDetected(bytes, ROW_BOUNDS), { limit, bounds: ROW_BOUNDS, isDetail: false })

describe('the bytes of a record', () => {
  it.each([
    { given: '{"id": 1}', format: 'json' },
    { given: ' [1, 2]\n', format: 'json' },
    { given: '{"id": 1', format: 'text' },
    { given: '42', format: 'text' },
    { given: 'naïve café ☕', format: 'text' },
    { given: 'a\tb\r\nc', format: 'text' },
    { given: '', format: 'empty' },
  ])('are read as $format where they say $given', ({ given, format }) => {
    const bytes = Buffer.from(given)
    expect(recordBytes(bytes)).toEqual({
      size: bytes.length,
      bytes: new Uint8Array(bytes),
      text: given,
      format,
      decoded: { format, problem: null, schema: null, isCut: false },
      structure: null,
    })
  })

  it.each([
    { what: 'a zero byte', given: [0x61, 0x00] },
    { what: 'an escape', given: [0x1b, 0x5b] },
    { what: 'a delete', given: [0x7f] },
    { what: 'what is no UTF-8', given: [0xc3, 0x28] },
    { what: 'a character cut off at the end', given: [0x61, 0xe2, 0x82] },
    { what: 'the magic byte of a schema registry', given: [0, 0, 0, 0, 1, 0x7b] },
  ])('are binary where they hold $what', ({ given }) => {
    expect(recordBytes(Buffer.from(given))).toMatchObject({ text: null, format: 'binary', size: given.length })
  })

  it('are cut for a row, before a character that would be torn', () => {
    const whole = Buffer.from('€'.repeat(400))
    const { size, bytes, text, format } = recordBytes(whole, 512)
    expect({ size, length: bytes.length, text, format }).toEqual({ size: 1200, length: 512, text: '€'.repeat(170), format: 'text' })
  })

  it('are called JSON after the whole of them, not after the part that is shown', () => {
    const whole = Buffer.from(JSON.stringify({ text: 'x'.repeat(2_000) }))
    expect(recordBytes(whole, 512)).toMatchObject({ format: 'json', text: whole.toString().slice(0, 512) })
  })

  it('are judged by their first part when they are very large', () => {
    const large = `{"text": "${'é'.repeat(200_000)}"}`
    expect(recordBytes(Buffer.from(large), 512)).toMatchObject({ format: 'json', size: Buffer.byteLength(large) })
    expect(recordBytes(Buffer.from(large)).text).toBe(large)
  })

  it('are in a memory of their own, so that a row does not keep its batch', () => {
    const whole = Buffer.alloc(100_000, 'x').subarray(50, 60)
    expect(recordBytes(whole).bytes.buffer.byteLength).toBe(10)
  })
})

describe('a record', () => {
  const headers = [
    { key: 'trace', value: Buffer.from('abc') },
    { key: 'empty', value: null },
  ]
  const batch = buildBatch({
    baseOffset: 40,
    codec: 'zstd',
    producerId: 9,
    producerEpoch: 2,
    baseSequence: 5,
    leaderEpoch: 3,
    records: [
      { key: Buffer.from('a'), value: null, timestamp: 1_000 },
      { key: null, value: Buffer.from('v'), timestamp: 1_001, headers },
    ],
  })
  const header = readBatchHeader(batch)
  const [tombstone, message] = decodeRecords(batch, 0, 1_000)

  it('is a row with its place and time', () => {
    expect(messageRow(2, header, message!)).toMatchObject({
      partition: 2,
      offset: 41,
      timestampMs: 1_001,
      timestampType: 'CreateTime',
      key: null,
      headerCount: 2,
      columns: [],
    })
    expect(messageRow(2, header, tombstone!)).toMatchObject({ value: null, key: { text: 'a' } })
  })

  it('is shown whole with its headers and what its batch says', () => {
    const { headers: shown, batch: facts } = messageDetail(2, header, message!)
    expect(shown).toMatchObject([
      { key: 'trace', value: { text: 'abc' } },
      { key: 'empty', value: null },
    ])
    expect(facts).toEqual({
      baseOffset: 40,
      lastOffset: 41,
      sizeBytes: batch.length,
      recordCount: 2,
      compression: 'zstd',
      partitionLeaderEpoch: 3,
      producerId: 9,
      producerEpoch: 2,
      baseSequence: 5,
      isTransactional: false,
      crc: header.crc,
    })
  })
})
