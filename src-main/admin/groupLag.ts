import type { GroupMember } from '../contract/groups.ts'
import type { TopicMetadata } from './clusterMetadata.ts'
import type { OffsetTable } from './offsets.ts'

export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** How far a group is in one partition. */
export interface PartitionPosition {
  readonly topic: string
  readonly partition: number
  /** Null: nothing was committed. */
  readonly committedOffset: number | null
  readonly logEndOffset: number | null
  readonly lag: number | null
  /** The member that owns it now. */
  readonly memberId: string | null
}

/**
 * Each partition that a group has read or is to read, with how far behind it is. The total is null while the end of a partition that it has
 * read is unknown: part of a lag would look like all of it. Partitions that are gone have no lag.
 */
export function groupLag(
  committed: readonly CommittedOffset[],
  members: readonly Pick<GroupMember, 'memberId' | 'assignment'>[],
  topics: ReadonlyMap<string, TopicMetadata>,
  ends: OffsetTable,
): { readonly partitions: PartitionPosition[]; readonly totalLag: number | null } {
  const rows = new Map<string, { topic: string; partition: number; committedOffset: number | null; memberId: string | null }>()
  const rowOf = (topic: string, partition: number) => {
    const key = `${topic} ${partition}`
    let row = rows.get(key)
    if (row === undefined) rows.set(key, (row = { topic, partition, committedOffset: null, memberId: null }))
    return row
  }
  for (const { topic, partition, offset } of committed) rowOf(topic, partition).committedOffset = offset
  for (const { memberId, assignment } of members) {
    for (const { topic, partitions } of assignment) for (const partition of partitions) rowOf(topic, partition).memberId = memberId
  }

  let totalLag: number | null = null
  let isKnown = true
  const partitions = [...rows.values()].map(({ topic, partition, committedOffset, memberId }) => {
    const logEndOffset = ends.get(topic, partition) ?? null
    // A consumer may have committed more than a broker, elected after a loss, still has.
    const lag = committedOffset === null || logEndOffset === null ? null : Math.max(0, logEndOffset - committedOffset)
    const exists = () => topics.get(topic)?.partitions.some(each => each.partition === partition) === true
    if (lag !== null) totalLag = (totalLag ?? 0) + lag
    else if (committedOffset !== null && exists()) isKnown = false
    return { topic, partition, committedOffset, logEndOffset, lag, memberId }
  })
  partitions.sort((one, other) => (one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1))
  return { partitions, totalLag: isKnown ? totalLag : null }
}
