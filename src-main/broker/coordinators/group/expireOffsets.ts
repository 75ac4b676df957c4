import type { Group, Moment } from './group.ts'
import { type CommittedOffset, type GroupEntry, type GroupTables, offsetsOf } from './groupTables.ts'
import { subscribedTopics } from './subscriptions.ts'

/**
 * What a group has kept too long (KIP-211). The time counts from when the group became empty; for a group that never had members, and for
 * topics that a living group reads no longer, from the commit. A group without members and offsets goes as well.
 */
export function expireOffsets(tables: GroupTables, group: Group, at: Moment, retentionMs: number): readonly GroupEntry[] {
  const { groupId } = group
  const keptSinceMs = keptSince(group)
  const entries: GroupEntry[] = []
  let isAnyKept = false
  for (const [topic, partitions] of offsetsOf(tables, groupId)) {
    for (const [partition, committed] of partitions) {
      if (isOver(committed, keptSinceMs(topic, committed), at, retentionMs))
        entries.push({ type: 'offsetDeleted', groupId, topic, partition })
      else isAnyKept = true
    }
  }
  const isDone = group.phase.state === 'Empty' && group.pendingMembers.size === 0 && !isAnyKept
  if (isDone && tables.groups.has(groupId)) entries.push({ type: 'groupDeleted', groupId })
  return entries
}

/** From when on an offset counts as unused; undefined while it is in use. */
type KeptSince = (topic: string, committed: CommittedOffset) => number | undefined

function keptSince(group: Group): KeptSince {
  if (group.phase.state === 'Empty') {
    const { protocolType, currentStateTimestampMs } = group
    if (protocolType === '' || currentStateTimestampMs < 0) return (_, { commitTimestampMs }) => commitTimestampMs
    // Differs from Kafka: whoever moves an offset of a group that has long been empty wants it kept; Kafka would forget it at the next check.
    return (_, { commitTimestampMs }) => Math.max(currentStateTimestampMs, commitTimestampMs)
  }
  const topics = group.phase.state === 'Stable' ? subscribedTopics(group) : undefined
  return (topic, { commitTimestampMs }) => (topics === undefined || topics.has(topic) ? undefined : commitTimestampMs)
}

function isOver({ expireTimestampMs }: CommittedOffset, sinceMs: number | undefined, at: Moment, retentionMs: number): boolean {
  if (sinceMs === undefined) return false
  return expireTimestampMs >= 0 ? at.timestampMs >= expireTimestampMs : at.timestampMs - sinceMs >= retentionMs
}
