import { decode, encode } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DETAIL_BOUNDS, MAX_DEPTH } from './bounds.ts'
import { decodeCbor } from './cbor.ts'
import { jsonText } from './jsonAble.ts'

const read = (hex: string, bounds = DETAIL_BOUNDS) => decodeCbor(Buffer.from(hex.replaceAll(' ', ''), 'hex'), bounds)

describe('CBOR', () => {
  // The examples of RFC 8949, appendix A.
  it.each([
    { hex: '00', value: 0 },
    { hex: '17', value: 23 },
    { hex: '1818', value: 24 },
    { hex: '1903e8', value: 1000 },
    { hex: '1a000f4240', value: 1_000_000 },
    { hex: '1b000000e8d4a51000', value: 1_000_000_000_000 },
    { hex: '1bffffffffffffffff', value: 18_446_744_073_709_551_615n },
    { hex: 'c249010000000000000000', value: 18_446_744_073_709_551_616n },
    { hex: '3bffffffffffffffff', value: -18_446_744_073_709_551_616n },
    { hex: 'c349010000000000000000', value: -18_446_744_073_709_551_617n },
    { hex: '20', value: -1 },
    { hex: '3903e7', value: -1000 },
    { hex: 'f90000', value: 0 },
    { hex: 'f93c00', value: 1 },
    { hex: 'fb3ff199999999999a', value: 1.1 },
    { hex: 'f93e00', value: 1.5 },
    { hex: 'f97bff', value: 65_504 },
    { hex: 'fa47c35000', value: 100_000 },
    { hex: 'f90001', value: 5.960464477539063e-8 },
    { hex: 'f90400', value: 0.00006103515625 },
    { hex: 'f9c400', value: -4 },
    { hex: 'f97c00', value: 'Infinity' },
    { hex: 'f97e00', value: 'NaN' },
    { hex: 'f4', value: false },
    { hex: 'f5', value: true },
    { hex: 'f6', value: null },
    { hex: 'f7', value: null },
    { hex: 'f0', value: { '@simple': 16 } },
    { hex: 'f8ff', value: { '@simple': 255 } },
    { hex: 'c074323031332d30332d32315432303a30343a30305a', value: '2013-03-21T20:04:00Z' },
    { hex: 'c11a514b67b0', value: '2013-03-21T20:04:00Z' },
    { hex: 'c1fb41d452d9ec200000', value: '2013-03-21T20:04:00.500Z' },
    { hex: 'd74401020304', value: { '@tag': 23, value: '0x01020304' } },
    { hex: 'd82076687474703a2f2f7777772e6578616d706c652e636f6d', value: 'http://www.example.com' },
    { hex: '4401020304', value: '0x01020304' },
    { hex: '6449455446', value: 'IETF' },
    { hex: '62c3bc', value: 'ü' },
    { hex: '8301820203820405', value: [1, [2, 3], [4, 5]] },
    { hex: 'a201020304', value: { 1: 2, 3: 4 } },
    { hex: 'a26161016162820203', value: { a: 1, b: [2, 3] } },
    { hex: '5f42010243030405ff', value: '0x0102030405' },
    { hex: '7f657374726561646d696e67ff', value: 'streaming' },
    { hex: '9fff', value: [] },
    { hex: '9f018202039f0405ffff', value: [1, [2, 3], [4, 5]] },
    { hex: 'bf61610161629f0203ffff', value: { a: 1, b: [2, 3] } },
    { hex: 'd9d9f7a1616101', value: { a: 1 } },
    { hex: 'd82550000102030405060708090a0b0c0d0e0f', value: '00010203-0405-0607-0809-0a0b0c0d0e0f' },
  ])('reads $hex', ({ hex, value }) => expect(read(hex)).toEqual({ value, isCut: false }))

  it.each([
    { given: 'a break where nothing is open', hex: 'ff', what: 'break' },
    { given: 'a key without a value', hex: 'bf6161ff', what: 'without a value' },
    { given: 'a reserved length', hex: '1c', what: 'cannot be' },
    { given: 'a simple value in two bytes that has one', hex: 'f81f', what: 'cannot be' },
    { given: 'a text made of bytes', hex: '7f4100ff', what: 'another kind' },
    { given: 'bytes behind the value', hex: '0000', what: '1 bytes follow' },
    { given: 'a length that nothing fills', hex: '9bffffffffffffffff', what: 'remain' },
    { given: 'a key twice', hex: 'a2616101616102', what: '"a" twice' },
  ])('says what is wrong with $given', ({ hex, what }) => expect(() => read(hex)).toThrow(what))

  it('is not followed further down than anybody nests', () => {
    expect(() => read('81'.repeat(10_000) + 'f6')).toThrow()
    expect(() => read('c6'.repeat(10_000) + 'f6')).toThrow()
    expect(() => read('81'.repeat(MAX_DEPTH) + 'f6')).not.toThrow()
  })

  it('is cut at its bounds, what is before them being kept', () => {
    expect(read('8401020304', { bytes: 100, unpacked: 0, parts: 3 })).toEqual({ value: [1, 2], isCut: true })
    expect(read('826461626364', { bytes: 4, unpacked: 0, parts: 10 })).toEqual({ value: ['ab'], isCut: true })
    expect(read('8264e282ac64', { bytes: 4, unpacked: 0, parts: 10 })).toEqual({ value: [''], isCut: true })
  })

  it('gives back what another implementation writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), value => {
        // The other one cannot read such a name.
        fc.pre(!JSON.stringify(value).includes('__proto__'))
        // CBOR tells -0 from 0, which JSON does not.
        const plain = JSON.parse(JSON.stringify(value)) as unknown
        const bytes = Buffer.from(encode(plain))
        expect(decodeCbor(bytes, DETAIL_BOUNDS).value).toEqual(decode(bytes))
      }),
    )
  })

  it('never does more with any bytes than to refuse them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        try {
          jsonText(decodeCbor(Buffer.from(bytes), DETAIL_BOUNDS).value)
        } catch (problem) {
          expect((problem as Error).name).toBe('MalformedMessage')
        }
      }),
    )
  })
})
