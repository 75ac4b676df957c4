import { isUtf8 } from 'node:buffer'
import type { BadLine, TextFormat } from '../../contract/records.ts'
import { type CsvField, CsvReader } from './csv.ts'
import type { RecordPartName, Told } from '../../contract/told.ts'
import { fromBase64 } from './encoders.ts'
import { LineSplitter, MAX_LINE_BYTES } from './lineSplitter.ts'
import { type ImportedRecord, readHeaders, readNdjsonLine, readPartition, readTimestamp } from './ndjson.ts'
import { ofPart, WrongRecord } from './wrongRecord.ts'

/** A record, and the line of the text where it begins. */
export type FoundRecord = ImportedRecord & { readonly line: number }

/** What came out of a piece of a text. */
export interface Found {
  readonly records: FoundRecord[]
  readonly bad: BadLine[]
}

/** Makes records of a text that comes in pieces. Every line is either one, or bad. */
export interface TextReader {
  /** Throws `WrongRecord` when the text as a whole is not what it should be: its first row names no columns that make a record. */
  push(chunk: Buffer): Found
  end(): Found
}

const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf)

export function textReader(format: TextFormat, maxLineBytes = MAX_LINE_BYTES): TextReader {
  let found: Found = { records: [], bad: [] }
  const add = (line: number, read: () => ImportedRecord) => {
    try {
      found.records.push({ ...read(), line })
    } catch (problem) {
      if (!(problem instanceof WrongRecord)) throw problem
      found.bad.push({ line, why: problem.told })
    }
  }
  const broken = (line: number, why: Told) => found.bad.push({ line, why })
  const parser = format === 'csv' ? csvParser(add, broken, maxLineBytes) : lineParser(format, add, broken, maxLineBytes)
  let head: Buffer | undefined = Buffer.alloc(0)

  /** Some editors put a byte order mark before the text, of which it is no part. */
  function withoutMark(chunk: Buffer): Buffer | undefined {
    if (head === undefined) return chunk
    const all = Buffer.concat([head, chunk])
    if (all.length < BYTE_ORDER_MARK.length && BYTE_ORDER_MARK.subarray(0, all.length).equals(all)) {
      head = all
      return undefined
    }
    head = undefined
    return all.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? all.subarray(BYTE_ORDER_MARK.length) : all
  }
  function taken(): Found {
    const all = found
    found = { records: [], bad: [] }
    return all
  }
  return {
    push: chunk => {
      const bytes = withoutMark(chunk)
      if (bytes !== undefined) parser.push(bytes)
      return taken()
    },
    end: () => {
      if (head !== undefined) parser.push(head)
      parser.end()
      return taken()
    },
  }
}

type Add = (line: number, read: () => ImportedRecord) => void
type Broken = (line: number, why: Told) => void

function lineParser(format: 'ndjson' | 'lines', add: Add, broken: Broken, maxLineBytes: number) {
  return new LineSplitter(
    {
      line: (number, bytes) => {
        if (format === 'lines') add(number, () => ({ ...EMPTY, value: bytes }))
        else if (!isBlank(bytes)) add(number, () => readNdjsonLine(bytes))
      },
      tooLong: number => broken(number, new WrongRecord('lineTooLong', { bytes: maxLineBytes }).told),
    },
    maxLineBytes,
  )
}

const EMPTY: ImportedRecord = { key: null, value: null, headers: [], partition: null, timestamp: null }
const isBlank = (bytes: Buffer) => bytes.every(byte => byte === 32 || byte === 9)

const COLUMNS = ['key', 'keyEncoding', 'value', 'valueEncoding', 'headers', 'partition', 'offset', 'timestamp', 'timestampType'] as const
type Column = (typeof COLUMNS)[number]

function csvParser(add: Add, broken: Broken, maxRowBytes: number) {
  let columns: readonly Column[] | undefined
  return new CsvReader(
    {
      row: (line, fields) => {
        if (columns === undefined) columns = readColumns(fields)
        else {
          const known = columns
          add(line, () => readRow(known, fields))
        }
      },
      broken: (line, why) => {
        if (columns === undefined) throw new WrongRecord('noColumns', { why: why.message })
        broken(line, why.told)
      },
    },
    maxRowBytes,
  )
}

function readColumns(fields: readonly CsvField[]): readonly Column[] {
  const columns = fields.map(({ bytes }) => {
    const name = bytes.toString('utf8').trim()
    const column = COLUMNS.find(each => each.toLowerCase() === name.toLowerCase())
    if (column === undefined) {
      throw new WrongRecord('noSuchColumn', { name, columns: COLUMNS.join(', ') })
    }
    return column
  })
  const twice = columns.find((column, index) => columns.indexOf(column) !== index)
  if (twice !== undefined) throw new WrongRecord('columnTwice', { name: twice })
  if (!columns.includes('value')) throw new WrongRecord('noValueColumn')
  return columns
}

function readRow(columns: readonly Column[], fields: readonly CsvField[]): ImportedRecord {
  if (fields.length !== columns.length) throw new WrongRecord('fieldCount', { fields: fields.length, columns: columns.length })
  const of = (column: Column) => fields[columns.indexOf(column)]
  const text = (column: Column) => {
    const field = of(column)
    if (field === undefined || (field.bytes.length === 0 && !field.isQuoted)) return null
    if (!isUtf8(field.bytes)) throw new WrongRecord('columnNotUtf8', { column })
    return field.bytes.toString('utf8')
  }
  return {
    key: payload(text('key'), text('keyEncoding'), 'key'),
    value: payload(text('value'), text('valueEncoding'), 'value'),
    headers: headersOf(text('headers')),
    partition: readPartition(integerOr(text('partition'))),
    timestamp: readTimestamp(integerOr(text('timestamp'))),
  }
}

function payload(text: string | null, encoding: string | null, part: RecordPartName): Buffer | null {
  if (text === null) return null
  if (encoding === null || encoding === 'text') return Buffer.from(text, 'utf8')
  if (encoding !== 'base64') throw new WrongRecord('encoding', { encoding }).of(part)
  return ofPart(part, '', () => fromBase64(text))
}

function headersOf(text: string | null) {
  try {
    return readHeaders(text === null ? null : JSON.parse(text))
  } catch (problem) {
    if (!(problem instanceof SyntaxError)) throw problem
    throw new WrongRecord('headersNoJson', { why: problem.message })
  }
}

const integerOr = (text: string | null) => (text !== null && /^-?\d+$/.test(text) ? Number(text) : text)
