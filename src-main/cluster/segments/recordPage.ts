import { isUtf8 } from 'node:buffer'
import type { Preview, RecordPage, RecordPart, RecordRow } from '../../contract/segments.ts'
import { ByteReader, MalformedMessage } from '../../protocol/byteReader.ts'
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  baseTimestamp,
  compressionCode,
  isControl,
  isLogAppendTime,
  maxTimestamp,
  recordCount,
} from '../../protocol/records/batch.ts'
import type { LogRecord } from '../../protocol/records/record.ts'
import { decodeContents } from '../dump/decodeContents.ts'
import type { Contents } from '../dump/fileKind.ts'
import { unfolded } from './unfolded.ts'

const PREVIEW_BYTES = 256

/** Some of a batch's records, each with the bytes that its parts take. The ones before them are stepped over, not decoded. */
export function recordPage(
  batch: Buffer,
  contents: Contents,
  { from, count }: { readonly from: number; readonly count: number },
): RecordPage {
  const records: RecordRow[] = []
  const isCompressed = compressionCode(batch) !== 0
  const total = Math.max(0, recordCount(batch))
  try {
    const reader = new ByteReader(unfolded(batch))
    for (let index = 0; index < Math.min(total, from + count); index++) {
      const at = reader.position
      const end = recordEnd(reader)
      if (index >= from) records.push(recordAt(batch, contents, reader, { index, at, end, shift: isCompressed ? 0 : BATCH_HEADER_BYTES }))
      reader.position = end
    }
    return { records, total, isCompressed, problem: null }
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    return { records, total, isCompressed, problem: problem.message }
  }
}

function recordEnd(reader: ByteReader): number {
  const length = reader.varint()
  if (length < 0 || length > reader.remaining) reader.fail(`a record of ${length} bytes is declared but ${reader.remaining} remain`)
  return reader.position + length
}

interface Place {
  readonly index: number
  readonly at: number
  readonly end: number
  /** Bytes of the batch before what is read. */
  readonly shift: number
}

/** The reader stands behind the record's length. */
function recordAt(batch: Buffer, contents: Contents, reader: ByteReader, { index, at, end, shift }: Place): RecordRow {
  const parts: RecordPart[] = [{ name: 'length', at: at + shift, size: reader.position - at }]
  const part = <T>(name: RecordPart['name'], read: () => T): T => {
    const begin = reader.position
    const value = read()
    parts.push({ name, at: begin + shift, size: reader.position - begin })
    return value
  }
  part('attributes', () => reader.int8())
  const timestamp = baseTimestamp(batch) + part('timestampDelta', () => reader.varlong())
  const offset = baseOffset(batch) + part('offsetDelta', () => reader.varint())
  const keyLength = part('keyLength', () => reader.varint())
  const key = keyLength < 0 ? null : part('key', () => reader.bytes(keyLength))
  const valueLength = part('valueLength', () => reader.varint())
  const value = valueLength < 0 ? null : part('value', () => reader.bytes(valueLength))
  const headerCount = part('headers', () => {
    const declared = reader.varint()
    reader.take(Math.max(0, end - reader.position))
    return declared
  })
  return {
    index,
    offset,
    timestampMs: isLogAppendTime(batch) ? maxTimestamp(batch) : timestamp,
    at: at + shift,
    sizeBytes: end - at,
    key: previewOf(key),
    value: previewOf(value),
    headerCount,
    meaning: meaningOf(contents, isControl(batch), { offset, timestamp, key, value, headers: [] }),
    parts: parts.filter(({ size }) => size > 0),
  }
}

function previewOf(bytes: Buffer | null): Preview | null {
  if (bytes === null) return null
  const shown = bytes.subarray(0, PREVIEW_BYTES)
  // A character that is cut in two at the end makes no text of what is text.
  const text = isUtf8(bytes) ? shown.toString('utf8').replace(/\uFFFD$/, '') : null
  return { sizeBytes: bytes.length, bytes: new Uint8Array(shown), text }
}

/** Undecodable contents are no reason to show nothing: their bytes are there. */
function meaningOf(contents: Contents, isControlBatch: boolean, record: LogRecord): string | null {
  try {
    const decoded = decodeContents(contents, isControlBatch, record)
    return decoded === undefined ? null : JSON.stringify(decoded, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))
  } catch (problem) {
    if (problem instanceof MalformedMessage) return null
    throw problem
  }
}
