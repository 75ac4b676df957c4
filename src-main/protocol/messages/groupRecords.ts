/**
 * The records of `__consumer_offsets` for classic groups. A key begins with the int16 record type, a value with the int16 version of its
 * schema; a null value forgets what the key names.
 */
import { ZERO_UUID } from '../../base/uuid.ts'
import { ByteReader, MalformedMessage } from '../byteReader.ts'
import { written } from '../byteWriter.ts'
import {
  array,
  bytes,
  type Codec,
  type In,
  int32,
  int64,
  nullableString,
  type Out,
  since,
  string,
  struct,
  tagged,
  uuid,
  versionOf,
  versions,
} from '../schema.ts'

const offsetCommitKey = struct({ group: string, topic: string, partition: int32 })
const groupMetadataKey = struct({ group: string })

const offsetCommitFields = {
  offset: int64,
  leaderEpoch: since(3, int32, -1, 'ignorable'),
  metadata: string,
  commitTimestamp: int64,
  /** Only of commits that named a retention time (OffsetCommit versions 2-4); -1 otherwise. */
  expireTimestamp: versions([1, 1], int64, -1, 'ignorable'),
  topicId: tagged(0, 4, uuid, ZERO_UUID, 'ignorable'),
}
const offsetCommitValue = struct(offsetCommitFields)

const groupMetadataFields = {
  protocolType: string,
  generation: int32,
  protocol: nullableString,
  leader: nullableString,
  currentStateTimestamp: since(2, int64, -1, 'ignorable'),
  members: array({
    memberId: string,
    groupInstanceId: since(3, nullableString, null, 'ignorable'),
    clientId: string,
    clientHost: string,
    rebalanceTimeout: since(1, int32, -1, 'ignorable'),
    sessionTimeout: int32,
    subscription: bytes,
    assignment: bytes,
  }),
}
const groupMetadataValue = struct(groupMetadataFields)

const LEGACY_OFFSET_COMMIT = 0
const OFFSET_COMMIT = 1
const GROUP_METADATA = 2
const FLEXIBLE_FROM = 4
/** An expire timestamp travels in this version alone. */
const WITH_EXPIRY = 1

export type OffsetCommitValue = Out<typeof offsetCommitFields>
export type OffsetCommitValueInput = In<typeof offsetCommitFields>
export type GroupMetadataValue = Out<typeof groupMetadataFields>
export type GroupMetadataValueInput = In<typeof groupMetadataFields>

export type GroupRecord<Offset = OffsetCommitValue, Metadata = GroupMetadataValue> =
  | {
      readonly type: 'offsetCommit'
      readonly group: string
      readonly topic: string
      readonly partition: number
      readonly value: Offset | null
    }
  | { readonly type: 'groupMetadata'; readonly group: string; readonly value: Metadata | null }

export type GroupRecordInput = GroupRecord<OffsetCommitValueInput, GroupMetadataValueInput>

/** A record of the newer group protocols, or of a newer broker: skipped by who loads classic groups. */
export interface UnknownGroupRecord {
  readonly type: 'unknown'
  readonly recordType: number
}

/** Key and value as a 4.3 broker writes them. */
export function encodeGroupRecord(record: GroupRecordInput): { readonly key: Buffer; readonly value: Buffer | null } {
  if (record.type === 'groupMetadata') {
    return { key: keyed(GROUP_METADATA, groupMetadataKey, record), value: record.value && versioned(3, groupMetadataValue, record.value) }
  }
  const { value } = record
  const version = value?.expireTimestamp === undefined || value.expireTimestamp === -1 ? FLEXIBLE_FROM : WITH_EXPIRY
  return { key: keyed(OFFSET_COMMIT, offsetCommitKey, record), value: value && versioned(version, offsetCommitValue, value) }
}

/** Reads one record; `value` is null for a tombstone. */
export function decodeGroupRecord(key: Buffer, value: Buffer | null): GroupRecord | UnknownGroupRecord {
  const from = new ByteReader(key)
  const recordType = from.int16()
  const plain = versionOf(0, undefined)
  if (recordType === GROUP_METADATA) {
    return { type: 'groupMetadata', ...groupMetadataKey.read(from, plain), value: value && unversioned(groupMetadataValue, value) }
  }
  if (recordType === OFFSET_COMMIT || recordType === LEGACY_OFFSET_COMMIT) {
    return { type: 'offsetCommit', ...offsetCommitKey.read(from, plain), value: value && unversioned(offsetCommitValue, value) }
  }
  return { type: 'unknown', recordType }
}

function keyed<T>(recordType: number, codec: Codec<unknown, T>, key: T): Buffer {
  return written(to => {
    to.int16(recordType)
    codec.write(to, key, versionOf(0, undefined))
  })
}

function versioned<T>(version: number, codec: Codec<unknown, T>, value: T): Buffer {
  return written(to => {
    to.int16(version)
    codec.write(to, value, versionOf(version, FLEXIBLE_FROM))
  })
}

function unversioned<T>(codec: Codec<T, never>, value: Buffer): T {
  const from = new ByteReader(value)
  const version = from.int16()
  if (version < 0 || version > 4) throw new MalformedMessage(`version ${version} of a group record's value is not known`, 0)
  return codec.read(from, versionOf(version, FLEXIBLE_FROM))
}
