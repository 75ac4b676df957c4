import { encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DETAIL_BOUNDS, MAX_DEPTH } from './bounds.ts'
import { jsonText } from './jsonAble.ts'
import { decodeMessagePack } from './messagePack.ts'

const read = (hex: string, bounds = DETAIL_BOUNDS) => decodeMessagePack(Buffer.from(hex.replaceAll(' ', ''), 'hex'), bounds)

describe('MessagePack', () => {
  it.each([
    { hex: '82a7636f6d70616374c3a6736368656d6100', value: { compact: true, schema: 0 } },
    { hex: 'c0', value: null },
    { hex: '7f', value: 127 },
    { hex: 'e0', value: -32 },
    { hex: 'cc ff', value: 255 },
    { hex: 'cd ffff', value: 65_535 },
    { hex: 'ce ffffffff', value: 4_294_967_295 },
    { hex: 'cf ffffffffffffffff', value: 18_446_744_073_709_551_615n },
    { hex: 'd0 80', value: -128 },
    { hex: 'd1 8000', value: -32_768 },
    { hex: 'd2 80000000', value: -2_147_483_648 },
    { hex: 'd3 8000000000000000', value: -9_223_372_036_854_775_808n },
    { hex: 'd3 0000000000000001', value: 1 },
    { hex: 'ca 3dcccccd', value: 0.1 },
    { hex: 'cb 3fb999999999999a', value: 0.1 },
    { hex: 'cb 7ff0000000000000', value: 'Infinity' },
    { hex: 'a0', value: '' },
    { hex: 'd9 02 c3a9', value: 'é' },
    { hex: 'c4 02 00ff', value: '0x00ff' },
    { hex: '93 01 a161 c2', value: [1, 'a', false] },
    { hex: '81 01 a161', value: { 1: 'a' } },
    { hex: 'd6 ff 00000001', value: '1970-01-01T00:00:01Z' },
    { hex: 'd7 ff 773594000000000a', value: '1970-01-01T00:00:10.5Z' },
    { hex: 'c7 03 05 010203', value: { '@ext': 5, data: '0x010203' } },
  ])('reads $hex', ({ hex, value }) => expect(read(hex)).toEqual({ value, isCut: false }))

  it.each([
    { given: 'a byte that means nothing', hex: 'c1', what: '0xc1' },
    { given: 'a text that is cut off', hex: 'a5 6162', what: '5 bytes are declared but 2 remain' },
    { given: 'bytes behind the value', hex: '01 02', what: '1 bytes follow' },
    { given: 'a text that is no UTF-8', hex: 'a2 c328', what: 'no UTF-8' },
    { given: 'a key twice', hex: '82 a161 01 a161 02', what: '"a" twice' },
    { given: 'a length that nothing fills', hex: 'dd ffffffff', what: 'remain' },
  ])('says what is wrong with $given', ({ hex, what }) => expect(() => read(hex)).toThrow(what))

  it('is not followed further down than anybody nests', () => {
    expect(() => read('91'.repeat(10_000) + 'c0')).toThrow()
    expect(() => read('91'.repeat(MAX_DEPTH) + 'c0')).not.toThrow()
  })

  it('is cut at the bound of its parts, what is before it being kept', () => {
    expect(read('dc0004 01 02 03 04', { bytes: 100, unpacked: 0, parts: 3 })).toEqual({ value: [1, 2], isCut: true })
    expect(read('92 92 01 02 a9616263', { bytes: 4, unpacked: 0, parts: 100 })).toEqual({ value: [[1, 2]], isCut: true })
    expect(read('81 a26964 a4 61e282ac', { bytes: 6, unpacked: 0, parts: 100 })).toEqual({ value: { id: 'a' }, isCut: true })
  })

  it('takes no memory for lengths that are only declared', () => {
    expect(() => read('dc7fff'.repeat(400))).toThrow('remain')
  })

  it('keeps a key that is a name of JavaScript', () => {
    expect(jsonText(read('81 a95f5f70726f746f5f5f 01').value)).toBe('{"__proto__":1}')
  })

  it('gives back what another implementation writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), value => {
        // MessagePack tells -0 from 0, which JSON does not.
        const plain = JSON.parse(JSON.stringify(value)) as unknown
        expect(jsonText(decodeMessagePack(Buffer.from(encode(plain)), DETAIL_BOUNDS).value)).toBe(JSON.stringify(plain))
      }),
    )
  })

  it('never does more with any bytes than to refuse them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        try {
          jsonText(decodeMessagePack(Buffer.from(bytes), DETAIL_BOUNDS).value)
        } catch (problem) {
          expect((problem as Error).name).toBe('MalformedMessage')
        }
      }),
    )
  })
})
