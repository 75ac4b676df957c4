import { exact, hexText, bytesOfHex, type PlainValue } from '../plainValue.ts'
import { SchemaProblem, type SchemaPath } from '../schemaProblem.ts'
import { FIXED32, FIXED64, LENGTH, VARINT, varintBytes, type WireReader } from './wire.ts'

/** Each of Protobuf's scalar types: its wire type, how it is read, how a value becomes its bytes. */
export interface Scalar {
  readonly wireType: number
  readonly absent: PlainValue
  read(from: WireReader, path: SchemaPath): PlainValue
  /** `undefined` when the value is none of this type. */
  write(value: PlainValue): Buffer | undefined
  /** What a value of this type is, in words. */
  readonly what: string
}

const zigzag = (value: bigint) => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
const unzigzag = (raw: bigint) => (raw >> 1n) ^ -(raw & 1n)

/** Protobuf's JSON has 64-bit numbers as texts: both are taken. */
function wholeOf(value: PlainValue, from: bigint, to: bigint): bigint | undefined {
  const number =
    typeof value === 'bigint'
      ? value
      : typeof value === 'number' && Number.isInteger(value)
        ? BigInt(value)
        : typeof value === 'string' && /^-?\d{1,20}$/.test(value)
          ? BigInt(value)
          : undefined
  return number !== undefined && number >= from && number < to ? number : undefined
}

function whole(bits: 32 | 64, isSigned: boolean, how: 'plain' | 'zigzag' | 'fixed'): Scalar {
  const [from, to] = isSigned ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1)] : [0n, 2n ** BigInt(bits)]
  const signed = (raw: bigint) => (isSigned ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw))
  const what = `a whole number of ${bits} bits${isSigned ? '' : ', not below 0'}`
  if (how === 'fixed') {
    const read = (bytes: Buffer) => (bits === 32 ? BigInt(bytes.readUInt32LE(0)) : bytes.readBigUInt64LE(0))
    return {
      wireType: bits === 32 ? FIXED32 : FIXED64,
      absent: 0,
      what,
      read: (reader, path) => exact(signed(read(reader.take(bits / 8, path)))),
      write: value => {
        const number = wholeOf(value, from, to)
        if (number === undefined) return undefined
        const bytes = Buffer.alloc(8)
        bytes.writeBigUInt64LE(BigInt.asUintN(64, number))
        return bytes.subarray(0, bits / 8)
      },
    }
  }
  return {
    wireType: VARINT,
    absent: 0,
    what,
    read: (reader, path) => {
      const small = reader.smallVarint()
      if (small !== undefined) return how === 'zigzag' ? (small >>> 1) ^ -(small & 1) : small
      return exact(signed(how === 'zigzag' ? unzigzag(reader.varint(path)) : reader.varint(path)))
    },
    write: value => {
      const number = wholeOf(value, from, to)
      return number === undefined ? undefined : varintBytes(how === 'zigzag' ? zigzag(number) : number)
    },
  }
}

function floating(bits: 32 | 64): Scalar {
  return {
    wireType: bits === 32 ? FIXED32 : FIXED64,
    absent: 0,
    what: 'a number',
    read: (reader, path) => (bits === 32 ? reader.take(4, path).readFloatLE(0) : reader.take(8, path).readDoubleLE(0)),
    write: value => {
      const isSpecial = value === 'NaN' || value === 'Infinity' || value === '-Infinity'
      if (typeof value !== 'number' && typeof value !== 'bigint' && !isSpecial) return undefined
      const bytes = Buffer.alloc(bits / 8)
      if (bits === 32) bytes.writeFloatLE(Number(value))
      else bytes.writeDoubleLE(Number(value))
      return bytes
    },
  }
}

const sized = (bytes: Buffer) => Buffer.concat([varintBytes(BigInt(bytes.length)), bytes])

export const SCALARS: Readonly<Record<string, Scalar>> = {
  int32: whole(32, true, 'plain'),
  uint32: whole(32, false, 'plain'),
  sint32: whole(32, true, 'zigzag'),
  fixed32: whole(32, false, 'fixed'),
  sfixed32: whole(32, true, 'fixed'),
  int64: whole(64, true, 'plain'),
  uint64: whole(64, false, 'plain'),
  sint64: whole(64, true, 'zigzag'),
  fixed64: whole(64, false, 'fixed'),
  sfixed64: whole(64, true, 'fixed'),
  float: floating(32),
  double: floating(64),
  bool: {
    wireType: VARINT,
    absent: false,
    what: 'true or false',
    read: (reader, path) => reader.varint(path) !== 0n,
    write: value => (typeof value === 'boolean' ? Buffer.from([value ? 1 : 0]) : undefined),
  },
  string: {
    wireType: LENGTH,
    absent: '',
    what: 'a text',
    read: (reader, path) => reader.block(path).toString('utf8'),
    write: value => (typeof value === 'string' ? sized(Buffer.from(value, 'utf8')) : undefined),
  },
  bytes: {
    wireType: LENGTH,
    absent: '0x',
    what: 'bytes as "0x00ff" or in base64',
    read: (reader, path) => hexText(reader.block(path)),
    write: value => {
      if (typeof value !== 'string') return undefined
      const bytes = bytesOfHex(value) ?? (/^[\w+/-]*={0,2}$/.test(value) ? Buffer.from(value, 'base64') : undefined)
      return bytes && sized(bytes)
    },
  },
}

/** An enum by the names of its values; numbers that have none stay numbers. */
export function enumScalar(values: Readonly<Record<string, number>>, fullName: string): Scalar {
  const names = new Map(Object.entries(values).map(([name, number]) => [number, name]))
  const number = SCALARS['int32']!
  return {
    wireType: VARINT,
    absent: names.get(0) ?? Object.keys(values)[0] ?? 0,
    what: `one of ${Object.keys(values).slice(0, 20).join(', ')} (${fullName})`,
    read: (reader, path) => {
      const value = number.read(reader, path) as number
      return names.get(value) ?? value
    },
    write: value => {
      if (typeof value === 'string' && !Object.hasOwn(values, value)) return undefined
      return number.write(typeof value === 'string' ? values[value]! : value)
    },
  }
}

/** The bytes of a scalar, or the problem that it is none. */
export function scalarBytes(scalar: Scalar, value: PlainValue, path: SchemaPath): Buffer {
  const bytes = scalar.write(value)
  if (bytes !== undefined) return bytes
  const text =
    typeof value === 'object'
      ? value === null
        ? 'null'
        : Array.isArray(value)
          ? 'a list'
          : 'an object'
      : JSON.stringify(String(value)).slice(0, 60)
  throw new SchemaProblem('value', `This is to be ${scalar.what}, not ${text}`, path)
}
