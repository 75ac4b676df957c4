/** What compaction makes of a batch: the same one with fewer records, or with none. */
import { ByteWriter } from '../byteWriter.ts'
import {
  attributes,
  baseOffset,
  baseSequence,
  baseTimestamp,
  BATCH_HEADER_BYTES,
  BATCH_PREFIX_BYTES,
  compressionName,
  deleteHorizonMs,
  isLogAppendTime,
  lastOffsetDelta,
  MAGIC,
  maxTimestamp,
  partitionLeaderEpoch,
  producerEpoch,
  producerId,
  setCrc,
} from './batch.ts'
import { compress } from './compression.ts'
import { varlongBytes } from './record.ts'

const CODEC_BITS = 0x07
const DELETE_HORIZON = 0x40
const NO_TIMESTAMP = -1

/** Records of one batch that stay, as `walkRecords` found them: one entry each in three lists, so that no objects are made of them. */
export interface RetainedRecords {
  /** Where each begins in the records' bytes. */
  readonly from: number[]
  /** Where each ends. */
  readonly to: number[]
  /** To the batch's base timestamp. */
  readonly timestampDeltas: number[]
}

/**
 * The batch with only some of its records, at least one, compressed with the same codec. Their offsets, keys, values, headers and timestamps stay, and
 * so do base offset, last offset, producer, sequence and leader epoch. As Kafka writes it: the max timestamp is that of what stays, and the base timestamp that of the first
 * that stays, unless it holds a delete horizon (KIP-534), the batch's own or `horizonMs`. `records` is what `recordBytes` gives.
 */
export function retainRecords(
  batch: Buffer,
  records: Buffer,
  { from, to, timestampDeltas }: RetainedRecords,
  horizonMs: number | undefined = deleteHorizonMs(batch),
): Buffer {
  const count = from.length
  const oldBase = baseTimestamp(batch)
  // The time of the append counts for all records then, whatever they say themselves.
  const appendTime = isLogAppendTime(batch) ? maxTimestamp(batch) : undefined
  const timestampOf = (index: number) => appendTime ?? oldBase + timestampDeltas[index]!
  const newBase = horizonMs ?? timestampOf(0)
  let largest = timestampOf(0)
  for (let index = 1; index < count && appendTime === undefined; index++) largest = Math.max(largest, timestampOf(index))

  const body: Buffer[] = []
  if (newBase === oldBase && appendTime === undefined) takeOver(body, records, from, to)
  else body.push(withNewDeltas(records, { from, to }, index => timestampOf(index) - newBase))
  const codec = compressionName(batch)
  const pieces = codec === 'none' ? body : [compress(codec, body.length === 1 ? body[0]! : Buffer.concat(body))]
  return withHeader(batch, pieces, {
    attributes: (attributes(batch) & ~DELETE_HORIZON) | (horizonMs === undefined ? 0 : DELETE_HORIZON),
    baseTimestamp: newBase,
    maxTimestamp: largest,
    count,
  })
}

/** The batch without any record: what is left of it to remember its offsets and its producer's sequence by. */
export function emptied(batch: Buffer): Buffer {
  return withHeader(batch, [], {
    attributes: attributes(batch) & ~DELETE_HORIZON & ~CODEC_BITS,
    baseTimestamp: NO_TIMESTAMP,
    maxTimestamp: maxTimestamp(batch),
    count: 0,
  })
}

/** Adds the records as they lie there; neighbours as one piece. */
function takeOver(to: Buffer[], records: Buffer, starts: readonly number[], ends: readonly number[]): void {
  for (let index = 0; index < starts.length;) {
    const begin = starts[index]!
    let end = ends[index]!
    for (index += 1; starts[index] === end; index++) end = ends[index]!
    to.push(records.subarray(begin, end))
  }
}

/** A record is its length, a byte of attributes, the timestamp delta, and a rest that does not depend on the batch. */
function withNewDeltas(
  records: Buffer,
  of: { readonly from: readonly number[]; readonly to: readonly number[] },
  deltaOf: (index: number) => number,
): Buffer {
  const writer = new ByteWriter()
  for (const [index, from] of of.from.entries()) {
    const attributesAt = afterVarint(records, from)
    const restAt = afterVarint(records, attributesAt + 1)
    const rest = records.subarray(restAt, of.to[index])
    const delta = deltaOf(index)
    writer.varint(1 + varlongBytes(delta) + rest.length)
    writer.int8(records[attributesAt]!)
    writer.varlong(delta)
    writer.copied(rest)
  }
  return Buffer.concat(writer.chunks())
}

function afterVarint(bytes: Buffer, at: number): number {
  while (bytes[at]! > 0x7f) at += 1
  return at + 1
}

function withHeader(
  batch: Buffer,
  pieces: readonly Buffer[],
  of: { readonly attributes: number; readonly baseTimestamp: number; readonly maxTimestamp: number; readonly count: number },
): Buffer {
  const bodyBytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const header = new ByteWriter(BATCH_HEADER_BYTES)
  header.int64(baseOffset(batch))
  header.int32(BATCH_HEADER_BYTES - BATCH_PREFIX_BYTES + bodyBytes)
  header.int32(partitionLeaderEpoch(batch))
  header.int8(MAGIC)
  header.int32(0) // the checksum, set when all it covers is there
  header.int16(of.attributes)
  header.int32(lastOffsetDelta(batch))
  header.int64(of.baseTimestamp)
  header.int64(of.maxTimestamp)
  header.int64(producerId(batch))
  header.int16(producerEpoch(batch))
  header.int32(baseSequence(batch))
  header.int32(of.count)
  const whole = Buffer.concat([...header.chunks(), ...pieces])
  setCrc(whole)
  return whole
}
