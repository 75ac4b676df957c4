import { SchemaProblem } from './schemaProblem.ts'

/** Which schema a record was written with, as its bytes say. */
export type SchemaMark = { readonly id: number } | { readonly guid: string }

/** What stands before the data of a record that was written with a schema registry. */
export interface Framing {
  readonly mark: SchemaMark
  /** What follows: the data, of Protobuf the message indexes before it. */
  readonly data: Buffer
}

/** Where the serializers of Confluent Platform 8 put the mark when it is to leave the data as it is. */
export const KEY_SCHEMA_HEADER = '__key_schema_id'
export const VALUE_SCHEMA_HEADER = '__value_schema_id'

const ID_MAGIC = 0
const GUID_MAGIC = 1
const ID_BYTES = 5
const GUID_BYTES = 17
/** Nobody nests messages deeper, and a hostile count must not cost memory. */
const MAX_INDEXES = 64

/** Magic 0 and a four-byte id before the data; `undefined` when the bytes begin otherwise. An id of 0 or less is none: registries count from 1. */
export function framingOf(bytes: Buffer): Framing | undefined {
  if (bytes.length < ID_BYTES || bytes[0] !== ID_MAGIC) return undefined
  const id = bytes.readInt32BE(1)
  return id > 0 ? { mark: { id }, data: bytes.subarray(ID_BYTES) } : undefined
}

/** What a header says, the record's data being bare: magic 1 and a GUID, or as before the data; of Protobuf, `data` is then the message indexes. */
export function headerFramingOf(header: Buffer): Framing | undefined {
  if (header.length < GUID_BYTES || header[0] !== GUID_MAGIC) return framingOf(header)
  return { mark: { guid: guidText(header.subarray(1, GUID_BYTES)) }, data: header.subarray(GUID_BYTES) }
}

/** The header and the data of a record written with an id. */
export function framed(id: number, parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(ID_BYTES)
  head.writeInt32BE(id, 1)
  return Buffer.concat([head, ...parts])
}

/**
 * Protobuf's way to the message in its file, `[1, 0]` the first message inside the second one: how many indexes, then each, all as zigzag varints; a
 * single 0 is short for `[0]`.
 */
export function readMessageIndexes(bytes: Buffer): { readonly indexes: readonly number[]; readonly data: Buffer } {
  const cursor = { at: 0 }
  const count = readZigzag(bytes, cursor)
  if (count === 0) return { indexes: [0], data: bytes.subarray(cursor.at) }
  if (count < 0 || count > MAX_INDEXES) throw new SchemaProblem('data', `The list of message indexes cannot have ${count} entries`)
  const indexes: number[] = []
  for (let n = 0; n < count; n++) indexes.push(readZigzag(bytes, cursor))
  return { indexes, data: bytes.subarray(cursor.at) }
}

/** The reverse of `readMessageIndexes`. */
export function writeMessageIndexes(indexes: readonly number[]): Buffer {
  if (indexes.length === 1 && indexes[0] === 0) return Buffer.from([0])
  return Buffer.from([indexes.length, ...indexes].flatMap(zigzagBytes))
}

function guidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function readZigzag(bytes: Buffer, cursor: { at: number }): number {
  let raw = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) throw new SchemaProblem('data', 'The message indexes end too early')
    raw += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
  }
  throw new SchemaProblem('data', 'The message indexes hold a number that is too long')
}

function zigzagBytes(value: number): number[] {
  const bytes: number[] = []
  let rest = value * 2
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}
