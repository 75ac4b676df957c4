/** A `.snapshot` file: int16 version 1, uint32 CRC-32C of all that follows it, int32 count, then one entry per producer. */
import { ByteReader, MalformedMessage } from '../byteReader.ts'
import { ByteWriter } from '../byteWriter.ts'
import { crc32c } from '../records/crc32c.ts'

/** What is known of a producer up to the snapshot's offset. Absent values are -1. */
export interface ProducerSnapshotEntry {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  /** Of the producer's newest batch; only that one survives a restart. */
  readonly lastOffset: number
  /** Last minus first offset of that batch. */
  readonly offsetDelta: number
  readonly timestamp: number
  readonly coordinatorEpoch: number
  readonly currentTxnFirstOffset: number
}

const VERSION = 1
const ENTRY_BYTES = 46
const CRC_AT = 2
const CHECKED_FROM = 6

export function encodeProducerSnapshot(producers: readonly ProducerSnapshotEntry[]): Buffer {
  const to = new ByteWriter(10 + producers.length * ENTRY_BYTES)
  to.int16(VERSION)
  to.uint32(0) // the checksum, once the rest is there
  to.int32(producers.length)
  for (const each of producers) {
    to.int64(each.producerId)
    to.int16(each.producerEpoch)
    to.int32(each.lastSequence)
    to.int64(each.lastOffset)
    to.int32(each.offsetDelta)
    to.int64(each.timestamp)
    to.int32(each.coordinatorEpoch)
    to.int64(each.currentTxnFirstOffset)
  }
  const file = to.chunks()[0]!
  file.writeUInt32BE(crc32c(file, CHECKED_FROM), CRC_AT)
  return file
}

export function decodeProducerSnapshot(file: Buffer): ProducerSnapshotEntry[] {
  const from = new ByteReader(file)
  const version = from.int16()
  if (version !== VERSION) throw new MalformedMessage(`version ${version} of a producer snapshot is not known`, 0)
  if (from.uint32() !== crc32c(file, CHECKED_FROM)) throw new MalformedMessage('a producer snapshot does not match its checksum', CRC_AT)
  const count = from.int32()
  if (count < 0 || count * ENTRY_BYTES !== from.remaining) from.fail(`${count} producers are declared in ${from.remaining} bytes`)
  return Array.from({ length: count }, () => ({
    producerId: from.int64(),
    producerEpoch: from.int16(),
    lastSequence: from.int32(),
    lastOffset: from.int64(),
    offsetDelta: from.int32(),
    timestamp: from.int64(),
    coordinatorEpoch: from.int32(),
    currentTxnFirstOffset: from.int64(),
  }))
}
