import { describe, expect, it } from 'vitest'
import { ByteReader, MalformedMessage } from './byteReader.ts'
import { ByteWriter, written } from './byteWriter.ts'
import {
  array,
  type Codec,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  nullableStruct,
  records,
  since,
  string,
  struct,
  tagged,
  UNLIMITED,
  unlimitedInt64,
  until,
  versionOf,
  withDefault,
} from './schema.ts'

const plain = (number: number) => versionOf(number, undefined)
const flexible = (number: number) => versionOf(number, 0)

function bytesOf<T>(codec: Codec<unknown, T>, value: T, version = plain(0)): string {
  return written(to => codec.write(to, value, version)).toString('hex')
}

function valueOf<T>(codec: Codec<T, never>, hex: string, version = plain(0)): T {
  return codec.read(new ByteReader(Buffer.from(hex, 'hex')), version)
}

describe('a field that some versions do not carry', () => {
  const codec = struct({ id: int16, rack: since(2, nullableString, null, 'ignorable'), port: since(1, int16, 9), old: until(1, int16, 0) })

  it('is absent from older bytes, and read as its absent value', () => {
    expect(bytesOf(codec, { id: 1 })).toBe('00010000')
    expect(valueOf(codec, '00010000')).toEqual({ id: 1, rack: null, port: 9, old: 0 })
  })

  it('may be left out where it is carried', () => {
    expect(valueOf(codec, bytesOf(codec, { id: 1 }, plain(2)), plain(2))).toEqual({ id: 1, rack: null, port: 9, old: 0 })
  })

  it('is dropped in silence if it is ignorable, and refused by name if it is not', () => {
    expect(bytesOf(codec, { id: 1, rack: 'r1' })).toBe('00010000')
    expect(() => bytesOf(codec, { id: 1, port: 8 })).toThrow('port: version 0 cannot carry it')
    expect(() => bytesOf(codec, { id: 1, old: 8 }, plain(2))).toThrow('old: version 2 cannot carry it')
  })
})

describe('a tagged field', () => {
  const codec = struct({
    id: int16,
    host: tagged(3, 1, string, ''),
    leader: tagged(1, 0, { id: withDefault(int32, -1), epoch: withDefault(int32, -1) }, { id: -1, epoch: -1 }),
  })

  it('is not written while it says nothing new', () => {
    expect(bytesOf(codec, { id: 1, host: '', leader: { id: -1 } }, flexible(1))).toBe('000100')
  })

  it('is written in the order of the tags, with its size', () => {
    expect(bytesOf(codec, { id: 1, host: 'h', leader: { id: 7, epoch: 8 } }, flexible(1))).toBe(
      '000102' + '0109' + '0000000700000008' + '00' + '0302' + '0268',
    )
    expect(valueOf(codec, '0001020109000000070000000800' + '03020268', flexible(1))).toEqual({
      id: 1,
      host: 'h',
      leader: { id: 7, epoch: 8 },
    })
  })

  it('is skipped when it is unknown, as is the known one in versions that did not have it', () => {
    expect(valueOf(codec, '0001020302ffff0902ffff', flexible(0))).toEqual({ id: 1, host: '', leader: { id: -1, epoch: -1 } })
  })

  it.each([
    ['longer than it says', '0001010301' + '0268'],
    ['shorter than it says', '0001010303' + '026800'],
    ['longer than what remains', '000101037f' + '0268'],
    ['given twice', '0001020302' + '0268' + '0302' + '0268'],
    ['out of order', '0001020302' + '0268' + '0109' + '000000070000000800'],
  ])('is malformed when it is %s', (_, hex) => {
    expect(() => valueOf(codec, hex, flexible(1))).toThrow(MalformedMessage)
  })
})

describe('a stranger', () => {
  const codec = struct({ topics: array({ name: string, partitions: nullableArray(int32) }) })

  it('is told which field was wrong, and where', () => {
    const wrong = '00000001' + '000174' + '0000000200000001'
    expect(() => valueOf(codec, wrong)).toThrow('4 bytes are declared but 0 remain (at byte 15, in topics.partitions)')
  })

  it.each(['7fffffff', '00000002', 'fffffffe', '80000000'])('takes no memory with an array of %s elements', count => {
    expect(() => valueOf(codec, count + '00')).toThrow(MalformedMessage)
  })

  it('takes no memory with empty elements', () => {
    expect(() => valueOf(array({}), '7fffffff')).toThrow(MalformedMessage)
    expect(() => valueOf(array({}), 'ffffffff0f', flexible(0))).toThrow(MalformedMessage)
  })

  it('cannot say null where there must be something', () => {
    expect(() => valueOf(string, 'ffff')).toThrow('null stands where a string must be')
    expect(() => valueOf(array(int16), 'ffffffff')).toThrow('null stands where an array must be')
  })
})

describe('a number', () => {
  it.each([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0, -1, 2 ** 32, -(2 ** 32), -(2 ** 32) - 1, 2 ** 31])(
    'of 64 bits is exact: %i',
    value => {
      expect(valueOf(int64, bytesOf(int64, value))).toBe(value)
      expect(BigInt.asIntN(64, BigInt(`0x${bytesOf(int64, value)}`))).toBe(BigInt(value))
    },
  )

  it('of 64 bits is refused beyond 2^53, both ways', () => {
    expect(() => bytesOf(int64, 2 ** 53)).toThrow(RangeError)
    expect(() => valueOf(int64, '0020000000000000')).toThrow(MalformedMessage)
    expect(() => valueOf(int64, '8000000000000000')).toThrow(MalformedMessage)
  })

  it('of 64 bits may mean no limit at all', () => {
    expect(bytesOf(unlimitedInt64, UNLIMITED)).toBe('7fffffffffffffff')
    expect(valueOf(unlimitedInt64, '7fffffffffffffff')).toBe(UNLIMITED)
    expect(valueOf(unlimitedInt64, 'ffffffffffffffff')).toBe(-1)
  })

  it.each([NaN, 1.5, 0x8000, -0x8001])('of 16 bits is not %d', value => expect(() => bytesOf(int16, value)).toThrow(RangeError))
})

describe('a struct', () => {
  it('tells which required value is missing', () => {
    const codec = struct({ brokers: array({ host: string }) })
    expect(() => bytesOf(codec, { brokers: [{} as { host: string }] })).toThrow('brokers.host: a value is missing')
  })

  it('shares its absent values, which cannot be changed', () => {
    const codec = struct({ ids: since(1, array(int32), []) })
    expect(() => (valueOf(codec, '').ids as number[]).push(1)).toThrow(TypeError)
  })

  it('may be null', () => {
    const codec = nullableStruct({ id: int16 })
    expect(valueOf(codec, bytesOf(codec, null))).toBeNull()
    expect(valueOf(codec, bytesOf(codec, { id: 5 }))).toEqual({ id: 5 })
  })
})

describe('a large byte field', () => {
  it('is carried by reference, and its neighbours around it', () => {
    const batch = Buffer.alloc(5000, 1)
    const to = new ByteWriter()
    struct({ before: int16, batch: records, after: int16 }).write(to, { before: 1, batch, after: 2 }, plain(0))
    const chunks = to.chunks()
    expect(chunks.map(chunk => chunk.length)).toEqual([6, 5000, 2])
    expect(chunks[1]).toBe(batch)
    expect(to.length).toBe(5008)
  })

  it('may come in pieces', () => {
    const pieces = [Buffer.alloc(2000, 1), Buffer.alloc(10, 2)]
    expect(valueOf(records, bytesOf(records, pieces))).toEqual(Buffer.concat(pieces))
  })

  it('comes out as a view', () => {
    const frame = Buffer.from('00000002abcd', 'hex')
    const view = records.read(new ByteReader(frame), plain(0))!
    frame[4] = 0
    expect(view.toString('hex')).toBe('00cd')
  })
})

describe('a writer', () => {
  it('grows without moving what was written', () => {
    const to = new ByteWriter(8)
    const mark = to.reserveInt32()
    for (let index = 0; index < 1000; index++) to.int32(index)
    to.fillInt32(mark, 42)
    const all = Buffer.concat(to.chunks())
    expect([all.readInt32BE(0), all.readInt32BE(4), all.readInt32BE(4000), all.length]).toEqual([42, 0, 999, 4004])
  })
})
