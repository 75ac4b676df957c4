import { ZERO_UUID } from '../../../base/uuid.ts'
import {
  decodeGroupRecord,
  encodeGroupRecord,
  type GroupMetadataValue,
  type OffsetCommitValue,
} from '../../../protocol/messages/groupRecords.ts'
import type { StateRules } from '../replicatedState.ts'
import { applyGroupEntry, type CommittedOffset, emptyTables, type GroupEntry, type GroupTables, type StoredGroup } from './groupTables.ts'

/** How groups lie in `__consumer_offsets`. */
export const groupRules: StateRules<GroupTables, GroupEntry> = { empty: emptyTables, apply: applyGroupEntry, encode, decode }

function encode(entry: GroupEntry): { readonly key: Buffer; readonly value: Buffer | null } {
  switch (entry.type) {
    case 'groupStored':
      return encodeGroupRecord({ type: 'groupMetadata', group: entry.groupId, value: metadataValue(entry.group) })
    case 'groupDeleted':
      return encodeGroupRecord({ type: 'groupMetadata', group: entry.groupId, value: null })
    case 'offsetCommitted': {
      const { groupId: group, topic, partition, committed } = entry
      return encodeGroupRecord({ type: 'offsetCommit', group, topic, partition, value: offsetValue(committed) })
    }
    case 'offsetDeleted': {
      const { groupId: group, topic, partition } = entry
      return encodeGroupRecord({ type: 'offsetCommit', group, topic, partition, value: null })
    }
  }
}

function decode(key: Buffer, bytes: Buffer | null): GroupEntry | undefined {
  const record = decodeGroupRecord(key, bytes)
  switch (record.type) {
    case 'unknown':
      return undefined
    case 'groupMetadata': {
      const { group: groupId, value } = record
      return value === null ? { type: 'groupDeleted', groupId } : { type: 'groupStored', groupId, group: groupOf(value) }
    }
    case 'offsetCommit': {
      const { group: groupId, topic, partition, value } = record
      if (value === null) return { type: 'offsetDeleted', groupId, topic, partition }
      return { type: 'offsetCommitted', groupId, topic, partition, committed: committedOf(value) }
    }
  }
}

function metadataValue(group: StoredGroup): GroupMetadataValue {
  return {
    protocolType: group.protocolType,
    generation: group.generationId,
    protocol: group.protocolName,
    leader: group.leader,
    currentStateTimestamp: group.currentStateTimestampMs,
    members: group.members.map(({ rebalanceTimeoutMs, sessionTimeoutMs, ...member }) => ({
      ...member,
      rebalanceTimeout: rebalanceTimeoutMs,
      sessionTimeout: sessionTimeoutMs,
    })),
  }
}

function groupOf(value: GroupMetadataValue): StoredGroup {
  return {
    protocolType: value.protocolType,
    generationId: value.generation,
    protocolName: value.protocol,
    leader: value.leader,
    currentStateTimestampMs: value.currentStateTimestamp,
    members: value.members.map(({ rebalanceTimeout, sessionTimeout, subscription, assignment, ...member }) => ({
      ...member,
      rebalanceTimeoutMs: rebalanceTimeout,
      sessionTimeoutMs: sessionTimeout,
      // Copies: a few bytes must not keep a whole piece of the log in memory.
      subscription: Buffer.from(subscription),
      assignment: Buffer.from(assignment),
    })),
  }
}

function offsetValue(committed: CommittedOffset): OffsetCommitValue {
  const { offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs, topicId } = committed
  return {
    offset,
    leaderEpoch,
    metadata,
    commitTimestamp: commitTimestampMs,
    expireTimestamp: expireTimestampMs,
    topicId: topicId ?? ZERO_UUID,
  }
}

function committedOf(value: OffsetCommitValue): CommittedOffset {
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp,
    topicId: value.topicId === ZERO_UUID ? undefined : value.topicId,
  }
}
