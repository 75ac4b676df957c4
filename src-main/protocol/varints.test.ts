import { describe, expect, it } from 'vitest'
import { ByteReader, MalformedMessage } from './byteReader.ts'
import { written } from './byteWriter.ts'
import vectors from './fixtures/vectors.json' with { type: 'json' }

const reader = (hex: string) => new ByteReader(Buffer.from(hex, 'hex'))
const safe = (n: string) => Number.isSafeInteger(Number(n))

describe('a varint', () => {
  it.each(vectors.varint_zigzag)('of $n is $hex', ({ n, hex }) => {
    expect(written(to => to.varint(n)).toString('hex')).toBe(hex)
    expect(reader(hex).varint()).toBe(n)
  })

  it.each(vectors.unsigned_varint)('of unsigned $n is $hex', ({ n, hex }) => {
    expect(written(to => to.unsignedVarint(n)).toString('hex')).toBe(hex)
    expect(reader(hex).unsignedVarint()).toBe(n)
  })

  it.each(vectors.varlong_zigzag.filter(({ n }) => safe(n)))('of 64 bits, $n is $hex', ({ n, hex }) => {
    expect(written(to => to.varlong(Number(n))).toString('hex')).toBe(hex)
    expect(reader(hex).varlong()).toBe(Number(n))
  })

  it.each(vectors.varlong_zigzag.filter(({ n }) => !safe(n)))('of 64 bits, $n, is read as bits and refused as a count', ({ n, hex }) => {
    expect(reader(hex).varlongBits()).toBe(BigInt(n))
    expect(() => reader(hex).varlong()).toThrow(MalformedMessage)
  })

  it.each([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 48, -(2 ** 48), 2 ** 48 - 1, 2 ** 30, -(2 ** 30), -(2 ** 30) - 1])(
    'of 64 bits is exact at the edges: %i',
    value => expect(new ByteReader(written(to => to.varlong(value))).varlong()).toBe(value),
  )

  it.each(['', '80', 'ffffffff', 'ffffffff10', 'ffffffffff01'])('is not %j', hex => {
    expect(() => reader(hex).unsignedVarint()).toThrow(MalformedMessage)
  })

  it.each(['ffffffffffffffffff02', 'ffffffffffffffffffff01', '8080808080808080'])('of 64 bits is not %s', hex => {
    expect(() => reader(hex).varlong()).toThrow(MalformedMessage)
  })
})
