/**
 * Entries of the three index files beside a segment, all of fixed size and big endian.
 *
 *  .index      int32 offset - base offset, int32 position in the .log file
 *  .timeindex  int64 timestamp, int32 offset - base offset
 *  .txnindex   int16 version 0, int64 producer id, int64 first offset, int64 last offset, int64 last stable offset
 */
import { ByteReader, MalformedMessage } from '../byteReader.ts'

export const OFFSET_INDEX_ENTRY_BYTES = 8
export const TIME_INDEX_ENTRY_BYTES = 12
export const TXN_INDEX_ENTRY_BYTES = 34

const MAX_RELATIVE = 0x7fff_ffff
const TWO_TO_32 = 0x1_0000_0000

/** Where a batch lies in its segment. */
export interface OffsetIndexEntry {
  /** Last offset of the batch. */
  readonly offset: number
  /** First byte of the batch. */
  readonly position: number
}

/** The largest timestamp up to a place in a segment. */
export interface TimeIndexEntry {
  readonly timestamp: number
  /** Last offset of the batch that has it. */
  readonly offset: number
}

/** A transaction that was aborted, stored in the segment that holds its marker. */
export interface AbortedTransactionEntry {
  readonly producerId: number
  readonly firstOffset: number
  /** Of the abort marker. */
  readonly lastOffset: number
  /** At the time of the abort. */
  readonly lastStableOffset: number
}

export function encodeOffsetIndexEntry({ offset, position }: OffsetIndexEntry, baseOffset: number): Buffer {
  const entry = Buffer.allocUnsafe(OFFSET_INDEX_ENTRY_BYTES)
  entry.writeInt32BE(relative(offset, baseOffset), 0)
  entry.writeInt32BE(position, 4)
  return entry
}

/** Entry number `index` of a file's content. */
export function readOffsetIndexEntry(entries: Buffer, index: number, baseOffset: number): OffsetIndexEntry {
  const at = index * OFFSET_INDEX_ENTRY_BYTES
  return { offset: baseOffset + entries.readInt32BE(at), position: entries.readInt32BE(at + 4) }
}

export function encodeTimeIndexEntry({ timestamp, offset }: TimeIndexEntry, baseOffset: number): Buffer {
  const entry = Buffer.allocUnsafe(TIME_INDEX_ENTRY_BYTES)
  writeInt64(entry, timestamp, 0)
  entry.writeInt32BE(relative(offset, baseOffset), 8)
  return entry
}

/** Entry number `index` of a file's content. */
export function readTimeIndexEntry(entries: Buffer, index: number, baseOffset: number): TimeIndexEntry {
  const at = index * TIME_INDEX_ENTRY_BYTES
  return { timestamp: readInt64(entries, at), offset: baseOffset + entries.readInt32BE(at + 8) }
}

export function encodeAbortedTransaction({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedTransactionEntry): Buffer {
  const entry = Buffer.allocUnsafe(TXN_INDEX_ENTRY_BYTES)
  entry.writeInt16BE(0, 0)
  writeInt64(entry, producerId, 2)
  writeInt64(entry, firstOffset, 10)
  writeInt64(entry, lastOffset, 18)
  writeInt64(entry, lastStableOffset, 26)
  return entry
}

/** Entry number `index` of a file's content. */
export function readAbortedTransaction(entries: Buffer, index: number): AbortedTransactionEntry {
  const from = new ByteReader(entries, Math.min(entries.length, index * TXN_INDEX_ENTRY_BYTES))
  const version = from.int16()
  if (version !== 0) throw new MalformedMessage(`version ${version} of an aborted transaction is not known`, from.position - 2)
  return { producerId: from.int64(), firstOffset: from.int64(), lastOffset: from.int64(), lastStableOffset: from.int64() }
}

function relative(offset: number, baseOffset: number): number {
  const distance = offset - baseOffset
  if (distance < 0 || distance > MAX_RELATIVE)
    throw new RangeError(`offset ${offset} is out of reach of a segment that begins at ${baseOffset}`)
  return distance
}

function writeInt64(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / TWO_TO_32)
  buffer.writeInt32BE(high, at)
  buffer.writeUInt32BE(value - high * TWO_TO_32, at + 4)
}

function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * TWO_TO_32 + buffer.readUInt32BE(at + 4)
}
