/** The records inside a batch: varints throughout, offsets and timestamps as deltas to the batch's. */
import { ByteReader, MalformedMessage } from '../byteReader.ts'
import type { ByteWriter } from '../byteWriter.ts'
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  baseTimestamp,
  batchSize,
  compressionName,
  isLogAppendTime,
  isWhole,
  maxTimestamp,
  recordCount,
} from './batch.ts'
import { decompress } from './compression.ts'

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

/** One record with its place in the log. Byte fields are views of the batch, or of what it was decompressed into. */
export interface LogRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  /** Null is a tombstone on a compacted topic. */
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/** What a record holds before it has a place. */
export interface RecordContent {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: readonly RecordHeader[]
}

/** No record takes less: length, attributes, two deltas, two lengths, header count, a byte each. */
const SMALLEST_RECORD_BYTES = 7
const NO_HEADERS: readonly RecordHeader[] = []

/** The records of a whole batch as bytes, decompressed if need be: at most `maxBytes`. */
export function recordBytes(batch: Buffer, at: number, maxBytes: number): Buffer {
  if (!isWhole(batch, at)) throw new MalformedMessage('a batch is cut off', at)
  const body = batch.subarray(at + BATCH_HEADER_BYTES, at + batchSize(batch, at))
  return body.length === 0 ? body : decompress(compressionName(batch, at), body, maxBytes)
}

/** All records of the batch at `at`. What they decompress to may take `maxBytes`. */
export function decodeRecords(batch: Buffer, at: number, maxBytes: number): readonly LogRecord[] {
  return [...iterateRecords(batch, at, maxBytes)]
}

/**
 * The same one by one, so that a batch of any number of records takes no more memory than its bytes. What is malformed is thrown when it is reached: the
 * records before it have been given.
 */
export function* iterateRecords(batch: Buffer, at: number, maxBytes: number): Generator<LogRecord, void, undefined> {
  const from = new ByteReader(recordBytes(batch, at, maxBytes))
  const count = checkCount(recordCount(batch, at), from.remaining)
  const firstOffset = baseOffset(batch, at)
  const firstTimestamp = baseTimestamp(batch, at)
  const appendTime = isLogAppendTime(batch, at) ? maxTimestamp(batch, at) : undefined
  for (let index = 0; index < count; index++) {
    const end = recordEnd(from)
    from.int8() // attributes: none are defined
    const timestamp = firstTimestamp + from.varlong()
    const offset = firstOffset + from.varint()
    const key = nullableBytes(from)
    const value = nullableBytes(from)
    const headers = readHeaders(from)
    if (from.position !== end) from.fail('a record is not as long as it says')
    yield { offset, timestamp: appendTime ?? timestamp, key, value, headers }
  }
  if (from.remaining > 0) from.fail(`${from.remaining} bytes follow the last record`)
}

/** Places in the bytes given to `walkRecords`; `length` is -1 for null, the record itself lies in [recordAt, recordEnd). */
export interface RecordVisitor {
  (
    index: number,
    offsetDelta: number,
    timestampDelta: number,
    keyAt: number,
    keyLength: number,
    valueAt: number,
    valueLength: number,
    recordAt: number,
    recordEnd: number,
  ): void
}

/**
 * Visits each record without making an object of it: for whoever has to look at every record of every batch, as a broker does that
 * validates or compacts. `records` is what `recordBytes` gives, `count` the header's. Structure is checked as strictly as in
 * `decodeRecords`.
 */
export function walkRecords(records: Buffer, count: number, visit: RecordVisitor): void {
  const from = new ByteReader(records)
  checkCount(count, from.remaining)
  for (let index = 0; index < count; index++) {
    const recordAt = from.position
    const end = recordEnd(from)
    from.int8()
    const timestampDelta = from.varlong()
    const offsetDelta = from.varint()
    const keyLength = from.varint()
    const keyAt = from.take(Math.max(0, keyLength))
    const valueLength = from.varint()
    const valueAt = from.take(Math.max(0, valueLength))
    const headers = headerCount(from)
    for (let header = 0; header < headers; header++) {
      from.take(headerKeyLength(from))
      from.take(Math.max(0, from.varint()))
    }
    if (from.position !== end) from.fail('a record is not as long as it says')
    visit(index, offsetDelta, timestampDelta, keyAt, keyLength, valueAt, valueLength, recordAt, end)
  }
  if (from.remaining > 0) from.fail(`${from.remaining} bytes follow the last record`)
}

function checkCount(count: number, bytes: number): number {
  if (count < 0 || count * SMALLEST_RECORD_BYTES > bytes) throw new MalformedMessage(`${count} records are declared in ${bytes} bytes`, 0)
  return count
}

function recordEnd(from: ByteReader): number {
  const length = from.varint()
  if (length < 0 || length > from.remaining) from.fail(`a record of ${length} bytes is declared but ${from.remaining} remain`)
  return from.position + length
}

function nullableBytes(from: ByteReader): Buffer | null {
  const length = from.varint()
  return length < 0 ? null : from.bytes(length)
}

function headerCount(from: ByteReader): number {
  const count = from.varint()
  if (count < 0 || count * 2 > from.remaining) from.fail(`${count} headers are declared but ${from.remaining} bytes remain`)
  return count
}

function headerKeyLength(from: ByteReader): number {
  const length = from.varint()
  if (length < 0) from.fail('a header has no key')
  return length
}

function readHeaders(from: ByteReader): readonly RecordHeader[] {
  const count = headerCount(from)
  if (count === 0) return NO_HEADERS
  const headers: RecordHeader[] = []
  for (let index = 0; index < count; index++) headers.push({ key: from.text(headerKeyLength(from)), value: nullableBytes(from) })
  return headers
}

/** Bytes of a record after its length field. */
export function recordBodyBytes({ key, value, headers = NO_HEADERS }: RecordContent, offsetDelta: number, timestampDelta: number): number {
  let size = 1 + varlongBytes(timestampDelta) + varintBytes(offsetDelta) + fieldBytes(key) + fieldBytes(value) + varintBytes(headers.length)
  for (const header of headers) {
    const keyLength = Buffer.byteLength(header.key)
    size += varintBytes(keyLength) + keyLength + fieldBytes(header.value)
  }
  return size
}

/** Writes a record; `bodyBytes` is what `recordBodyBytes` says of it. */
export function writeRecord(
  to: ByteWriter,
  { key, value, headers = NO_HEADERS }: RecordContent,
  { offsetDelta, timestampDelta, bodyBytes }: { readonly offsetDelta: number; readonly timestampDelta: number; readonly bodyBytes: number },
): void {
  to.varint(bodyBytes)
  to.int8(0)
  to.varlong(timestampDelta)
  to.varint(offsetDelta)
  writeField(to, key)
  writeField(to, value)
  to.varint(headers.length)
  for (const header of headers) {
    const keyLength = Buffer.byteLength(header.key)
    to.varint(keyLength)
    to.text(header.key, keyLength)
    writeField(to, header.value)
  }
}

function writeField(to: ByteWriter, bytes: Buffer | null): void {
  to.varint(bytes === null ? -1 : bytes.length)
  if (bytes !== null) to.copied(bytes)
}

function fieldBytes(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintBytes(bytes.length) + bytes.length
}

/** Bytes of a number as a zigzag varint. */
export function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x20_0000 ? 3 : zigzag < 0x1000_0000 ? 4 : 5
}

/** Bytes of a number as a zigzag varint of up to 64 bits. */
export function varlongBytes(value: number): number {
  if ((value | 0) === value) return varintBytes(value)
  let bytes = 1
  // Exact enough: doubling and adding one cannot cross a power of 128 by rounding.
  for (let rest = value < 0 ? -value * 2 - 1 : value * 2; rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}
