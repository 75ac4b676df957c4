import { isUtf8 } from 'node:buffer'
import type { MessageDetail, MessageRow, RecordBytes } from '../contract/messages.ts'
import type { BatchHeader } from '../protocol/records/batch.ts'
import type { LogRecord } from '../protocol/records/record.ts'
import { compileColumns, type ReadColumns } from './columns.ts'

/** What a table row shows of a key or value. */
const PREVIEW_BYTES = 512
/** Larger values are judged by their first part: a table of a thousand rows must not parse a gigabyte. */
const JUDGED_BYTES = 64 * 1024

const NO_COLUMNS = compileColumns([])

const TAB = 9
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const SPACE = 32
const DELETE = 127

/** One record as a table shows it: large keys and values are cut, and nothing holds on to the batch they came from. */
export function messageRow(
  partition: number,
  batch: Pick<BatchHeader, 'timestampType'>,
  record: LogRecord,
  columns: ReadColumns = NO_COLUMNS,
): MessageRow {
  return rowOf(partition, batch, record, { limit: PREVIEW_BYTES, columns })
}

/** One record, whole or with each part cut at `limit` bytes, with what its batch says. */
export function messageDetail(partition: number, batch: BatchHeader, record: LogRecord, limit = Infinity): MessageDetail {
  return {
    ...rowOf(partition, batch, record, { limit, columns: NO_COLUMNS }),
    headers: record.headers.map(({ key, value }) => ({ key, value: value === null ? null : recordBytes(value, limit) })),
    batch: {
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      sizeBytes: batch.sizeInBytes,
      recordCount: batch.recordCount,
      compression: batch.compression,
      partitionLeaderEpoch: batch.partitionLeaderEpoch,
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      isTransactional: batch.isTransactional,
      crc: batch.crc,
    },
  }
}

function rowOf(
  partition: number,
  batch: Pick<BatchHeader, 'timestampType'>,
  record: LogRecord,
  { limit, columns }: { readonly limit: number; readonly columns: ReadColumns },
): MessageRow {
  return {
    partition,
    offset: record.offset,
    timestampMs: record.timestamp,
    timestampType: batch.timestampType,
    key: record.key === null ? null : recordBytes(record.key, limit),
    value: record.value === null ? null : recordBytes(record.value, limit),
    headerCount: record.headers.length,
    columns: columns(record),
  }
}

/** What bytes look like, and the first `limit` of them in a memory of their own. Cut text ends before a character that would be torn. */
export function recordBytes(whole: Buffer, limit = Infinity): RecordBytes {
  const shown = whole.length <= limit ? whole : whole.subarray(0, limit)
  const text = isText(whole) ? beforeTornCharacter(shown, whole).toString('utf8') : null
  return { size: whole.length, bytes: new Uint8Array(shown), text, format: formatOf(whole, text !== null) }
}

function formatOf(bytes: Buffer, isReadable: boolean): RecordBytes['format'] {
  if (bytes.length === 0) return 'empty'
  if (!isReadable) return 'binary'
  return isJson(bytes) ? 'json' : 'text'
}

function isText(bytes: Buffer): boolean {
  const judged = bytes.length <= JUDGED_BYTES ? bytes : beforeTornCharacter(bytes.subarray(0, JUDGED_BYTES), bytes)
  if (!isUtf8(judged)) return false
  for (const byte of judged) {
    if (byte === DELETE) return false
    if (byte < SPACE && byte !== TAB && byte !== LINE_FEED && byte !== CARRIAGE_RETURN) return false
  }
  return true
}

/** Objects and arrays only: a number or a word is text to whoever reads it. */
function isJson(bytes: Buffer): boolean {
  const [first, last] = [firstInk(bytes), lastInk(bytes)]
  if (!(first === '{' && last === '}') && !(first === '[' && last === ']')) return false
  if (bytes.length > JUDGED_BYTES) return true
  try {
    JSON.parse(bytes.toString('utf8'))
    return true
  } catch {
    return false
  }
}

function firstInk(bytes: Buffer): string {
  const at = bytes.findIndex(byte => byte > SPACE)
  return at < 0 ? '' : String.fromCharCode(bytes[at]!)
}

function lastInk(bytes: Buffer): string {
  const at = bytes.findLastIndex(byte => byte > SPACE)
  return at < 0 ? '' : String.fromCharCode(bytes[at]!)
}

/** A prefix of valid UTF-8 without the bytes of a character that goes on behind it. */
function beforeTornCharacter(prefix: Buffer, whole: Buffer): Buffer {
  let end = prefix.length
  if (end === whole.length) return prefix
  // Continuation bytes are 10xxxxxx; a character has at most three of them.
  for (let back = 0; back < 3 && end > 0 && (whole[end]! & 0xc0) === 0x80; back++) end -= 1
  return prefix.subarray(0, end)
}
