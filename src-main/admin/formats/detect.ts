import { isUtf8 } from 'node:buffer'
import type { DecodeProblem } from '../../contract/formats.ts'
import { type DecodeBounds, type DecodedValue, TooDeep } from './bounds.ts'
import { decodeCbor } from './cbor.ts'
import { decodeCharset, hasControls, markedCharset } from './charsets.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import { decodeMessagePack } from './messagePack.ts'
import { looksLikeXml, parseXml } from './xml.ts'

const TAB = 9
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const SPACE = 32
const DELETE = 127

/** Larger values are judged by their first part: a table of a thousand rows must not parse a gigabyte. */
const JUDGED_BYTES = 64 * 1024
const JUDGED_BOUNDS: DecodeBounds = { bytes: JUDGED_BYTES, unpacked: 0, parts: 2_000 }

/** What bytes are taken for; `problem` where that is nothing. `value` is what came out already, if it did. */
export interface Detected {
  readonly format: 'json' | 'text' | 'xml' | 'utf-16le' | 'utf-16be' | 'gzip' | 'messagePack' | 'cbor' | 'binary' | 'empty'
  readonly problem: DecodeProblem | null
  readonly value?: DecodedValue
}

const found = (format: Detected['format']): Detected => ({ format, problem: null })
const EMPTY = found('empty')
const JSON_TEXT = found('json')
const TEXT = found('text')
const XML_TEXT = found('xml')

/** A prefix of valid UTF-8 without the bytes of a character that goes on behind it. */
export function beforeTornCharacter(prefix: Buffer, whole: Buffer): Buffer {
  let end = prefix.length
  if (end === whole.length) return prefix
  // Continuation bytes are 10xxxxxx; a character has at most three of them.
  for (let back = 0; back < 3 && end > 0 && (whole[end]! & 0xc0) === 0x80; back++) end -= 1
  return prefix.subarray(0, end)
}

/** At most so many bytes of a text, no character torn. */
export const cutText = (bytes: Buffer, limit: number): string =>
  beforeTornCharacter(bytes.length <= limit ? bytes : bytes.subarray(0, limit), bytes).toString('utf8')

const judgedPart = (bytes: Buffer) => (bytes.length <= JUDGED_BYTES ? bytes : beforeTornCharacter(bytes.subarray(0, JUDGED_BYTES), bytes))

/** Bytes that are text in UTF-8, nothing else being known of them. */
export function isText(bytes: Buffer): boolean {
  const judged = judgedPart(bytes)
  if (!isUtf8(judged)) return false
  for (const byte of judged) {
    if (byte === DELETE) return false
    if (byte < SPACE && byte !== TAB && byte !== LINE_FEED && byte !== CARRIAGE_RETURN) return false
  }
  return true
}

/** Objects and arrays only: a number or a word is text to whoever reads it. */
export function isJson(text: string, length = text.length): boolean {
  const trimmed = text.trim()
  if (!/^[{[]/.test(trimmed)) return false
  if (length > JUDGED_BYTES) return true
  try {
    JSON.parse(trimmed)
    return true
  } catch {
    return false
  }
}

/**
 * What bytes are, nothing being known about them. The order is that of certainty: text first, since what reads as text is text, whatever else it could be
 * taken for; then what marks itself; then what is valid as one of the self-describing formats, and says so with a map of named values.
 */
export function detect(bytes: Buffer): Detected {
  if (bytes.length === 0) return EMPTY
  if (isText(bytes)) return ofText(bytes)
  const marked = markedCharset(bytes)
  if (marked !== undefined) {
    const text = decodeCharset(marked, bytes, JUDGED_BYTES)
    if (text !== undefined && !hasControls(text)) return found(marked)
  }
  if (isGzip(bytes)) return found('gzip')
  if (bytes.length > 3 && bytes.readUIntBE(0, 3) === CBOR_MARK) return found('cbor')
  const messagePack = mayBeMessagePack(bytes[0]!) ? namedValues(decodeMessagePack, bytes) : undefined
  const cbor = mayBeCbor(bytes[0]!) ? namedValues(decodeCbor, bytes) : undefined
  if (messagePack && cbor) return undecided({ code: 'ambiguous', details: { one: 'MessagePack', other: 'CBOR' } })
  if (messagePack) return { format: 'messagePack', problem: null, value: messagePack }
  if (cbor) return { format: 'cbor', problem: null, value: cbor }
  return undecided(hintOf(bytes))
}

/** The tag 55799, which says of itself that CBOR follows. */
const CBOR_MARK = 0xd9d9f7
/** Maps and arrays begin with these; for CBOR also a tag of any length before one. */
const mayBeMessagePack = (first: number) => (first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf)
const mayBeCbor = (first: number) => first >= 0x80 && first <= 0xdb

const undecided = (problem: DecodeProblem): Detected => ({ format: 'binary', problem })

function ofText(bytes: Buffer): Detected {
  const first = String.fromCharCode(bytes.find(byte => byte > SPACE) ?? SPACE)
  if (first === '{' || first === '[') {
    const last = String.fromCharCode(bytes.findLast(byte => byte > SPACE) ?? SPACE)
    if (last !== (first === '{' ? '}' : ']')) return TEXT
    return bytes.length > JUDGED_BYTES || isJson(bytes.toString('utf8')) ? JSON_TEXT : TEXT
  }
  return first === '<' && isXml(bytes) ? XML_TEXT : TEXT
}

function isXml(bytes: Buffer): boolean {
  const judged = judgedPart(bytes)
  const text = judged.toString('utf8')
  return looksLikeXml(text) && isWithoutProblem(() => parseXml(text, { parts: JUDGED_BOUNDS.parts, isPart: judged.length < bytes.length }))
}

const isGzip = (bytes: Buffer) => bytes.length > 18 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8

/**
 * Whether a decoder takes all of it and comes out with a map of named values, or an array of such. Bytes that mean something else are taken for numbers and
 * short texts easily, but hardly for that.
 */
function namedValues(decode: (bytes: Buffer, bounds: DecodeBounds) => DecodedValue, bytes: Buffer): DecodedValue | undefined {
  let decoded: DecodedValue | undefined
  if (!isWithoutProblem(() => (decoded = decode(bytes, JUDGED_BOUNDS))) || decoded === undefined) return undefined
  const { value } = decoded
  return isNamed(Array.isArray(value) ? (value as unknown[])[0] : value) ? decoded : undefined
}

function isNamed(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const names = Object.keys(value)
  return (
    names.length > 0 &&
    names.every(name => name !== '' && !/^(?:0x|[@{[])/.test(name) && !hasControls(name)) &&
    names.some(name => /\p{L}/u.test(name))
  )
}

function isWithoutProblem(attempt: () => unknown): boolean {
  try {
    attempt()
    return true
  } catch (problem) {
    if (problem instanceof MalformedMessage || problem instanceof TooDeep) return false
    throw problem
  }
}

const PACKED: readonly (readonly [kind: string, magic: string])[] = [
  ['gzip', '1f8b'],
  ['zip', '504b0304'],
  ['zstd', '28b52ffd'],
  ['LZ4', '04224d18'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
]

/** What a person may want to know who chooses a format for it. */
function hintOf(bytes: Buffer): DecodeProblem {
  const beginning = bytes.toString('hex', 0, 6)
  const packed = PACKED.find(([, magic]) => beginning.startsWith(magic))
  if (packed !== undefined) return { code: 'packed', details: { kind: packed[0] } }
  if (bytes.length === 4 || bytes.length === 8) return { code: 'maybeNumber', details: { bytes: bytes.length } }
  if (bytes.length > 5 && bytes[0] === 0) return { code: 'noRegistry', details: { id: bytes.readUInt32BE(1) } }
  return { code: 'unknown', details: {} }
}
