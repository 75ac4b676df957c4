import { SchemaProblem, type SchemaPath } from '../schemaProblem.ts'

export const VARINT = 0
export const FIXED64 = 1
export const LENGTH = 2
export const START_GROUP = 3
export const END_GROUP = 4
export const FIXED32 = 5

/** Goes through Protobuf's bytes. Nothing is believed that the bytes do not hold. */
export class WireReader {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length
  }

  /** A varint of at most four bytes, as nearly all are; undefined when the next one is longer, which is still to be read then. */
  smallVarint(): number | undefined {
    let value = 0
    for (let n = 0; n < 4; n++) {
      const byte = this.bytes[this.at + n]
      if (byte === undefined) return undefined
      value |= (byte & 0x7f) << (n * 7)
      if (byte < 0x80) {
        this.at += n + 1
        return value
      }
    }
    return undefined
  }

  /** 64 bits, without a sign. */
  varint(path: SchemaPath): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte(path)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new SchemaProblem('data', `The number that ends at byte ${this.at} has more than 64 bits`, path)
  }

  tag(path: SchemaPath): { readonly number: number; readonly wireType: number } {
    const at = this.at
    const tag = this.smallVarint() ?? Number(this.varint(path))
    const wireType = tag % 8
    const number = (tag - wireType) / 8
    if (number < 1 || number >= 2 ** 29) throw new SchemaProblem('data', `There is no field ${number}, at byte ${at}`, path)
    if (wireType > FIXED32) throw new SchemaProblem('data', `There is no wire type ${wireType}, at byte ${at}`, path)
    return { number, wireType }
  }

  /** What stands behind a length. */
  block(path: SchemaPath): Buffer {
    return this.take(this.smallVarint() ?? Number(this.varint(path)), path)
  }

  take(length: number, path: SchemaPath): Buffer {
    const left = this.bytes.length - this.at
    if (length > left) {
      throw new SchemaProblem('data', `The data ends too early: at byte ${this.at}, ${length} are to come and ${left} are left`, path)
    }
    const from = this.at
    this.at += length
    return this.bytes.subarray(from, this.at)
  }

  #byte(path: SchemaPath): number {
    const byte = this.bytes[this.at]
    if (byte === undefined) throw new SchemaProblem('data', `The data ends too early, at byte ${this.at}`, path)
    this.at += 1
    return byte
  }
}

export function varintBytes(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return Buffer.from([...bytes, Number(rest)])
}

export const tagBytes = (number: number, wireType: number): Buffer => varintBytes((BigInt(number) << 3n) | BigInt(wireType))
