import { isUtf8 } from 'node:buffer'
import type { LogRecord } from '../protocol/records/record.ts'
import { InvalidPath, parseJson, parseRecordPath, type RecordPath, textOf, valuesAt } from './recordPath.ts'

/** What a cell of a table can show; more would only travel. */
const MAX_TEXT = 512
/** Larger values are not parsed for the sake of a cell. */
const MAX_PARSED_BYTES = 8 * 1024 * 1024
/** Bytes that are no text are shown in hex. */
const MAX_HEX_BYTES = 32

/** The columns of one record, in the order in which they were asked for; null where the record has no such part. */
export type ReadColumns = (record: LogRecord) => (string | null)[]

type Column = (parts: RecordParts) => string | null

/**
 * Reads `value.a.b`, `key.id`, `headers.name`, and `value` and `key` alone. A path that cannot be read is a column in which nothing ever is: the
 * table must not fail for what somebody is still typing.
 */
export function compileColumns(paths: readonly string[]): ReadColumns {
  if (paths.length === 0) return () => []
  const columns = paths.map(columnOf)
  return record => {
    const parts = new RecordParts(record)
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
    return header === undefined || header.value === null ? null : shownText(header.value)
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

/** Parses a part once, however many columns look into it. */
class RecordParts {
  readonly record: LogRecord
  readonly #json = new Map<'key' | 'value', unknown>()

  constructor(record: LogRecord) {
    this.record = record
  }

  textOf(part: 'key' | 'value'): string | null {
    const bytes = this.record[part]
    return bytes === null ? null : shownText(bytes)
  }

  jsonOf(part: 'key' | 'value'): unknown {
    if (this.#json.has(part)) return this.#json.get(part)
    const bytes = this.record[part]
    const json = bytes === null || bytes.length > MAX_PARSED_BYTES ? undefined : parseJson(bytes.toString('utf8'))
    this.#json.set(part, json)
    return json
  }
}

function shownText(bytes: Buffer): string {
  // A character has four bytes at most: cut so that none is torn in what is shown.
  const shown = bytes.length <= MAX_TEXT * 4 ? bytes : bytes.subarray(0, MAX_TEXT * 4)
  if (bytes.length <= MAX_TEXT * 4 && !isUtf8(bytes)) return `0x${bytes.toString('hex', 0, MAX_HEX_BYTES)}`
  return shown.toString('utf8').slice(0, MAX_TEXT)
}
