import { hexText, plainObject, type PlainValue } from '../plainValue.ts'
import { SchemaProblem } from '../schemaProblem.ts'
import { decimalText, durationText, textOfNumber, uuidText, type Logical } from './logical.ts'
import { AvroReader } from './reader.ts'
import type { AvroType } from './schema.ts'

const MAX_DEPTH = 200
/** Longer decimals are no numbers to anybody, and making digits of them takes long. */
const MAX_DECIMAL_BYTES = 4_096

/**
 * What the bytes say in this schema, which must be the one they were written with. A union's value stands plainly, without the name of its branch; bytes
 * are texts of `0x…`.
 */
export function decodeAvro(type: AvroType, bytes: Buffer): PlainValue {
  const reader = new AvroReader(bytes)
  const value = new Decoder(reader).read(type)
  if (reader.at < bytes.length) {
    const rest = bytes.length - reader.at
    throw new SchemaProblem('data', `${rest} bytes are left behind the value: it was written with another schema`)
  }
  return value
}

class Decoder {
  readonly #reader: AvroReader
  /** Where we are, for whoever reads the problem: one list for all, since problems are rare and values are many. */
  readonly #path: (string | number)[] = []

  constructor(reader: AvroReader) {
    this.#reader = reader
  }

  read(type: AvroType): PlainValue {
    const [reader, path] = [this.#reader, this.#path]
    reader.count(path)
    switch (type.kind) {
      case 'null':
        return null
      case 'boolean':
        return this.#boolean()
      case 'int':
      case 'long':
        return this.#number(type.logical)
      case 'float':
        return reader.take(4, path).readFloatLE(0)
      case 'double':
        return reader.take(8, path).readDoubleLE(0)
      case 'string':
        return reader.take(reader.size(path), path).toString('utf8')
      case 'bytes':
        return bytesValue(reader.take(reader.size(path), path), type.logical)
      case 'fixed':
        return bytesValue(reader.take(type.size, path), type.logical)
      case 'enum':
        return this.#among(type.symbols, 'symbol')
      case 'union':
        return this.read(this.#among(type.branches, 'branch'))
      case 'array':
        return this.#array(type.items)
      case 'map':
        return this.#map(type.items)
      case 'record':
        return this.#record(type)
    }
  }

  #record(type: AvroType & { kind: 'record' }): PlainValue {
    const record = plainObject()
    for (const field of type.fields) record[field.name] = this.#inside(field.name, field.type)
    return record
  }

  #array(items: AvroType): PlainValue {
    const array: PlainValue[] = []
    this.#blocks(() => array.push(this.#inside(array.length, items)))
    return array
  }

  #map(values: AvroType): PlainValue {
    const map = plainObject()
    this.#blocks(() => {
      const key = this.#reader.take(this.#reader.size(this.#path), this.#path).toString('utf8')
      map[key] = this.#inside(key, values)
    })
    return map
  }

  #inside(step: string | number, type: AvroType): PlainValue {
    if (this.#path.length >= MAX_DEPTH) throw new SchemaProblem('data', 'The value is nested too deeply', this.#path.slice(0, 5))
    this.#path.push(step)
    const value = this.read(type)
    this.#path.pop()
    return value
  }

  /** Items come in blocks, each with its count; a negative one is followed by the block's size in bytes. A count of 0 ends them. */
  #blocks(item: () => void): void {
    for (;;) {
      let count = this.#reader.size(this.#path)
      if (count === 0) return
      if (count < 0) {
        this.#reader.size(this.#path)
        count = -count
      }
      for (; count > 0; count--) item()
    }
  }

  #boolean(): boolean {
    const byte = this.#reader.byte(this.#path)
    if (byte > 1) throw new SchemaProblem('data', `A boolean cannot be ${byte}, at byte ${this.#reader.at - 1}`, this.#path)
    return byte === 1
  }

  #number(logical: Logical | undefined): PlainValue {
    const value = this.#reader.long(this.#path)
    return (logical && textOfNumber(logical, BigInt(value))) ?? value
  }

  #among<Item>(items: readonly Item[], what: string): Item {
    const index = this.#reader.size(this.#path)
    const found = items[index]
    if (found === undefined) throw new SchemaProblem('data', `There is no ${what} ${index}, only ${items.length} of them`, this.#path)
    return found
  }
}

function bytesValue(bytes: Buffer, logical: Logical | undefined): PlainValue {
  if (logical?.type === 'decimal' && bytes.length <= MAX_DECIMAL_BYTES) return decimalText(bytes, logical.scale)
  if (logical?.type === 'duration') return durationText(bytes)
  if (logical?.type === 'uuid') return uuidText(bytes)
  return hexText(bytes)
}
