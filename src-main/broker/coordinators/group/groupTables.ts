import type { Uuid } from '../../../base/uuid.ts'
import { type Group, type Member, type Moment, metadataOf } from './group.ts'

/** One committed offset, as it is kept. */
export interface CommittedOffset {
  /** The next offset to read. */
  readonly offset: number
  /** Of the last record read, -1 when the client did not say. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: number
  /** From clients that chose a retention of their own (OffsetCommit before version 5); -1 otherwise. */
  readonly expireTimestampMs: number
  /** Of the topic at the time of the commit, so that a new topic of the same name is told from it; undefined in old records. */
  readonly topicId: Uuid | undefined
}

/** What the log says of a group: its last completed generation. */
export interface StoredGroup {
  readonly protocolType: string
  readonly generationId: number
  readonly protocolName: string | null
  readonly leader: string | null
  readonly currentStateTimestampMs: number
  readonly members: readonly StoredMember[]
}

export interface StoredMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly subscription: Buffer
  readonly assignment: Buffer
}

/** What is written to `__consumer_offsets`. */
export type GroupEntry =
  | { readonly type: 'groupStored'; readonly groupId: string; readonly group: StoredGroup }
  | { readonly type: 'groupDeleted'; readonly groupId: string }
  | {
      readonly type: 'offsetCommitted'
      readonly groupId: string
      readonly topic: string
      readonly partition: number
      readonly committed: CommittedOffset
    }
  | { readonly type: 'offsetDeleted'; readonly groupId: string; readonly topic: string; readonly partition: number }

export type Offsets = ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>>

/** What one partition of `__consumer_offsets` adds up to. `applyGroupEntry` alone changes it. */
export interface GroupTables {
  readonly groups: Map<string, StoredGroup>
  /** By group, topic and partition. A group without offsets has no entry, nor has a topic. */
  readonly offsets: Map<string, Map<string, Map<number, CommittedOffset>>>
}

const NO_OFFSETS: Offsets = new Map()

export function emptyTables(): GroupTables {
  return { groups: new Map(), offsets: new Map() }
}

export function offsetsOf(tables: GroupTables, groupId: string): Offsets {
  return tables.offsets.get(groupId) ?? NO_OFFSETS
}

/** The last write wins, when it is decided as when it is read again. */
export function applyGroupEntry(tables: GroupTables, entry: GroupEntry): void {
  switch (entry.type) {
    case 'groupStored':
      tables.groups.set(entry.groupId, entry.group)
      return
    case 'groupDeleted':
      tables.groups.delete(entry.groupId)
      return
    case 'offsetCommitted': {
      const { groupId, topic, partition, committed } = entry
      let topics = tables.offsets.get(groupId)
      if (topics === undefined) tables.offsets.set(groupId, (topics = new Map()))
      let partitions = topics.get(topic)
      if (partitions === undefined) topics.set(topic, (partitions = new Map()))
      partitions.set(partition, committed)
      return
    }
    case 'offsetDeleted': {
      const topics = tables.offsets.get(entry.groupId)
      const partitions = topics?.get(entry.topic)
      if (topics === undefined || partitions === undefined) return
      partitions.delete(entry.partition)
      if (partitions.size === 0) topics.delete(entry.topic)
      if (topics.size === 0) tables.offsets.delete(entry.groupId)
    }
  }
}

/** What is written down of a group: everything that must survive a change of the coordinator. */
export function storedGroup(group: Group): StoredGroup {
  return {
    protocolType: group.protocolType,
    generationId: group.generationId,
    protocolName: group.protocolName,
    leader: group.leader,
    currentStateTimestampMs: group.currentStateTimestampMs,
    members: [...group.members.values()].map(member => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      sessionTimeoutMs: member.sessionTimeoutMs,
      subscription: metadataOf(member, group.protocolName),
      assignment: member.assignment,
    })),
  }
}

/** The group that was written down. Sessions begin anew: a change of the coordinator must not cost anybody its membership. */
export function restoredGroup(groupId: string, stored: StoredGroup, at: Moment): Group {
  const members = stored.members.map((member): readonly [string, Member] => [
    member.memberId,
    {
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      sessionTimeoutMs: member.sessionTimeoutMs,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs < 0 ? member.sessionTimeoutMs : member.rebalanceTimeoutMs,
      protocols: stored.protocolName === null ? [] : [{ name: stored.protocolName, metadata: member.subscription }],
      assignment: member.assignment,
      sessionDeadlineMs: at.elapsedMs + member.sessionTimeoutMs,
      isNew: false,
      join: undefined,
      sync: undefined,
      owesSync: false,
    },
  ])
  return {
    groupId,
    protocolType: stored.protocolType,
    protocolName: stored.protocolName,
    generationId: stored.generationId,
    leader: stored.leader,
    members: new Map(members),
    pendingMembers: new Map(),
    currentStateTimestampMs: stored.currentStateTimestampMs,
    phase: members.length === 0 ? { state: 'Empty' } : { state: 'Stable', syncDeadlineMs: 0 },
  }
}
