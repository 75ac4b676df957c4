import type { SchemaFormat } from '../../contract/formats.ts'
import { decodeAvro } from './avro/decode.ts'
import { encodeAvro } from './avro/encode.ts'
import { branchName, parseAvroSchema, type AvroType, type NamedTypes } from './avro/schema.ts'
import { JsonSchema } from './json/jsonSchema.ts'
import { exactJson, parseExactJson, type PlainValue } from './plainValue.ts'
import { decodeProtobuf } from './protobuf/decode.ts'
import { encodeProtobuf } from './protobuf/encode.ts'
import { ProtoFile, type ProtoText } from './protobuf/file.ts'
import { SchemaProblem } from './schemaProblem.ts'
import { readMessageIndexes, writeMessageIndexes } from './wireFormat.ts'

/** A schema as text, with all that it refers to, directly or not. */
export interface SchemaSource {
  readonly format: SchemaFormat
  readonly text: string
  readonly references: readonly ProtoText[]
}

export interface CodecOptions {
  /** The data stands behind a schema's id: of Protobuf, the message indexes come before it. */
  readonly isFramed: boolean
  /** Of Protobuf without indexes: which message it is; the file's first one when nobody says. */
  readonly message?: string | null
  /** Message indexes that came in a header. */
  readonly indexes?: readonly number[]
}

/** Reads and writes data in one schema. Throws `SchemaProblem`s and nothing else. */
export interface Codec {
  /** What the data can be: the record's name, or the messages of the file. */
  readonly names: readonly string[]
  decode(data: Buffer, options: CodecOptions): { readonly value: PlainValue; readonly name: string | null }
  /** The reverse, `unchecked` being the rules of the schema that nobody looked at. */
  encode(
    value: PlainValue,
    options: CodecOptions,
  ): { readonly data: Buffer; readonly name: string | null; readonly unchecked: readonly string[] }
}

export function codecOf({ format, text, references }: SchemaSource): Codec {
  switch (format) {
    case 'avro':
      return avroCodec(text, references)
    case 'protobuf':
      return protobufCodec(new ProtoFile(text, references))
    case 'jsonSchema':
      return jsonCodec(new JsonSchema(text, references))
  }
}

function avroCodec(text: string, references: readonly ProtoText[]): Codec {
  const type = withReferences(text, references)
  const name = type.kind === 'union' ? null : branchName(type)
  return {
    names: name === null ? [] : [name],
    decode: data => ({ value: decodeAvro(type, data), name }),
    encode: value => ({ data: encodeAvro(type, value), name, unchecked: [] }),
  }
}

/** References may stand in any order, and of a folder only some are needed: those that cannot be read yet are tried again after the others. */
function withReferences(text: string, references: readonly ProtoText[]): AvroType {
  let named: NamedTypes = new Map()
  let waiting = references
  for (;;) {
    const left = waiting.filter(reference => {
      try {
        named = parseAvroSchema(reference.text, named).named
        return false
      } catch (problem) {
        if (problem instanceof SchemaProblem) return true
        throw problem
      }
    })
    if (left.length === 0 || left.length === waiting.length) return parseAvroSchema(text, named).type
    waiting = left
  }
}

function protobufCodec(file: ProtoFile): Codec {
  const typeFor = ({ message, indexes }: CodecOptions) => {
    if (message !== undefined && message !== null) return file.message(message)
    if (file.messages.length === 0) throw new SchemaProblem('schema', 'The schema has no message')
    return indexes === undefined ? file.message(file.messages[0]!) : file.messageAt(indexes)
  }
  return {
    names: file.messages,
    decode: (framed, options) => {
      const { indexes, data } = options.isFramed ? readMessageIndexes(framed) : { indexes: options.indexes, data: framed }
      const type = typeFor(indexes === undefined ? options : { ...options, message: null, indexes })
      return { value: decodeProtobuf(file, type, data), name: type.fullName.slice(1) }
    },
    encode: (value, options) => {
      const type = typeFor(options)
      const name = type.fullName.slice(1)
      const data = encodeProtobuf(file, type, value)
      return { data: options.isFramed ? Buffer.concat([writeMessageIndexes(file.indexesOf(name)), data]) : data, name, unchecked: [] }
    },
  }
}

function jsonCodec(schema: JsonSchema): Codec {
  return {
    names: schema.name === null ? [] : [schema.name],
    decode: data => {
      try {
        return { value: parseExactJson(data.toString('utf8')), name: schema.name }
      } catch (problem) {
        if (!(problem instanceof SyntaxError)) throw problem
        throw new SchemaProblem('data', `This is not JSON (${problem.message})`)
      }
    },
    encode: value => ({ data: Buffer.from(exactJson(value)), unchecked: schema.check(value), name: schema.name }),
  }
}
