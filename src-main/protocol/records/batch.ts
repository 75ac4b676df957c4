/**
 * The header of a record batch, magic 2, read and patched where it lies: a broker handles batches without making objects
 * of them.
 *
 *  0 baseOffset int64          17 crc uint32 (CRC-32C of byte 21 to the end)   43 producerId int64
 *  8 batchLength int32         21 attributes int16                             51 producerEpoch int16
 * 12 partitionLeaderEpoch int32  23 lastOffsetDelta int32                      53 baseSequence int32
 * 16 magic int8                27 baseTimestamp int64, 35 maxTimestamp int64   57 recordCount int32, 61 records
 *
 * Base offset and leader epoch lie before what the checksum covers: a broker sets them without touching it.
 */
import { MalformedMessage } from '../byteReader.ts'
import { crc32c } from './crc32c.ts'

/** Bytes of a batch before its records. */
export const BATCH_HEADER_BYTES = 61
/** Bytes of a batch that its length field does not count. */
export const BATCH_PREFIX_BYTES = 12
export const MAGIC = 2

const CRC_FROM = 21
const TWO_TO_32 = 0x1_0000_0000
const MAX_SEQUENCE = 0x7fff_ffff

const CODEC_BITS = 0x07
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const DELETE_HORIZON = 0x40

/** The codecs in the order of their numbers. */
export const compressionNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type CompressionName = (typeof compressionNames)[number]
export type TimestampType = 'CreateTime' | 'LogAppendTime'

function int64At(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * TWO_TO_32 + buffer.readUInt32BE(at + 4)
}

function setInt64At(buffer: Buffer, at: number, value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no integer within ±2^53`)
  const high = Math.floor(value / TWO_TO_32)
  buffer.writeInt32BE(high, at)
  buffer.writeUInt32BE(value - high * TWO_TO_32, at + 4)
}

export const baseOffset = (buffer: Buffer, at = 0): number => int64At(buffer, at)
/** The length field: bytes behind it. */
export const batchLength = (buffer: Buffer, at = 0): number => buffer.readInt32BE(at + 8)
/** Bytes of the whole batch. */
export const batchSize = (buffer: Buffer, at = 0): number => buffer.readInt32BE(at + 8) + BATCH_PREFIX_BYTES
export const partitionLeaderEpoch = (buffer: Buffer, at = 0): number => buffer.readInt32BE(at + 12)
export const magic = (buffer: Buffer, at = 0): number => buffer.readInt8(at + 16)
export const crc = (buffer: Buffer, at = 0): number => buffer.readUInt32BE(at + 17)
export const attributes = (buffer: Buffer, at = 0): number => buffer.readInt16BE(at + 21)
export const lastOffsetDelta = (buffer: Buffer, at = 0): number => buffer.readInt32BE(at + 23)
export const lastOffset = (buffer: Buffer, at = 0): number => baseOffset(buffer, at) + lastOffsetDelta(buffer, at)
/** The offset that follows the batch. */
export const nextOffset = (buffer: Buffer, at = 0): number => lastOffset(buffer, at) + 1
export const baseTimestamp = (buffer: Buffer, at = 0): number => int64At(buffer, at + 27)
export const maxTimestamp = (buffer: Buffer, at = 0): number => int64At(buffer, at + 35)
/** -1 when the producer is not idempotent. */
export const producerId = (buffer: Buffer, at = 0): number => int64At(buffer, at + 43)
export const producerEpoch = (buffer: Buffer, at = 0): number => buffer.readInt16BE(at + 51)
export const baseSequence = (buffer: Buffer, at = 0): number => buffer.readInt32BE(at + 53)
export const recordCount = (buffer: Buffer, at = 0): number => buffer.readInt32BE(at + 57)

/** The sequence number of the last record, -1 without sequence numbers. */
export function lastSequence(buffer: Buffer, at = 0): number {
  const first = baseSequence(buffer, at)
  return first < 0 ? first : sequenceAfter(first, lastOffsetDelta(buffer, at))
}

/** Sequence numbers wrap: after 2147483647 comes 0. */
export function sequenceAfter(sequence: number, steps: number): number {
  const sum = sequence + steps
  return sum > MAX_SEQUENCE ? sum - MAX_SEQUENCE - 1 : sum
}

/** The number of the codec, which may be one that does not exist. */
export const compressionCode = (buffer: Buffer, at = 0): number => attributes(buffer, at) & CODEC_BITS
export const isTransactional = (buffer: Buffer, at = 0): boolean => (attributes(buffer, at) & TRANSACTIONAL) !== 0
export const isControl = (buffer: Buffer, at = 0): boolean => (attributes(buffer, at) & CONTROL) !== 0
export const isLogAppendTime = (buffer: Buffer, at = 0): boolean => (attributes(buffer, at) & LOG_APPEND_TIME) !== 0
/** Whether the base timestamp is the time from which a compacted batch's tombstones and markers may go (KIP-534). */
export const hasDeleteHorizon = (buffer: Buffer, at = 0): boolean => (attributes(buffer, at) & DELETE_HORIZON) !== 0
/** From when on the batch's tombstones or marker may go; undefined while no compaction has seen them (KIP-534). */
export const deleteHorizonMs = (buffer: Buffer, at = 0): number | undefined =>
  hasDeleteHorizon(buffer, at) ? baseTimestamp(buffer, at) : undefined

export function compressionName(buffer: Buffer, at = 0): CompressionName {
  const name = compressionNames[compressionCode(buffer, at)]
  if (name === undefined) throw new MalformedMessage(`there is no compression ${compressionCode(buffer, at)}`, at + 21)
  return name
}

/** The attributes of a batch with these properties. */
export function attributesOf(of: {
  readonly codec: CompressionName
  readonly timestampType: TimestampType
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly hasDeleteHorizon: boolean
}): number {
  return (
    compressionNames.indexOf(of.codec) |
    (of.timestampType === 'LogAppendTime' ? LOG_APPEND_TIME : 0) |
    (of.isTransactional ? TRANSACTIONAL : 0) |
    (of.isControl ? CONTROL : 0) |
    (of.hasDeleteHorizon ? DELETE_HORIZON : 0)
  )
}

/** Leaves the checksum as it is: it does not cover the base offset. */
export function setBaseOffset(buffer: Buffer, at: number, offset: number): void {
  setInt64At(buffer, at, offset)
}

/** Leaves the checksum as it is: it does not cover the leader epoch. */
export function setPartitionLeaderEpoch(buffer: Buffer, at: number, epoch: number): void {
  buffer.writeInt32BE(epoch, at + 12)
}

/** Turns a producer's batch into one of a LogAppendTime topic, and sets the checksum anew. */
export function setLogAppendTime(buffer: Buffer, at: number, timestamp: number): void {
  buffer.writeInt16BE(attributes(buffer, at) | LOG_APPEND_TIME, at + 21)
  setInt64At(buffer, at + 35, timestamp)
  setCrc(buffer, at)
}

/** Sets the checksum to what the batch holds now. */
export function setCrc(buffer: Buffer, at = 0): void {
  buffer.writeUInt32BE(crc32c(buffer, at + CRC_FROM, at + batchSize(buffer, at)), at + 17)
}

/** Whether a whole batch of the right magic, with the right checksum, lies at `at`. */
export function isIntact(buffer: Buffer, at = 0): boolean {
  return isWhole(buffer, at) && magic(buffer, at) === MAGIC && crc(buffer, at) === crc32c(buffer, at + CRC_FROM, at + batchSize(buffer, at))
}

/** Whether the length field at `at` is possible, and all of what it announces is there. */
export function isWhole(buffer: Buffer, at = 0): boolean {
  if (buffer.length - at < BATCH_HEADER_BYTES) return false
  const size = batchSize(buffer, at)
  return size >= BATCH_HEADER_BYTES && size <= buffer.length - at
}

/**
 * Where each whole batch begins, in order; a tail that is cut off, as at the end of a fetch, is left out. What cannot be a batch at all
 * is malformed. Checksums are not looked at.
 */
export function* batchesIn(buffer: Buffer, from = 0): Generator<number, void, undefined> {
  for (let at = from; buffer.length - at >= BATCH_HEADER_BYTES; at += batchSize(buffer, at)) {
    const size = batchSize(buffer, at)
    if (size < BATCH_HEADER_BYTES) throw new MalformedMessage(`a batch of ${size} bytes cannot be`, at + 8)
    if (magic(buffer, at) !== MAGIC) throw new MalformedMessage(`magic ${magic(buffer, at)} is not supported`, at + 16)
    if (size > buffer.length - at) return
    yield at
  }
}

/** How many bytes at the front of `buffer` are whole batches. */
export function wholeBatchBytes(buffer: Buffer, from = 0): number {
  let end = from
  for (const at of batchesIn(buffer, from)) end = at + batchSize(buffer, at)
  return end - from
}

/** All header fields at once, for whoever shows or logs a batch. */
export interface BatchHeader {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly sizeInBytes: number
  readonly partitionLeaderEpoch: number
  readonly magic: number
  readonly crc: number
  readonly compression: CompressionName
  readonly timestampType: TimestampType
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly hasDeleteHorizon: boolean
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly recordCount: number
}

export function readBatchHeader(buffer: Buffer, at = 0): BatchHeader {
  if (buffer.length - at < BATCH_HEADER_BYTES) throw new MalformedMessage(`${buffer.length - at} bytes are too few for a batch header`, at)
  return {
    baseOffset: baseOffset(buffer, at),
    lastOffset: lastOffset(buffer, at),
    sizeInBytes: batchSize(buffer, at),
    partitionLeaderEpoch: partitionLeaderEpoch(buffer, at),
    magic: magic(buffer, at),
    crc: crc(buffer, at),
    compression: compressionName(buffer, at),
    timestampType: isLogAppendTime(buffer, at) ? 'LogAppendTime' : 'CreateTime',
    isTransactional: isTransactional(buffer, at),
    isControl: isControl(buffer, at),
    hasDeleteHorizon: hasDeleteHorizon(buffer, at),
    baseTimestamp: baseTimestamp(buffer, at),
    maxTimestamp: maxTimestamp(buffer, at),
    producerId: producerId(buffer, at),
    producerEpoch: producerEpoch(buffer, at),
    baseSequence: baseSequence(buffer, at),
    lastSequence: lastSequence(buffer, at),
    recordCount: recordCount(buffer, at),
  }
}
