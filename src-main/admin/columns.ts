import type { LogRecord } from '../protocol/records/record.ts'
import { COLUMN_BOUNDS, ROW_BOUNDS } from './formats/bounds.ts'
import { textOfDecoded, valueOfDecoded } from './formats/readDecoded.ts'
import { decodeDetected } from './formats/decodeBytes.ts'
import { detectingDecoder, type RecordDecoder } from './formats/recordDecoder.ts'
import { InvalidPath, parseJson, parseRecordPath, type RecordPath, textOf, valuesAt } from './recordPath.ts'

/** What a cell of a table can show; more would only travel. */
const MAX_TEXT = 512
/** Bytes that are no text are shown in hex. */
const MAX_HEX_BYTES = 32

/** The columns of one record, in the order in which they were asked for; null where the record has no such part. */
export type ReadColumns = (record: LogRecord) => (string | null)[]

type Column = (parts: RecordParts) => string | null

/**
 * Reads `value.a.b`, `key.id`, `headers.name`, and `value` and `key` alone. A path that cannot be read is a column in which nothing ever is: the
 * table must not fail for what somebody is still typing.
 */
export function compileColumns(paths: readonly string[], decoder: RecordDecoder = detectingDecoder): ReadColumns {
  if (paths.length === 0) return () => []
  const columns = paths.map(columnOf)
  return record => {
    const parts = new RecordParts(record, decoder)
    return columns.map(column => column(parts))
  }
}

function columnOf(text: string): Column {
  const [, part, rest = ''] = /^\$?\.?(key|value|headers)(?=$|[.[])(.*)$/s.exec(text) ?? []
  if (part === 'headers') return headerColumn(rest)
  if (part !== 'key' && part !== 'value') return () => null
  const path = pathOrNothing(rest)
  if (path === undefined) return () => null
  if (path.length === 0) return parts => parts.textOf(part)
  return parts => {
    const found = valuesAt(parts.jsonOf(part), path)
    return found.length === 0 ? null : found.map(textOf).join(', ').slice(0, MAX_TEXT)
  }
}

/** The whole rest is the name: names of headers have dots in them more often than headers have JSON. */
function headerColumn(rest: string): Column {
  const quoted = rest.startsWith('[') ? pathOrNothing(rest)?.[0] : undefined
  const name = typeof quoted === 'string' ? quoted : rest.slice(1)
  return parts => {
    const header = parts.record.headers.findLast(({ key }) => key === name)
    return header === undefined || header.value === null ? null : headerText(header.value)
  }
}

function pathOrNothing(rest: string): RecordPath | undefined {
  try {
    return parseRecordPath(`$${rest}`)
  } catch (problem) {
    if (problem instanceof InvalidPath) return undefined
    throw problem
  }
}

/** Decodes a part once, however many columns look into it. */
class RecordParts {
  readonly record: LogRecord
  readonly #decoder: RecordDecoder
  readonly #json = new Map<'key' | 'value', unknown>()

  constructor(record: LogRecord, decoder: RecordDecoder) {
    this.record = record
    this.#decoder = decoder
  }

  textOf(part: 'key' | 'value'): string | null {
    const bytes = this.record[part]
    if (bytes === null) return null
    return cellText(bytes, textOfDecoded(this.#decoder.decode(part, bytes, this.record, ROW_BOUNDS), bytes, MAX_TEXT_BYTES))
  }

  jsonOf(part: 'key' | 'value'): unknown {
    if (this.#json.has(part)) return this.#json.get(part)
    const bytes = this.record[part]
    const json = bytes === null || bytes.length > COLUMN_BOUNDS.bytes ? undefined : this.#parsed(part, bytes)
    this.#json.set(part, json)
    return json
  }

  #parsed(part: 'key' | 'value', bytes: Buffer): unknown {
    if (this.#decoder.isPlain(part, 'json', bytes, this.record)) return parseJson(bytes.toString('utf8'))
    return valueOfDecoded(this.#decoder.decode(part, bytes, this.record, COLUMN_BOUNDS), bytes, COLUMN_BOUNDS.parts)
  }
}

/** A character has four bytes at most. */
const MAX_TEXT_BYTES = MAX_TEXT * 4

const cellText = (bytes: Buffer, text: string | null) =>
  text === null ? `0x${bytes.toString('hex', 0, MAX_HEX_BYTES)}` : text.slice(0, MAX_TEXT)

const headerText = (bytes: Buffer) => cellText(bytes, textOfDecoded(decodeDetected(bytes, ROW_BOUNDS), bytes, MAX_TEXT_BYTES))
