/**
 * What members of a classic consumer group tell each other through the coordinator, who does not look inside: an int16 version, then the
 * struct, never flexible. Readers take what newer clients write for the newest they know, and ignore what follows.
 */
import { ByteReader } from '../byteReader.ts'
import { written } from '../byteWriter.ts'
import {
  array,
  type Codec,
  type In,
  int32,
  nullableBytes,
  nullableString,
  type Out,
  since,
  string,
  struct,
  versionOf,
  withDefault,
} from '../schema.ts'

const topicPartitions = { topic: string, partitions: array(int32) }

const subscriptionFields = {
  topics: array(string),
  userData: withDefault(nullableBytes, null),
  /** What the member holds at the moment, for incremental rebalancing (KIP-429). */
  ownedPartitions: since(1, array(topicPartitions), [], 'ignorable'),
  generationId: since(2, int32, -1, 'ignorable'),
  rackId: since(3, nullableString, null, 'ignorable'),
}
const assignmentFields = {
  assignedPartitions: array(topicPartitions),
  userData: withDefault(nullableBytes, null),
}
const subscription = struct(subscriptionFields)
const assignment = struct(assignmentFields)

export type ConsumerSubscription = Out<typeof subscriptionFields>
export type ConsumerAssignment = Out<typeof assignmentFields>

const NEWEST = 3

/** The metadata of a member in JoinGroup. */
export function encodeSubscription(value: In<typeof subscriptionFields>, version = NEWEST): Buffer {
  return prefixed(subscription, value, version)
}

export function decodeSubscription(metadata: Buffer): ConsumerSubscription {
  return unprefixed(subscription, metadata)
}

/** The assignment of a member in SyncGroup. */
export function encodeAssignment(value: In<typeof assignmentFields>, version = NEWEST): Buffer {
  return prefixed(assignment, value, version)
}

/** A member without partitions may get no bytes at all. */
export function decodeAssignment(bytes: Buffer): ConsumerAssignment {
  return bytes.length === 0 ? { assignedPartitions: [], userData: null } : unprefixed(assignment, bytes)
}

function prefixed<T>(codec: Codec<unknown, T>, value: T, version: number): Buffer {
  return written(to => {
    to.int16(version)
    codec.write(to, value, versionOf(version, undefined))
  })
}

function unprefixed<T>(codec: Codec<T, never>, bytes: Buffer): T {
  const from = new ByteReader(bytes)
  const version = from.int16()
  if (version < 0) from.fail(`version ${version} of the consumer protocol cannot be`)
  return codec.read(from, versionOf(Math.min(version, NEWEST), undefined))
}
