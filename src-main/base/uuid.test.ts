import { describe, expect, it } from 'vitest'
import { isUuid, METADATA_TOPIC_ID, randomUuid, uuidBytes, uuidFrom, ZERO_UUID } from './uuid.ts'

describe('a uuid', () => {
  it('is written as 22 characters of URL-safe base64', () => {
    const bytes = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex')
    expect(uuidFrom(bytes)).toBe('AQIDBAUGBwgJCgsMDQ4PEA')
    expect(uuidBytes('AQIDBAUGBwgJCgsMDQ4PEA')).toEqual(bytes)
  })

  it('is all zero for none, and one for the metadata topic', () => {
    expect(uuidFrom(Buffer.alloc(16))).toBe(ZERO_UUID)
    expect(uuidBytes(METADATA_TOPIC_ID).readBigUInt64BE(8)).toBe(1n)
  })

  it('is drawn again when it would begin with a hyphen or be a reserved one', () => {
    const draws = [Buffer.alloc(16, 0xfb), Buffer.alloc(16), Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex')]
    expect(randomUuid(() => draws.shift()!)).toBe('AQIDBAUGBwgJCgsMDQ4PEA')
  })

  it.each(['', 'AQIDBAUGBwgJCgsMDQ4PE', 'AQIDBAUGBwgJCgsMDQ4PEA=', 'AQIDBAUGBwgJCgsMDQ4P+A'])('is not %j', text => {
    expect(isUuid(text)).toBe(false)
    expect(() => uuidBytes(text)).toThrow(RangeError)
  })
})
