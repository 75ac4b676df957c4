import type { ErrorName } from '../protocol/errors.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import {
  BATCH_HEADER_BYTES,
  type CompressionName,
  MAGIC,
  attributes,
  baseOffset,
  baseSequence,
  baseTimestamp,
  batchSize,
  compressionCode,
  compressionName,
  compressionNames,
  isControl,
  isIntact,
  isLogAppendTime,
  isTransactional,
  isWhole,
  lastOffsetDelta,
  magic,
  maxTimestamp,
  producerEpoch,
  producerId,
  recordCount,
  setCrc,
} from '../protocol/records/batch.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { decodeRecords, recordBytes, walkRecords } from '../protocol/records/record.ts'
import { type LogConfig, isCompacted } from './logConfig.ts'

/** What the records of one batch may unfold to, beside a multiple of what the topic takes compressed. */
const UNFOLDED_BYTES = 64 * 1024 * 1024
const UNFOLDED_TIMES = 32
/** A batch of nothing but bad records must not make an answer of megabytes. */
const REPORTED_RECORDS = 100

export interface RecordError {
  /** Index of the record in its batch. */
  readonly batchIndex: number
  readonly message: string
}

export interface BatchRefused {
  readonly error: Exclude<ErrorName, 'NONE'>
  readonly message?: string
  readonly recordErrors?: readonly RecordError[]
}

export type BatchVerdict =
  | BatchRefused
  | { readonly error: 'NONE'; /** The batch itself, or what the topic's compression made of it. */ readonly batch: Buffer }

/** Judges what a client wants to append, as Kafka would (formats.md §3). Never trusts a length before it has checked it. */
export function validateBatch(records: Buffer, { config, nowMs }: { readonly config: LogConfig; readonly nowMs: number }): BatchVerdict {
  if (!isWhole(records)) return { error: 'CORRUPT_MESSAGE', message: 'The records are not one whole batch' }
  if (magic(records) !== MAGIC)
    return { error: 'INVALID_RECORD', message: `Only batches of magic ${MAGIC} are supported, not ${magic(records)}` }
  const size = batchSize(records)
  if (size !== records.length) return { error: 'INVALID_RECORD', message: 'A partition takes exactly one batch per request' }
  if (size > config.maxMessageBytes) {
    return { error: 'MESSAGE_TOO_LARGE', message: `The batch has ${size} bytes, the topic takes ${config.maxMessageBytes}` }
  }
  if (size > config.segmentBytes)
    return { error: 'RECORD_LIST_TOO_LARGE', message: `The batch has ${size} bytes, a segment ${config.segmentBytes}` }
  if (!isIntact(records)) return { error: 'CORRUPT_MESSAGE', message: 'The checksum of the batch is wrong' }
  const problem = problemInHeader(records)
  if (problem !== undefined) return { error: 'INVALID_RECORD', message: problem }

  try {
    const recordErrors = problemsInRecords(records, config, nowMs)
    if (recordErrors.length > 0) {
      const error = recordErrors.every(each => each.isTimestamp) ? 'INVALID_TIMESTAMP' : 'INVALID_RECORD'
      const listed = recordErrors.slice(0, REPORTED_RECORDS).map(({ batchIndex, message }) => ({ batchIndex, message }))
      return { error, message: 'One or more records have been rejected', recordErrors: listed }
    }
    return { error: 'NONE', batch: recompressed(records, config) }
  } catch (problem) {
    if (problem instanceof MalformedMessage) return { error: 'INVALID_RECORD', message: problem.message }
    throw problem
  }
}

function problemInHeader(batch: Buffer): string | undefined {
  if (baseOffset(batch) !== 0) return `The base offset must be 0, not ${baseOffset(batch)}`
  if (compressionCode(batch) >= compressionNames.length) return `There is no compression ${compressionCode(batch)}`
  if (isControl(batch)) return 'Clients may not write control records'
  if (isLogAppendTime(batch)) return 'Clients may not set the timestamp type to LogAppendTime'
  if ((attributes(batch) & ~0x37) !== 0) return `The attributes ${attributes(batch)} hold bits that clients may not set`
  const count = recordCount(batch)
  if (count <= 0) return `A batch of ${count} records cannot be`
  if (count !== lastOffsetDelta(batch) + 1) return `The batch has ${count} records but its last offset delta is ${lastOffsetDelta(batch)}`
  if (!isCount(producerId(batch)) || !isCount(maxTimestamp(batch)) || !isCount(baseTimestamp(batch))) return 'A number is out of range'
  if (producerId(batch) >= 0 && (baseSequence(batch) < 0 || producerEpoch(batch) < 0)) {
    return 'A batch with a producer id must have a producer epoch and a sequence'
  }
  return undefined
}

/** -1 stands for "none" in all fields that are asked about. */
function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= -1
}

interface FoundProblem extends RecordError {
  readonly isTimestamp: boolean
}

function problemsInRecords(batch: Buffer, config: LogConfig, nowMs: number): FoundProblem[] {
  const problems: FoundProblem[] = []
  const needsKeys = isCompacted(config)
  const checksTime = config.messageTimestampType === 'CreateTime'
  const base = baseTimestamp(batch)
  const oldest = nowMs - config.messageTimestampBeforeMaxMs
  const newest = nowMs + config.messageTimestampAfterMaxMs
  let largest = -1
  walkRecords(recordBytes(batch, 0, unfoldedBytes(config)), recordCount(batch), (index, offsetDelta, timestampDelta, _keyAt, keyLength) => {
    const timestamp = base + timestampDelta
    if (timestamp > largest) largest = timestamp
    if (offsetDelta !== index) throw new MalformedMessage(`record ${index} has offset delta ${offsetDelta}`, BATCH_HEADER_BYTES)
    if (needsKeys && keyLength < 0)
      problems.push({ batchIndex: index, message: 'Compacted topic cannot accept message without key', isTimestamp: false })
    if (checksTime && timestamp !== -1 && (timestamp < oldest || timestamp > newest)) {
      problems.push({ batchIndex: index, message: `Timestamp ${timestamp} is not within [${oldest}, ${newest}]`, isTimestamp: true })
    }
  })
  // Time index and retention believe the header, so that it is made true, as Kafka does; not every client bothers.
  if (problems.length === 0 && checksTime && largest !== maxTimestamp(batch)) setMaxTimestamp(batch, largest)
  return problems
}

function setMaxTimestamp(batch: Buffer, timestamp: number): void {
  batch.writeBigInt64BE(BigInt(timestamp), 35)
  setCrc(batch)
}

function unfoldedBytes(config: LogConfig): number {
  return Math.max(UNFOLDED_BYTES, UNFOLDED_TIMES * config.maxMessageBytes)
}

/** A topic whose `compression.type` is not `producer` stores batches with its own codec. */
function recompressed(batch: Buffer, config: LogConfig): Buffer {
  if (config.compressionType === 'producer') return batch
  const codec: CompressionName = config.compressionType === 'uncompressed' ? 'none' : config.compressionType
  if (codec === compressionName(batch)) return batch
  return buildBatch({
    records: decodeRecords(batch, 0, unfoldedBytes(config)),
    codec,
    producerId: producerId(batch),
    producerEpoch: producerEpoch(batch),
    baseSequence: baseSequence(batch),
    isTransactional: isTransactional(batch),
    maxTimestamp: maxTimestamp(batch),
  })
}
