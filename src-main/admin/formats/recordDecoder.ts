import { AUTO_FORMATS, type FormatChoice, SCHEMA_FORMATS, type SchemaFormat, type TopicFormats } from '../../contract/formats.ts'
import type { LogRecord } from '../../protocol/records/record.ts'
import type { DecodeBounds } from './bounds.ts'
import { decodeAs, decodeDetected, EMPTY, failed } from './decodeBytes.ts'
import type { DecodeContext, Decoded } from './decoded.ts'
import { internalFormatOf } from './internalTopics.ts'
import type { SchemaDecoded, SchemaDecoder } from './schemas.ts'

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
    if (!isSchemaFormat(format)) return decodeAs(format, bytes, context, bounds)
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

function ofSchema(decoded: SchemaDecoded): Decoded {
  const { schema } = decoded
  if (decoded.outcome === 'failed') return { ...failed(decoded.format ?? 'binary', decoded.problem), schema }
  return { format: decoded.format, content: { kind: 'value', value: decoded.value }, problem: null, schema }
}

const isSchemaFormat = (format: string): format is SchemaFormat => (SCHEMA_FORMATS as readonly string[]).includes(format)

const ALWAYS_PLAIN = new Uint8Array(256).fill(1)
const NEVER_PLAIN = new Uint8Array(256)
/** Nothing that is detected as anything but text begins with a character of ASCII that one can see, or with a blank. */
const PLAIN_TEXT = new Uint8Array(256).fill(1, 0x20, 0x7f).fill(1, 9, 11).fill(1, 13, 14)
/** XML has to be parsed so that paths lead into it. */
const PLAIN_JSON = PLAIN_TEXT.slice().fill(0, 0x3c, 0x3d)

/** Detects everything, of records of any topic. */
export const detectingDecoder = new RecordDecoder({ topic: '' })
