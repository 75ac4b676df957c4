import type { Uuid } from '../../../base/uuid.ts'
import type { ErrorName } from '../../../protocol/errors.ts'
import type { Group } from './group.ts'
import { type GroupEntry, type GroupTables, type Offsets, offsetsOf } from './groupTables.ts'
import { isSubscribed, usesConsumerProtocol } from './subscriptions.ts'

export interface DeleteOffsetsDecision {
  readonly entries: readonly GroupEntry[]
  /** For the whole request; `NONE` when each partition has its own in `topics`. */
  readonly error: ErrorName
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly error: ErrorName }[]
  }[]
}

/** OffsetDelete (KIP-496): forgets offsets of topics that no member reads. */
export function deleteOffsets(
  group: Group | undefined,
  offsets: Offsets,
  asked: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): DeleteOffsetsDecision {
  if (group === undefined) return { entries: [], error: 'GROUP_ID_NOT_FOUND', topics: [] }
  // Of another protocol's members nobody here knows what they read.
  if (group.phase.state !== 'Empty' && !usesConsumerProtocol(group)) return { entries: [], error: 'NON_EMPTY_GROUP', topics: [] }
  const entries: GroupEntry[] = []
  const topics = asked.map(({ topic, partitions }) => {
    const error: ErrorName = group.phase.state !== 'Empty' && isSubscribed(group, topic) ? 'GROUP_SUBSCRIBED_TO_TOPIC' : 'NONE'
    for (const partition of partitions) {
      if (error !== 'NONE' || offsets.get(topic)?.has(partition) !== true) continue
      entries.push({ type: 'offsetDeleted', groupId: group.groupId, topic, partition })
    }
    return { topic, partitions: partitions.map(partition => ({ partition, error })) }
  })
  return { entries, error: 'NONE', topics }
}

/** A topic is gone, and with it what groups had read of it. A newer topic of the same name keeps its offsets. */
export function deleteOffsetsOfTopic(
  tables: GroupTables,
  deleted: { readonly name: string; readonly topicId: Uuid },
): readonly GroupEntry[] {
  const entries: GroupEntry[] = []
  for (const [groupId, topics] of tables.offsets) {
    for (const [partition, { topicId }] of topics.get(deleted.name) ?? []) {
      if (topicId === undefined || topicId === deleted.topicId)
        entries.push({ type: 'offsetDeleted', groupId, topic: deleted.name, partition })
    }
  }
  return entries
}

/** DeleteGroups: an empty group goes with all its offsets. */
export function deleteGroup(
  tables: GroupTables,
  groupId: string,
  group: Group | undefined,
): { readonly entries: readonly GroupEntry[]; readonly error: ErrorName } {
  if (group === undefined) return { entries: [], error: 'GROUP_ID_NOT_FOUND' }
  if (group.phase.state !== 'Empty') return { entries: [], error: 'NON_EMPTY_GROUP' }
  const entries: GroupEntry[] = []
  for (const [topic, partitions] of offsetsOf(tables, groupId)) {
    for (const partition of partitions.keys()) entries.push({ type: 'offsetDeleted', groupId, topic, partition })
  }
  if (tables.groups.has(groupId)) entries.push({ type: 'groupDeleted', groupId })
  return { entries, error: 'NONE' }
}
