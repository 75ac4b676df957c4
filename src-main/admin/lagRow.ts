import { ByteReader, MalformedMessage } from '../protocol/byteReader.ts'
import { written } from '../protocol/byteWriter.ts'

/** What is noted down of one partition at one time; null where it was not known. */
export interface PartitionOffsets {
  readonly topic: string
  readonly partition: number
  readonly committed: number | null
  readonly end: number | null
}

/** What is noted down of one group at one time. */
export interface LagRow {
  readonly hasMembers: boolean
  readonly partitions: readonly PartitionOffsets[]
}

const FORMAT = 1

/**
 * As bytes: the format (one byte), whether there are members (one byte), topics (varint); of each its name (length as varint, UTF-8) and its
 * partitions (varint); of each its number (varint), committed offset and log end (varlongs, one more than they are, so that 0 is "unknown").
 */
export function encodeLagRow({ hasMembers, partitions }: LagRow): Buffer {
  const topics = Map.groupBy(partitions, ({ topic }) => topic)
  return written(to => {
    to.unsignedVarint(FORMAT)
    to.unsignedVarint(hasMembers ? 1 : 0)
    to.unsignedVarint(topics.size)
    for (const [topic, of] of topics) {
      const length = Buffer.byteLength(topic)
      to.unsignedVarint(length)
      to.text(topic, length)
      to.unsignedVarint(of.length)
      for (const { partition, committed, end } of of) {
        to.unsignedVarint(partition)
        to.varlong((committed ?? -1) + 1)
        to.varlong((end ?? -1) + 1)
      }
    }
  })
}

/** Undefined for what this version did not write. */
export function decodeLagRow(bytes: Uint8Array): LagRow | undefined {
  const from = new ByteReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  try {
    if (from.unsignedVarint() !== FORMAT) return undefined
    const hasMembers = from.unsignedVarint() === 1
    const partitions: PartitionOffsets[] = []
    for (let topics = from.unsignedVarint(); topics > 0; topics--) {
      const topic = from.text(from.unsignedVarint())
      for (let left = from.unsignedVarint(); left > 0; left--) {
        partitions.push({ topic, partition: from.unsignedVarint(), committed: known(from.varlong()), end: known(from.varlong()) })
      }
    }
    return { hasMembers, partitions }
  } catch (problem) {
    if (problem instanceof MalformedMessage) return undefined
    throw problem
  }
}

const known = (written: number) => (written === 0 ? null : written - 1)
