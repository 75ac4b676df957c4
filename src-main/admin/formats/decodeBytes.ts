import { isUtf8 } from 'node:buffer'
import type { Charset, FormatChoice, FormatId, SchemaFormat } from '../../contract/formats.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import { decompress } from '../../protocol/records/compression.ts'
import { type DecodeBounds, type DecodedValue, problemOf } from './bounds.ts'
import { decodeCbor } from './cbor.ts'
import { decodeCharset } from './charsets.ts'
import type { DecodeContext, Decoded, DecodedContent } from './decoded.ts'
import { beforeTornCharacter, cutText, detect, type Detected } from './detect.ts'
import { decodeInternal } from './internalTopics.ts'
import { decodeJavaList, decodeJavaNumber, decodeUuid, type Read } from './javaSerializers.ts'
import { decodeMessagePack } from './messagePack.ts'
import { decodeStreamsKey } from './streamsKeys.ts'
import { looksLikeXml, parseXml } from './xml.ts'

/** What can be decoded without a schema. */
export type PlainFormat = Exclude<FormatChoice, 'auto' | SchemaFormat>

/** Headers, and other bytes of which nothing is known. */
export const decodeDetected = (bytes: Buffer, bounds: DecodeBounds): Decoded => {
  const detected = detect(bytes)
  return orProblem(detected.format, () => asDetected(detected, bytes, bounds))
}

const NOTHING: DecodedContent = { kind: 'none' }
const UTF8: DecodedContent = { kind: 'utf8' }
/** No bytes at all. */
export const EMPTY: Decoded = { format: 'empty', content: UTF8, problem: null, schema: null }
const UTF8_MARK = 0xefbbbf

/** Bytes, and why they are no more than that. */
export const failed = (format: FormatId, problem: Decoded['problem']): Decoded => ({ format, content: NOTHING, problem, schema: null })
const text = (format: FormatId, content: string): Decoded => ({
  format,
  content: { kind: 'text', text: content },
  problem: null,
  schema: null,
})
const utf8 = (format: FormatId): Decoded => ({ format, content: UTF8, problem: null, schema: null })

function value(format: FormatId, { value: made, isCut }: DecodedValue): Decoded {
  const problem = isCut ? ({ code: 'cut', details: {} } as const) : null
  return { format, content: { kind: 'value', value: made }, problem, schema: null }
}

function orProblem(format: FormatId, decode: () => Decoded): Decoded {
  try {
    return decode()
  } catch (problem) {
    return failed(format, problemOf(problem))
  }
}

function asDetected({ format, problem, value: known }: Detected, bytes: Buffer, bounds: DecodeBounds): Decoded {
  switch (format) {
    case 'empty':
      return EMPTY
    case 'binary':
      return failed('binary', problem)
    case 'json':
    case 'text':
    case 'xml':
      return bytes.length > 3 && bytes.readUIntBE(0, 3) === UTF8_MARK ? withoutMark(bytes, bounds) : utf8(format)
    case 'messagePack':
    case 'cbor':
      if (known !== undefined && !known.isCut) return value(format, known)
      return value(format, (format === 'cbor' ? decodeCbor : decodeMessagePack)(bytes, bounds))
    case 'gzip':
      return unpacked(bytes, bounds)
    case 'utf-16le':
    case 'utf-16be':
      return inCharset(format, bytes, bounds)
  }
}

function withoutMark(bytes: Buffer, bounds: DecodeBounds): Decoded {
  const { format } = detect(bytes.subarray(3))
  return text(format, cutText(bytes.subarray(3), bounds.bytes))
}

/** As one format, whatever the bytes look like. */
export const decodeAs = (format: PlainFormat, bytes: Buffer, context: DecodeContext, bounds: DecodeBounds): Decoded =>
  orProblem(format, () => decodeChosen(format, bytes, context, bounds))

/** Throws `MalformedMessage` and `TooDeep`. */
function decodeChosen(format: PlainFormat, bytes: Buffer, context: DecodeContext, bounds: DecodeBounds): Decoded {
  const read = (made: Read) => ('problem' in made ? failed(format, made.problem) : value(format, { value: made.value, isCut: false }))
  const readWhole = (make: () => Read) => {
    const limit = Math.max(bounds.bytes, MAX_WHOLE_BYTES)
    return bytes.length > limit ? failed(format, { code: 'tooLarge', details: { limit } }) : read(make())
  }
  switch (format) {
    case 'json':
      return chosenJson(bytes)
    case 'text':
      return isUtf8(beforeTornCharacter(bytes.subarray(0, bounds.bytes), bytes)) ? utf8('text') : notText('text', 'UTF-8')
    case 'xml':
      return chosenXml(bytes, bounds)
    case 'messagePack':
      return value(format, decodeMessagePack(bytes, bounds))
    case 'cbor':
      return value(format, decodeCbor(bytes, bounds))
    case 'short':
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return read(decodeJavaNumber(format, bytes))
    case 'uuid':
      return read(decodeUuid(bytes))
    case 'list':
      return readWhole(() => ({ value: decodeJavaList(bytes) }))
    case 'timeWindow':
    case 'sessionWindow':
    case 'windowStore':
      return readWhole(() => ({ value: decodeStreamsKey(format, bytes) }))
    case 'consumerOffsets':
    case 'transactionState':
    case 'clusterMetadata':
      return readWhole(() => decodeInternal(format, bytes, context))
    case 'gzip':
      return unpacked(bytes, bounds)
    case 'hex':
    case 'base64':
      return text(format, bytes.toString(format, 0, Math.min(bytes.length, bounds.bytes)))
    default:
      return inCharset(format, bytes, bounds)
  }
}

/** Larger texts are taken for JSON by their ends. */
const MAX_CHECKED_BYTES = 1024 * 1024
/** What can only be read whole is so up to here, which is what a batch may hold unless a broker is told otherwise. */
const MAX_WHOLE_BYTES = 1024 * 1024

function chosenJson(bytes: Buffer): Decoded {
  if (bytes.length > MAX_CHECKED_BYTES) return utf8('json')
  if (!isUtf8(bytes)) return notText('json', 'UTF-8')
  try {
    JSON.parse(bytes.toString('utf8'))
    return utf8('json')
  } catch (problem) {
    return failed('json', { code: 'malformed', details: { what: (problem as Error).message, at: 0 } })
  }
}

function chosenXml(bytes: Buffer, { bytes: limit, parts }: DecodeBounds): Decoded {
  const part = bytes.length <= limit ? bytes : beforeTornCharacter(bytes.subarray(0, limit), bytes)
  if (!isUtf8(part)) return notText('xml', 'UTF-8')
  const characters = part.toString('utf8')
  if (!looksLikeXml(characters)) throw new MalformedMessage('it does not begin with an element', 0)
  parseXml(characters, { parts, isPart: part.length < bytes.length })
  return utf8('xml')
}

function inCharset(charset: Charset, bytes: Buffer, bounds: DecodeBounds): Decoded {
  const characters = decodeCharset(charset, bytes, bounds.bytes)
  return characters === undefined ? notText(charset, charset) : text(charset, characters)
}

const notText = (format: FormatId, charset: string) => failed(format, { code: 'notText', details: { charset } })

/** What is packed into what is packed stays so: nothing unfolds further than once, and never to more than the bounds. */
function unpacked(bytes: Buffer, bounds: DecodeBounds): Decoded {
  let inner: Buffer
  try {
    inner = decompress('gzip', bytes, bounds.unpacked)
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    const isTooLarge = (problem.cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_BUFFER_TOO_LARGE'
    if (isTooLarge) return failed('gzip', { code: 'tooLarge', details: { limit: bounds.unpacked } })
    throw problem
  }
  const detected = detect(inner)
  if (detected.format === 'gzip') return failed('gzip', { code: 'packed', details: { kind: 'gzip' } })
  const decoded = asDetected(detected, inner, bounds)
  return {
    ...decoded,
    format: 'gzip',
    content: decoded.content.kind === 'utf8' ? { kind: 'text', text: inner.toString('utf8') } : decoded.content,
  }
}
