import { z } from 'zod'

/** Bytes that are text in another charset than UTF-8. */
export const CHARSETS = [
  'utf-16le',
  'utf-16be',
  'iso-8859-1',
  'windows-1252',
  'shift_jis',
  'euc-jp',
  'gbk',
  'gb18030',
  'big5',
  'euc-kr',
] as const

/** What is decoded by a schema, from a registry or from a file. */
export const SCHEMA_FORMATS = ['avro', 'protobuf', 'jsonSchema'] as const

/** What a person can choose for the keys or the values of a topic. */
export const CHOSEN_FORMATS = [
  'json',
  'text',
  ...CHARSETS,
  'xml',
  'messagePack',
  'cbor',
  ...SCHEMA_FORMATS,
  // The serializers of the Java client; integers have 2, 4 and 8 bytes.
  'short',
  'integer',
  'long',
  'float',
  'double',
  'uuid',
  'list',
  // Keys of Kafka Streams: a key, and the window that it belongs to.
  'timeWindow',
  'sessionWindow',
  'windowStore',
  // Kafka's own topics.
  'consumerOffsets',
  'transactionState',
  'clusterMetadata',
  'gzip',
  'hex',
  'base64',
] as const

/** What bytes were decoded as. `binary`: nothing that is known; `empty`: there are none. */
export const FormatId = z.enum([...CHOSEN_FORMATS, 'binary', 'empty'])
export type FormatId = z.infer<typeof FormatId>
export type SchemaFormat = (typeof SCHEMA_FORMATS)[number]
export type Charset = (typeof CHARSETS)[number]

/** `auto` looks at the bytes of each record. */
export const FormatChoice = z.enum(['auto', ...CHOSEN_FORMATS])
export type FormatChoice = z.infer<typeof FormatChoice>

/** How the records of a topic are to be decoded. Headers are always `auto`. */
export const TopicFormats = z.object({ key: FormatChoice, value: FormatChoice })
export type TopicFormats = z.infer<typeof TopicFormats>

export const AUTO_FORMATS: TopicFormats = { key: 'auto', value: 'auto' }

/**
 * Why bytes were not decoded, or not all of them. The renderer has a sentence for each code; `details` are what it names. What a decoder says of
 * bytes that are not as they should be is in `details.what`, in English.
 */
export const DecodeProblem = z.object({
  code: z.enum([
    /** `what`, and the byte `at` which it is. */
    'malformed',
    /** `expected` and `found`, in bytes. */
    'wrongLength',
    /** A text in `charset`. */
    'notText',
    /** More than `limit` bytes. */
    'tooLarge',
    /** Nested in more than `limit` levels. */
    'tooDeep',
    /** What is given is its beginning: there is too much of it. */
    'cut',
    /** It could be `one` as well as the `other`. */
    'ambiguous',
    /** Packed by `kind`, and not unpacked. */
    'packed',
    /** `bytes` that could be a number: 4 or 8. */
    'maybeNumber',
    /** It is of no kind that is known. */
    'unknown',
    /** A record type or version that is not known: `what`. */
    'unknownRecord',
    /** It begins as with a schema of this `id`, and no registry is known. */
    'noRegistry',
    /** No schema is known for this topic's keys or values. */
    'noSchema',
    /** The schema, of `id` where it has one, could not be had: `what`. */
    'schemaMissing',
    /** By its schema the bytes cannot be read: `what`. */
    'schemaMismatch',
  ]),
  details: z.record(z.string(), z.union([z.string(), z.number()])),
})
export type DecodeProblem = z.infer<typeof DecodeProblem>

/** The schema that a part was decoded with. */
export const SchemaFacts = z.object({
  format: z.enum(SCHEMA_FORMATS),
  source: z.enum(['registry', 'file']),
  /** Of the record or the message, with its namespace. */
  name: z.string().nullable(),
  id: z.number().int().nullable(),
  subject: z.string().nullable(),
  version: z.number().int().nullable(),
})
export type SchemaFacts = z.infer<typeof SchemaFacts>

/** What was made of the bytes of a part, and why not more. */
export const DecodedAs = z.object({
  format: FormatId,
  problem: DecodeProblem.nullable(),
  schema: SchemaFacts.nullable(),
  /** What is given of it is its beginning. */
  isCut: z.boolean(),
})
export type DecodedAs = z.infer<typeof DecodedAs>
