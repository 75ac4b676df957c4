import { isUtf8 } from 'node:buffer'
import type { TimestampType } from '../../protocol/records/batch.ts'
import type { LogRecord, RecordHeader } from '../../protocol/records/record.ts'
import type { RecordPartName } from '../../contract/told.ts'
import { parseJson, textOf } from '../recordPath.ts'
import { fromBase64, fromText } from './encoders.ts'
import { ofPart, WrongRecord } from './wrongRecord.ts'

/** A record out of a text. Without a partition or a time, whoever produces it decides. */
export interface ImportedRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
  readonly partition: number | null
  readonly timestamp: number | null
}

/** Where a record stands, beside what it holds. */
export interface PlacedRecord {
  readonly partition: number
  readonly timestampType: TimestampType
  readonly record: LogRecord
}

/**
 * One record as one line of JSON, from which the very same record can be made again: bytes that are UTF-8 are a string, all others
 * `{"$base64": "…"}`, and null is null. Headers are a list, since a name may come twice and their order may mean something.
 */
export function ndjsonLine({ partition, timestampType, record }: PlacedRecord): string {
  return JSON.stringify({
    partition,
    offset: record.offset,
    timestamp: record.timestamp,
    timestampType,
    key: written(record.key),
    value: written(record.value),
    headers: writtenHeaders(record.headers),
  })
}

/** A payload as JSON has it. */
export const written = (bytes: Buffer | null): string | { $base64: string } | null =>
  bytes === null ? null : isUtf8(bytes) ? bytes.toString('utf8') : { $base64: bytes.toString('base64') }

export const writtenHeaders = (headers: readonly RecordHeader[]) => headers.map(({ key, value }) => ({ key, value: written(value) }))

/** Names that a line may have. Where a record stood before means nothing to a new one. */
const KNOWN = new Set(['topic', 'partition', 'offset', 'timestamp', 'timestampType', 'key', 'value', 'headers'])

/**
 * What `ndjsonLine` wrote, or a person: a value that is JSON but no string becomes its JSON text, headers may be an object, a time may be ISO 8601.
 * What is not understood in whole is refused in whole: throws `WrongRecord`.
 */
export function readNdjsonLine(line: Buffer): ImportedRecord {
  if (!isUtf8(line)) throw new WrongRecord('notUtf8')
  const fields = jsonOf(line.toString('utf8'))
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw new WrongRecord('noObject')
  const { key = null, value, headers, partition, timestamp } = fields as Readonly<Record<string, unknown>>
  const unknown = Object.keys(fields).find(name => !KNOWN.has(name))
  if (unknown !== undefined) throw new WrongRecord('unknownField', { name: unknown })
  if (value === undefined) throw new WrongRecord('noValue')
  return {
    key: readPayload(key, 'key'),
    value: readPayload(value, 'value'),
    headers: readHeaders(headers),
    partition: readPartition(partition),
    timestamp: readTimestamp(timestamp),
  }
}

function jsonOf(text: string): unknown {
  const parsed = parseJson(text)
  if (parsed !== undefined) return parsed
  try {
    return JSON.parse(text)
  } catch (problem) {
    throw new WrongRecord('noJson', { why: (problem as Error).message })
  }
}

function readPayload(value: unknown, part: RecordPartName, header = ''): Buffer | null {
  if (value === null || value === undefined) return null
  return ofPart(part, header, () => {
    if (typeof value === 'string') return fromText(value)
    if (typeof value === 'object' && '$base64' in value && Object.keys(value).length === 1) {
      if (typeof value.$base64 !== 'string') throw new WrongRecord('noBase64Text')
      return fromBase64(value.$base64)
    }
    return fromText(textOf(value))
  })
}

/** As a line has them, or as one field of a table. */
export function readHeaders(headers: unknown): RecordHeader[] {
  if (headers === undefined || headers === null) return []
  if (typeof headers !== 'object') throw new WrongRecord('headersNoList')
  const pairs: readonly unknown[] = Array.isArray(headers) ? headers : Object.entries(headers).map(([key, value]) => ({ key, value }))
  return pairs.map((pair, index) => {
    const { key, value = null, ...rest } = (typeof pair === 'object' && pair !== null ? pair : {}) as Readonly<Record<string, unknown>>
    if (typeof key !== 'string' || Object.keys(rest).length > 0) throw new WrongRecord('headerNoPair', { n: index + 1 })
    if (!key.isWellFormed()) throw new WrongRecord('headerHalfCharacter', { n: index + 1 })
    return { key, value: readPayload(value, 'header', String(index + 1)) }
  })
}

export function readPartition(partition: unknown): number | null {
  if (partition === undefined || partition === null) return null
  if (typeof partition === 'number' && Number.isInteger(partition) && partition >= 0 && partition <= 0x7fff_ffff) return partition
  throw new WrongRecord('noPartition', { text: textOf(partition) })
}

/** -1 is what Kafka says of a record without a time. */
export function readTimestamp(timestamp: unknown): number | null {
  if (timestamp === undefined || timestamp === null) return null
  const time = typeof timestamp === 'string' && /^\d{4}-\d\d-\d\dT/.test(timestamp) ? Date.parse(timestamp) : timestamp
  if (typeof time === 'number' && Number.isSafeInteger(time) && time >= -1) return time
  throw new WrongRecord('noTime', { text: textOf(timestamp) })
}
