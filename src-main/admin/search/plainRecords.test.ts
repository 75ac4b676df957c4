import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { recordBytes } from '../../protocol/records/record.ts'
import { areAllPlain } from './plainRecords.ts'

const letters = new Uint8Array(256).fill(1, 0x20, 0x7f)
const plain = { keys: letters, values: letters, allowsHeaders: true }
const isPlainPart = (part: Buffer | null) => part === null || part.length === 0 || letters[part[0]!] === 1

const part = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 4 }).map(bytes => Buffer.from(bytes)),
  fc.integer({ min: 1, max: 20_000 }).map(length => Buffer.alloc(length, 'a')),
)
const record = fc.record({
  key: part,
  value: part,
  timestamp: fc.integer({ min: 0, max: 2 ** 45 }),
  headers: fc.array(fc.record({ key: fc.string({ maxLength: 3 }), value: part }), { maxLength: 2 }),
})

describe('records that are their own text', () => {
  test.prop([fc.array(record, { minLength: 1, maxLength: 20 }), fc.boolean()])(
    'are told from others by what their keys and values begin with',
    (records, allowsHeaders) => {
      const batch = buildBatch({ records })
      const expected = records.every(
        ({ key, value, headers }) => isPlainPart(key) && isPlainPart(value) && (allowsHeaders || headers.length === 0),
      )
      const bytes = recordBytes(batch, 0, 1e9)
      expect(areAllPlain(bytes, records.length, { ...plain, allowsHeaders })).toBe(expected)
    },
  )

  test.prop([fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 5 })])(
    'are never found by reading on behind the end',
    (bytes, count) => {
      expect(typeof areAllPlain(bytes, count, plain)).toBe('boolean')
    },
  )

  it('are not those of a batch that is cut off, or longer than its records', () => {
    const bytes = recordBytes(buildBatch({ records: [{ key: null, value: Buffer.from('value'), timestamp: 1 }] }), 0, 1e9)
    expect(areAllPlain(bytes, 1, plain)).toBe(true)
    expect(areAllPlain(bytes.subarray(0, -1), 1, plain)).toBe(false)
    expect(areAllPlain(bytes, 2, plain)).toBe(false)
    expect(areAllPlain(Buffer.concat([bytes, bytes]), 1, plain)).toBe(false)
  })
})
