import { isUtf8 } from 'node:buffer'
import type { DecodeProblem } from '../../contract/formats.ts'
import { ByteReader, MalformedMessage } from '../../protocol/byteReader.ts'
import { float32Of, floatOf, hexOf, integerOf } from './jsonAble.ts'

/** What the serializers of the Java client write: big-endian, and nothing around it. */
export type JavaNumber = 'short' | 'integer' | 'long' | 'float' | 'double'

const NUMBERS: Record<JavaNumber, { readonly bytes: number; readonly read: (bytes: Buffer) => unknown }> = {
  short: { bytes: 2, read: bytes => bytes.readInt16BE() },
  integer: { bytes: 4, read: bytes => bytes.readInt32BE() },
  long: { bytes: 8, read: bytes => integerOf(bytes.readBigInt64BE()) },
  float: { bytes: 4, read: bytes => float32Of(bytes.readFloatBE()) },
  double: { bytes: 8, read: bytes => floatOf(bytes.readDoubleBE()) },
}

export type Read = { readonly value: unknown } | { readonly problem: DecodeProblem }

/** A number that takes all the bytes there are. */
export function decodeJavaNumber(format: JavaNumber, bytes: Buffer): Read {
  const { bytes: expected, read } = NUMBERS[format]
  return bytes.length === expected ? { value: read(bytes) } : wrongLength(expected, bytes)
}

const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const UUID_BYTES = 16
const UUID_CHARACTERS = 36

/** Sixteen bytes; or their text, which is what the Java client's serializer writes. */
export function decodeUuid(bytes: Buffer): Read {
  if (bytes.length === UUID_BYTES) return { value: uuidText(bytes) }
  const text = bytes.length === UUID_CHARACTERS ? bytes.toString('latin1') : ''
  return UUID_TEXT.test(text) ? { value: text } : wrongLength(UUID_BYTES, bytes)
}

const uuidText = (bytes: Buffer) => bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

const wrongLength = (expected: number, { length: found }: Buffer): Read => ({
  problem: { code: 'wrongLength', details: { expected, found } },
})

const CONSTANT_SIZE = 0
const VARIABLE_SIZE = 1
/** A list of a million nulls is four megabytes of nothing. */
const MAX_ENTRIES = 100_000

/**
 * What the ListSerializer writes (KIP-466): a byte that says whether all entries are of one size; then, if so, how many are null and which; the count of
 * entries; and each entry, with its length before it if they differ, -1 for null. Throws `MalformedMessage`.
 */
export function decodeJavaList(bytes: Buffer): unknown[] {
  const from = new ByteReader(bytes)
  const strategy = from.int8()
  if (strategy !== CONSTANT_SIZE && strategy !== VARIABLE_SIZE)
    throw new MalformedMessage(`a list of the strategy ${strategy} cannot be`, 0)
  const nulls = new Set<number>()
  if (strategy === CONSTANT_SIZE) for (let left = countIn(from, 4); left > 0; left--) nulls.add(from.int32())
  const count = countIn(from, strategy === VARIABLE_SIZE ? 4 : 0)
  if (count > MAX_ENTRIES || nulls.size > count) from.fail(`${count} entries are declared, ${nulls.size} of them null`)
  const filled = count - nulls.size
  const size = filled === 0 ? 0 : Math.floor(from.remaining / filled)
  const entries: unknown[] = []
  for (let index = 0; index < count; index++) {
    const length = strategy === VARIABLE_SIZE ? from.int32() : nulls.has(index) ? -1 : size
    entries.push(length < 0 ? null : entryOf(from.bytes(length)))
  }
  if (from.remaining > 0) from.fail(`${from.remaining} bytes follow the list`)
  return entries
}

function countIn(from: ByteReader, bytesEach: number): number {
  const count = from.int32()
  if (count < 0 || count * bytesEach > from.remaining) from.fail(`a count of ${count} cannot be`)
  return count
}

/** Nothing says what an entry is: text if it can be, an integer if it is as long as one. */
export function entryOf(bytes: Buffer): unknown {
  if (isUtf8(bytes) && !/[\0-\x08\x0e-\x1f]/.test(bytes.toString('latin1'))) return bytes.toString('utf8')
  const number = (['short', 'integer', 'long'] as const).find(each => NUMBERS[each].bytes === bytes.length)
  return number === undefined ? hexOf(bytes) : NUMBERS[number].read(bytes)
}
