import { describe, expect, it } from 'vitest'
import { attributes, compressionName, deleteHorizonMs, readBatchHeader, setCrc } from '../../protocol/records/batch.ts'
import { buildBatch, type NewBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { SOME_TIME, aMarker } from '../builders.ts'
import { type BatchStanding, type CleaningRules, cleanBatch } from './cleanBatch.ts'

const NOW = SOME_TIME + 1_000
const usual: BatchStanding = { isNeedless: false, mustStay: false }

/** Offsets from 10 on; `a=1` is a record, `a` a tombstone, `=1` a record without a key. */
const batchOf = (records: readonly string[], batch: Partial<NewBatch> = {}) =>
  buildBatch({
    baseOffset: 10,
    ...batch,
    records: records.map(text => {
      const [key = '', value] = text.split('=')
      return { timestamp: SOME_TIME, key: key === '' ? null : Buffer.from(key), value: value === undefined ? null : Buffer.from(value) }
    }),
  })

/** The last offset of each key that is in the map, which reaches to `latestOffset`. */
const rules = (last: Readonly<Record<string, number>> = {}, { latestOffset = 1000, nowMs = NOW } = {}): CleaningRules => ({
  nowMs,
  deleteRetentionMs: 100,
  lastOffsets: { latestOffset, get: key => last[key.toString()] ?? -1 },
})

const kept = (batch: Buffer, cleaning: CleaningRules, standing = usual) => {
  const result = cleanBatch(batch, standing, cleaning)
  if (result.type === 'dropped') return 'dropped'
  const left = result.type === 'same' ? batch : result.batch
  return decodeRecords(left, 0, 1e6).map(
    ({ offset, key, value }) => `${offset}:${key?.toString()}${value === null ? '' : `=${value.toString()}`}`,
  )
}

describe('what compaction leaves of a batch', () => {
  it('is the last record of each key, and records of keys that nobody wrote since', () => {
    expect(kept(batchOf(['a=1', 'b=1', 'a=2', 'c=1']), rules({ a: 12, b: 40 }))).toEqual(['12:a=2', '13:c=1'])
  })

  it('is the batch itself, byte for byte, when nothing goes', () => {
    expect(cleanBatch(batchOf(['a=1', 'b=1'], { codec: 'gzip' }), usual, rules({ a: 10, b: 11 }))).toEqual({ type: 'same', recordsKept: 2 })
  })

  it('is nothing when each record was replaced', () => {
    expect(cleanBatch(batchOf(['a=1', 'b=1']), usual, rules({ a: 20, b: 20 }))).toEqual({ type: 'dropped', recordsKept: 0 })
  })

  it('drops records without a key: a compacted topic takes none', () => {
    expect(kept(batchOf(['=1', 'b=1']), rules())).toEqual(['11:b=1'])
  })

  it('keeps what lies behind the end of the map, whatever it is', () => {
    expect(kept(batchOf(['a=1', '=2', 'a=3']), rules({ a: 12 }, { latestOffset: 10 }))).toEqual(['11:undefined=2', '12:a=3'])
  })
})

describe('a batch that must stay', () => {
  const mustStay = { isNeedless: false, mustStay: true }

  it('is emptied when all its records go', () => {
    const batch = batchOf(['a=1', 'b=1'], { producerId: 7, producerEpoch: 1, baseSequence: 30, codec: 'lz4' })
    const result = cleanBatch(batch, mustStay, rules({ a: 20, b: 20 }))
    if (result.type !== 'rewritten') throw new Error(result.type)
    expect(readBatchHeader(result.batch)).toMatchObject({
      recordCount: 0,
      baseOffset: 10,
      lastOffset: 11,
      producerId: 7,
      lastSequence: 31,
      compression: 'none',
    })
    expect(cleanBatch(result.batch, mustStay, rules())).toEqual({ type: 'same', recordsKept: 0 })
    expect(cleanBatch(result.batch, usual, rules())).toEqual({ type: 'dropped', recordsKept: 0 })
  })

  it('is emptied when its transaction was aborted', () => {
    expect(kept(batchOf(['a=1'], { isTransactional: true }), rules(), { isNeedless: true, mustStay: true })).toEqual([])
  })
})

describe('a tombstone', () => {
  it('sets the delete horizon in the first pass that sees it, and stays (KIP-534)', () => {
    const batch = batchOf(['a', 'b=1'], { codec: 'zstd' })
    const result = cleanBatch(batch, usual, rules({ a: 10, b: 11 }))
    if (result.type !== 'rewritten') throw new Error(result.type)
    expect(deleteHorizonMs(result.batch)).toBe(NOW + 100)
    expect(compressionName(result.batch)).toBe('zstd')
    expect(decodeRecords(result.batch, 0, 1e6)).toEqual(decodeRecords(batch, 0, 1e6))
  })

  it('stays as it is until the horizon, and goes when it is reached', () => {
    const batch = batchOf(['a', 'b=1'], { deleteHorizonMs: NOW + 100 })
    expect(cleanBatch(batch, usual, rules({ a: 10 }, { nowMs: NOW + 99 }))).toEqual({ type: 'same', recordsKept: 2 })
    expect(kept(batch, rules({ a: 10 }, { nowMs: NOW + 100 }))).toEqual(['11:b=1'])
  })

  it('goes at once when a later record replaces it, and leaves no horizon behind', () => {
    const result = cleanBatch(batchOf(['a', 'b=1']), usual, rules({ a: 50 }))
    if (result.type !== 'rewritten') throw new Error(result.type)
    expect(deleteHorizonMs(result.batch)).toBeUndefined()
  })

  it('stays behind the end of the map even when its horizon has passed', () => {
    expect(kept(batchOf(['a'], { deleteHorizonMs: NOW - 1 }), rules({}, { latestOffset: 9 }))).toEqual(['10:a'])
  })
})

describe('a transaction', () => {
  it('loses its data when it was aborted, behind the end of the map too', () => {
    const aborted = batchOf(['a=1'], { isTransactional: true })
    expect(cleanBatch(aborted, { isNeedless: true, mustStay: false }, rules({}, { latestOffset: 0 }))).toEqual({
      type: 'dropped',
      recordsKept: 0,
    })
  })

  it('keeps its marker as long as it has data', () => {
    expect(cleanBatch(aMarker({ type: 'commit', producerId: 1 }), usual, rules())).toEqual({ type: 'same', recordsKept: 1 })
    const marker = buildBatch({ records: [], isControl: true, deleteHorizonMs: NOW - 1 })
    expect(cleanBatch(marker, { isNeedless: false, mustStay: true }, rules())).toEqual({ type: 'same', recordsKept: 0 })
  })

  it('keeps its marker without data until a delete horizon, which the first pass sets', () => {
    const marker = aMarker({ type: 'abort', producerId: 1 })
    const needless = { isNeedless: true, mustStay: false }
    const first = cleanBatch(marker, needless, rules())
    if (first.type !== 'rewritten') throw new Error(first.type)
    expect(deleteHorizonMs(first.batch)).toBe(NOW + 100)
    expect(decodeRecords(first.batch, 0, 1e6)).toEqual(decodeRecords(marker, 0, 1e6))
    expect(cleanBatch(first.batch, needless, rules({}, { nowMs: NOW + 99 }))).toEqual({ type: 'same', recordsKept: 1 })
    expect(cleanBatch(first.batch, needless, rules({}, { nowMs: NOW + 100 }))).toEqual({ type: 'dropped', recordsKept: 0 })
    expect(kept(first.batch, rules({}, { nowMs: NOW + 100 }), { isNeedless: true, mustStay: true })).toEqual([])
    expect(cleanBatch(first.batch, usual, rules({}, { nowMs: NOW + 100 }))).toEqual({ type: 'same', recordsKept: 1 })
  })
})

it('does not take a batch of an unknown codec for one it can read', () => {
  const batch = batchOf(['a=1'])
  batch.writeInt16BE(attributes(batch) | 7, 21)
  setCrc(batch)
  expect(() => cleanBatch(batch, usual, rules())).toThrow('compression 7')
})
