import type { PartitionReplicas } from '../../../src-main/contract/cluster.ts'
import { countOr, distance } from '../../composables/format.ts'

/** Px of a digit in the two code sizes, and of a letter in the text size. */
const LETTER = 6.5
const CHARACTER = 7.3
const SMALL_CHARACTER = 6.7
/** Px that the log end offset of a cell takes at least. */
const END = 52
/** Px of the longest head. */
const WATERMARK_HEAD = 104

export const partitionName = ({ topic, partition }: PartitionReplicas) => `${topic}-${partition}`

/** Columns are as wide as their longest value: a number is never cut. In px. */
export function replicaWidths(partitions: readonly PartitionReplicas[]) {
  const longest = (texts: readonly string[]) => texts.reduce((most, text) => Math.max(most, text.length), 0)
  const replicas = partitions.flatMap(({ highWatermark, replicas: each }) =>
    each.map(replica => ({ end: replica.logEndOffset, highWatermark })),
  )
  const end = longest(replicas.map(each => countOr(each.end)))
  const apart = longest(
    replicas.map(({ end: at, highWatermark }) => (at === null || highWatermark === null ? '' : distance(at - highWatermark))),
  )
  return {
    partition: Math.min(112, Math.max(96, longest(partitions.map(partitionName)) * LETTER + 16)),
    watermark: Math.max(WATERMARK_HEAD, longest(partitions.map(each => countOr(each.highWatermark))) * CHARACTER + 16),
    replica: Math.max(116, Math.max(END, end * CHARACTER) + apart * SMALL_CHARACTER + 48),
  }
}
