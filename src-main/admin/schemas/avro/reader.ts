import { SchemaProblem, type SchemaPath } from '../schemaProblem.ts'

/** Values that take no bytes, such as nulls, are free for whoever sends a count of them: beyond so many more than the bytes could hold, they are refused. */
const FREE_VALUES = 1_000_000

/** Goes through the bytes of one Avro value. Nothing is believed that the bytes do not hold. */
export class AvroReader {
  readonly bytes: Buffer
  at = 0
  #valuesLeft: number

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.#valuesLeft = FREE_VALUES + bytes.length
  }

  /** Counts a value; a record of a few bytes must not become a billion of them. */
  count(path: SchemaPath): void {
    if (--this.#valuesLeft < 0) throw new SchemaProblem('data', 'There are more values than these bytes should hold', path)
  }

  byte(path: SchemaPath): number {
    const byte = this.bytes[this.at]
    if (byte === undefined) throw this.#tooShort(path, 1)
    this.at += 1
    return byte
  }

  take(length: number, path: SchemaPath): Buffer {
    if (length < 0) throw new SchemaProblem('data', `A length cannot be ${length}, at byte ${this.at}`, path)
    if (length > this.bytes.length - this.at) throw this.#tooShort(path, length)
    const from = this.at
    this.at += length
    return this.bytes.subarray(from, this.at)
  }

  /** A zigzag varint of at most 64 bits, exactly. */
  long(path: SchemaPath): bigint | number {
    // Four bytes fit into what a number's bits can do; most numbers are that short.
    let raw = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte(path)
      raw |= (byte & 0x7f) << shift
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1)
    }
    let large = BigInt(raw)
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.byte(path)
      large |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        if (large >= 1n << 64n) break
        const value = (large >> 1n) ^ -(large & 1n)
        const number = Number(value)
        return Number.isSafeInteger(number) ? number : value
      }
    }
    throw new SchemaProblem('data', `The number that ends at byte ${this.at} has more than 64 bits`, path)
  }

  /** A length or a count: what does not fit a number is no length. */
  size(path: SchemaPath): number {
    const size = this.long(path)
    if (typeof size === 'bigint') throw new SchemaProblem('data', `A length cannot be ${size}, at byte ${this.at}`, path)
    return size
  }

  #tooShort(path: SchemaPath, wanted: number): SchemaProblem {
    const left = this.bytes.length - this.at
    return new SchemaProblem('data', `The data ends too early: at byte ${this.at}, ${wanted} are to come and ${left} are left`, path)
  }
}
