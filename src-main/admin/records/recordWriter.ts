import { isUtf8 } from 'node:buffer'
import type { ExportFormat } from '../../contract/records.ts'
import { csvRow } from './csv.ts'
import { ndjsonLine, type PlacedRecord, writtenHeaders } from './ndjson.ts'

/** Writes records in one format. */
export interface RecordWriter {
  /** What stands before the first record. */
  readonly head: string
  /** Undefined when the format has no way to write it. */
  record(placed: PlacedRecord): Buffer | undefined
}

const LINE_END = Buffer.from('\n')

export function recordWriter(format: ExportFormat): RecordWriter {
  switch (format) {
    case 'ndjson':
      return { head: '', record: placed => Buffer.from(`${ndjsonLine(placed)}\n`) }
    case 'csv':
      return { head: `${csvRow([...CSV_COLUMNS])}\r\n`, record: placed => Buffer.from(`${csvLine(placed)}\r\n`) }
    case 'raw':
      // Bytes have no way to say that there are none.
      return { head: '', record: ({ record: { value } }) => (value === null ? undefined : Buffer.concat([value, LINE_END])) }
  }
}

const CSV_COLUMNS = [
  'partition',
  'offset',
  'timestamp',
  'timestampType',
  'key',
  'keyEncoding',
  'value',
  'valueEncoding',
  'headers',
] as const

function csvLine({ partition, timestampType, record: { offset, timestamp, key, value, headers } }: PlacedRecord): string {
  const headerText = headers.length === 0 ? null : JSON.stringify(writtenHeaders(headers))
  return csvRow([partition, offset, timestamp, timestampType, ...payload(key), ...payload(value), headerText])
}

/** Text or base64, and which of the two. */
function payload(bytes: Buffer | null): [string | null, string | null] {
  if (bytes === null) return [null, null]
  return isUtf8(bytes) ? [bytes.toString('utf8'), 'text'] : [bytes.toString('base64'), 'base64']
}
