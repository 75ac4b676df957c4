import { describe, expect, it } from 'vitest'
import { buildBatch } from './batchBuilder.ts'
import { batchSize, crc } from './batch.ts'
import { crc32c } from './crc32c.ts'
import { endThatFits, wrongByte } from './damage.ts'

const batch = () =>
  buildBatch({
    baseOffset: 7,
    leaderEpoch: 1,
    records: [{ timestamp: 1_700_000_000_000, key: null, value: Buffer.from('a value of some length') }],
  })
const found = (bytes: Buffer) =>
  wrongByte(bytes, { from: 21, to: bytes.length, stored: crc(bytes), computed: crc32c(bytes, 21, bytes.length) })

describe('a checksum that is wrong', () => {
  it('tells which one byte is, and what it was, wherever it lies', () => {
    for (let at = 21; at < batch().length; at++) {
      const bytes = batch()
      const was = bytes[at]!
      bytes[at] = was ^ (1 + (at % 255))
      expect(found(bytes)).toEqual({ at, found: bytes[at], expected: was })
    }
  })

  it('tells nothing where several are wrong, or none', () => {
    const bytes = batch()
    expect(found(bytes)).toBeUndefined()
    bytes[30]! ^= 0x5a
    bytes[70]! ^= 0x11
    expect(found(bytes)).toBeUndefined()
  })

  it('tells where the batch ended that it was made for', () => {
    const bytes = batch()
    const stored = crc(bytes)
    expect(endThatFits(Buffer.concat([bytes, batch()]), { from: 21, least: 61, stored })).toBe(batchSize(bytes))
    expect(endThatFits(bytes.subarray(0, -3), { from: 21, least: 61, stored })).toBeUndefined()
  })
})
