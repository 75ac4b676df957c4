import { isUtf8 } from 'node:buffer'
import {
  AUTO_FORMATS,
  CHARSETS,
  type Charset,
  type FormatChoice,
  type FormatId,
  SCHEMA_FORMATS,
  type SchemaFormat,
  type TopicFormats,
} from '../../contract/formats.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import type { LogRecord } from '../../protocol/records/record.ts'
import { decompress } from '../../protocol/records/compression.ts'
import { type DecodeBounds, type DecodedValue, problemOf } from './bounds.ts'
import { decodeCbor } from './cbor.ts'
import { decodeCharset } from './charsets.ts'
import type { DecodeContext, Decoded, DecodedContent } from './decoded.ts'
import { beforeTornCharacter, detect, type Detected } from './detect.ts'
import { decodeInternal, internalFormatOf } from './internalTopics.ts'
import { decodeJavaList, decodeJavaNumber, decodeUuid, type Read } from './javaSerializers.ts'
import { decodeMessagePack } from './messagePack.ts'
import type { SchemaDecoded, SchemaDecoder } from './schemas.ts'
import { decodeStreamsKey } from './streamsKeys.ts'
import { looksLikeXml, parseXml } from './xml.ts'

export interface RecordDecoderOptions {
  readonly topic: string
  readonly formats?: TopicFormats
  readonly schemas?: SchemaDecoder | undefined
}

export type RecordPart = 'key' | 'value'
/** What a part is decoded from beside its own bytes. */
export type RecordSides = Pick<LogRecord, 'key' | 'headers'>

/** The one place where the bytes of a key or a value become something that can be read, for rows, details, columns, searches and exports. */
export class RecordDecoder {
  readonly #topic: string
  readonly #formats: TopicFormats
  readonly #schemas: SchemaDecoder | undefined

  constructor({ topic, formats = AUTO_FORMATS, schemas }: RecordDecoderOptions) {
    this.#topic = topic
    this.#formats = formats
    this.#schemas = schemas
  }

  /** Never throws for what the bytes are. */
  decode(part: RecordPart, bytes: Buffer, record: RecordSides, bounds: DecodeBounds): Decoded {
    const chosen = this.#formats[part]
    const context = new PartContext(this.#topic, part, record)
    if (chosen !== 'auto') return bytes.length === 0 ? EMPTY : this.#decodeAs(chosen, bytes, context, bounds)
    const bySchema = this.#schemas?.decode(bytes, context, null)
    if (bySchema !== undefined) return ofSchema(bySchema)
    const internal = internalFormatOf(this.#topic)
    return internal === undefined ? decodeDetected(bytes, bounds) : this.#decodeAs(internal, bytes, context, bounds)
  }

  /** The names of schemas that have to be loaded first. */
  missing({ key, value, headers }: LogRecord): string[] {
    const schemas = this.#schemas
    if (schemas === undefined) return []
    return (['key', 'value'] as const).flatMap(part => {
      const bytes = part === 'key' ? key : value
      const name =
        bytes === null || !this.#mayHaveSchema(part)
          ? undefined
          : schemas.missing(bytes, new PartContext(this.#topic, part, { key, headers }))
      return name ?? []
    })
  }

  get needsSchemas(): boolean {
    return this.#schemas !== undefined
  }

  /**
   * For each first byte whether a part that begins with it, and to which no header belongs, is its own text for sure; or, of `json`, its own text as far as
   * JSON can be looked for in it. So that most records need not be decoded in order to be searched.
   */
  plain(part: RecordPart, as: 'text' | 'json'): Uint8Array {
    const chosen = this.#formats[part]
    if (chosen === 'json' || chosen === 'text') return ALWAYS_PLAIN
    if (chosen !== 'auto' || internalFormatOf(this.#topic) !== undefined) return NEVER_PLAIN
    if (this.#schemas?.assigned(this.#topic, part) === true) return NEVER_PLAIN
    return as === 'text' ? PLAIN_TEXT : PLAIN_JSON
  }

  /** Whether nothing ever has to be decoded in order to be searched. */
  get isAllPlain(): boolean {
    return this.#schemas === undefined && this.plain('key', 'json') === ALWAYS_PLAIN && this.plain('value', 'json') === ALWAYS_PLAIN
  }

  /** Whether this part is its own text, or JSON, for sure. */
  isPlain(part: RecordPart, as: 'text' | 'json', bytes: Buffer, { headers }: RecordSides): boolean {
    return bytes.length === 0 || (this.plain(part, as)[bytes[0]!] === 1 && (this.#schemas === undefined || headers.length === 0))
  }

  #mayHaveSchema(part: RecordPart): boolean {
    const chosen = this.#formats[part]
    return chosen === 'auto' || isSchemaFormat(chosen)
  }

  #decodeAs(format: Exclude<FormatChoice, 'auto'>, bytes: Buffer, context: DecodeContext, bounds: DecodeBounds): Decoded {
    if (!isSchemaFormat(format)) return orProblem(format, () => decodeChosen(format, bytes, context, bounds))
    const decoded = this.#schemas?.decode(bytes, context, format)
    return decoded === undefined ? failed(format, { code: 'noSchema', details: {} }) : ofSchema(decoded)
  }
}

class PartContext implements DecodeContext {
  readonly topic: string
  readonly part: RecordPart
  readonly #record: RecordSides

  constructor(topic: string, part: RecordPart, record: RecordSides) {
    this.topic = topic
    this.part = part
    this.#record = record
  }

  get key() {
    return this.#record.key
  }

  get headers() {
    return this.#record.headers
  }
}

/** Headers, and other bytes of which nothing is known. */
export const decodeDetected = (bytes: Buffer, bounds: DecodeBounds): Decoded => {
  const detected = detect(bytes)
  return orProblem(detected.format, () => asDetected(detected, bytes, bounds))
}

const NOTHING: DecodedContent = { kind: 'none' }
const UTF8: DecodedContent = { kind: 'utf8' }
const EMPTY: Decoded = { format: 'empty', content: UTF8, problem: null, schema: null }
const UTF8_MARK = 0xefbbbf

const failed = (format: FormatId, problem: Decoded['problem']): Decoded => ({ format, content: NOTHING, problem, schema: null })
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

/** What a person chose. Throws `MalformedMessage` and `TooDeep`. */
function decodeChosen(
  format: Exclude<FormatChoice, 'auto' | SchemaFormat>,
  bytes: Buffer,
  context: DecodeContext,
  bounds: DecodeBounds,
): Decoded {
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

function ofSchema(decoded: SchemaDecoded): Decoded {
  const { schema } = decoded
  if (decoded.outcome === 'failed') return { ...failed(decoded.format ?? 'binary', decoded.problem), schema }
  return { format: decoded.format, content: { kind: 'value', value: decoded.value }, problem: null, schema }
}

const isSchemaFormat = (format: string): format is SchemaFormat => (SCHEMA_FORMATS as readonly string[]).includes(format)

/** Whether a choice is text in another charset. */
export const isCharset = (format: string): format is Charset => (CHARSETS as readonly string[]).includes(format)

/** At most so many bytes of a text, no character torn. */
export const cutText = (bytes: Buffer, limit: number): string =>
  beforeTornCharacter(bytes.length <= limit ? bytes : bytes.subarray(0, limit), bytes).toString('utf8')

const ALWAYS_PLAIN = new Uint8Array(256).fill(1)
const NEVER_PLAIN = new Uint8Array(256)
/** Nothing that is detected as anything but text begins with a character of ASCII that one can see, or with a blank. */
const PLAIN_TEXT = new Uint8Array(256).fill(1, 0x20, 0x7f).fill(1, 9, 11).fill(1, 13, 14)
/** XML has to be parsed so that paths lead into it. */
const PLAIN_JSON = PLAIN_TEXT.slice().fill(0, 0x3c, 0x3d)

/** Detects everything, of records of any topic. */
export const detectingDecoder = new RecordDecoder({ topic: '' })
