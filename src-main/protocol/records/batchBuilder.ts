import { ByteWriter } from '../byteWriter.ts'
import { attributesOf, BATCH_HEADER_BYTES, BATCH_PREFIX_BYTES, type CompressionName, MAGIC, setCrc, type TimestampType } from './batch.ts'
import { compress } from './compression.ts'
import { type RecordContent, recordBodyBytes, varintBytes, writeRecord } from './record.ts'

/** A record on its way into a batch. */
export interface NewRecord extends RecordContent {
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** Where it stands in the batch; its index unless given. Compaction leaves gaps. */
  readonly offsetDelta?: number
}

export interface NewBatch {
  readonly records: readonly NewRecord[]
  /** 0 for a producer: the broker assigns it. */
  readonly baseOffset?: number
  /** The last record's unless given; compaction keeps it though the last record may be gone. */
  readonly lastOffsetDelta?: number
  readonly codec?: CompressionName
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  /** -1 for a producer: the broker sets it. */
  readonly leaderEpoch?: number
  readonly timestampType?: TimestampType
  /** The largest of the records' unless given; of a LogAppendTime batch, the time that counts for all. */
  readonly maxTimestamp?: number
  /** Takes the place of the base timestamp in compacted batches (KIP-534). */
  readonly deleteHorizonMs?: number
}

/** Builds one batch, checksum and all. Without records it is what compaction leaves of a batch whose producer is still to be remembered. */
export function buildBatch(batch: NewBatch): Buffer {
  const { records, codec = 'none' } = batch
  const baseTimestamp = batch.deleteHorizonMs ?? records[0]?.timestamp ?? -1
  let lastOffsetDelta = records.length - 1
  let maxTimestamp = -1
  let bytes = 0
  const places = records.map((record, index) => {
    const offsetDelta = record.offsetDelta ?? index
    const timestampDelta = record.timestamp - baseTimestamp
    const bodyBytes = recordBodyBytes(record, offsetDelta, timestampDelta)
    bytes += varintBytes(bodyBytes) + bodyBytes
    lastOffsetDelta = Math.max(lastOffsetDelta, offsetDelta)
    maxTimestamp = Math.max(maxTimestamp, record.timestamp)
    return { offsetDelta, timestampDelta, bodyBytes }
  })

  // The size is known to the byte, so that header and records come out as one piece: a batch has to be one buffer for its checksum.
  const compressed = codec !== 'none'
  const to = new ByteWriter(compressed ? bytes : BATCH_HEADER_BYTES + bytes)
  if (!compressed) writeHeader(to, bytes)
  records.forEach((record, index) => writeRecord(to, record, places[index]!))
  const whole = compressed ? withHeader(compress(codec, pieceOf(to))) : pieceOf(to)
  setCrc(whole)
  return whole

  function withHeader(body: Buffer): Buffer {
    const header = new ByteWriter(BATCH_HEADER_BYTES)
    writeHeader(header, body.length)
    return Buffer.concat([pieceOf(header), body])
  }

  function writeHeader(header: ByteWriter, bodyBytes: number): void {
    const { timestampType = 'CreateTime', isTransactional = false, isControl = false } = batch
    header.int64(batch.baseOffset ?? 0)
    header.int32(BATCH_HEADER_BYTES - BATCH_PREFIX_BYTES + bodyBytes)
    header.int32(batch.leaderEpoch ?? -1)
    header.int8(MAGIC)
    header.int32(0) // the checksum, set when all it covers is there
    header.int16(attributesOf({ codec, timestampType, isTransactional, isControl, hasDeleteHorizon: batch.deleteHorizonMs !== undefined }))
    header.int32(batch.lastOffsetDelta ?? lastOffsetDelta)
    header.int64(baseTimestamp)
    header.int64(batch.maxTimestamp ?? maxTimestamp)
    header.int64(batch.producerId ?? -1)
    header.int16(batch.producerEpoch ?? -1)
    header.int32(batch.baseSequence ?? -1)
    header.int32(records.length)
  }
}

function pieceOf(writer: ByteWriter): Buffer {
  const [piece = Buffer.alloc(0)] = writer.chunks()
  return piece
}
