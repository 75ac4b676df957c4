/**
 * The records of `__consumer_offsets` for the groups after the classic ones: consumer groups (KIP-848), share groups (KIP-932) and streams groups
 * (KIP-1071). A key begins with the int16 record type, a value with the int16 version of its schema, of which there is only 0 so far.
 */
import { ByteReader, MalformedMessage } from '../byteReader.ts'
import {
  array,
  bits64,
  bytes,
  type Codec,
  int16,
  int32,
  int64,
  int8,
  type Literal,
  nullableArray,
  nullableString,
  nullableStruct,
  type Out,
  string,
  struct,
  tagged,
  uint16,
  uuid,
  versionOf,
  withDefault,
} from '../schema.ts'

/** One kind of record: its number, its name, and what its key and its value hold. */
export interface NewerGroupRecordKind {
  readonly recordType: number
  readonly name: string
  readonly key: Codec<unknown, unknown>
  readonly value: Codec<unknown, unknown>
}

/** A record of one of these kinds: the parts of its key beside its type, and a value that is null for a tombstone. */
export interface NewerGroupRecord {
  readonly type: string
  readonly group: string
  readonly value: object | null
}

/** A record that no schema of ours describes; `name` where Kafka's name of the type is known nevertheless. */
export interface UndescribedGroupRecord {
  readonly type: 'unknown'
  readonly recordType: number
  readonly name: string | undefined
}

const ofGroup = { group: string }
const ofMember = { group: string, memberId: string }

/** Each new epoch is told with a hash of what the topics of the group looked like. A hash is bits: it may be any int64. */
const groupEpoch = { epoch: int32, metadataHash: bits64 }
const targetAssignment = { assignmentEpoch: int32, assignmentTimestamp: tagged(0, 0, int64, 0, 'ignorable') }
const topicPartitions = { topicId: uuid, partitions: array(int32) }
const ownedPartitions = { ...topicPartitions, assignmentEpochs: tagged(0, 0, nullableArray(int32), null) }
const namedPartitions = { topicId: uuid, topicName: string, partitions: array(int32) }
const tasks = { subtopologyId: string, partitions: array(int32) }
const ownedTasks = { ...tasks, assignmentEpochs: tagged(0, 0, nullableArray(int32), null) }
const nameAndValue = { key: string, value: string }
const streamsTopic = { name: string, partitions: int32, replicationFactor: int16, topicConfigs: array(nameAndValue) }

const classicMember = { sessionTimeoutMs: int32, supportedProtocols: array({ name: string, metadata: bytes }) }

/** What a consumer group keeps of a member that still speaks the classic protocol. */
export type ClassicMember = Out<typeof classicMember>

const kind = (recordType: number, name: string, key: Literal, value: Literal): NewerGroupRecordKind => ({
  recordType,
  name,
  key: struct(key),
  value: struct(value),
})

/** Every kind that is described, by its number. */
export const newerGroupRecords: readonly NewerGroupRecordKind[] = [
  kind(3, 'consumerGroupMetadata', ofGroup, { epoch: int32, metadataHash: tagged(0, 0, bits64, 0n) }),
  kind(4, 'consumerGroupPartitionMetadata', ofGroup, {
    topics: array({
      topicId: uuid,
      topicName: string,
      numPartitions: int32,
      partitionMetadata: array({ partition: int32, racks: array(string) }),
    }),
  }),
  kind(5, 'consumerGroupMemberMetadata', ofMember, {
    instanceId: nullableString,
    rackId: nullableString,
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
    subscribedTopicRegex: nullableString,
    rebalanceTimeoutMs: withDefault(int32, -1),
    serverAssignor: nullableString,
    classicMemberMetadata: tagged(0, 0, nullableStruct(classicMember), null),
  }),
  kind(6, 'consumerGroupTargetAssignmentMetadata', ofGroup, targetAssignment),
  kind(7, 'consumerGroupTargetAssignmentMember', ofMember, { topicPartitions: array(topicPartitions) }),
  kind(8, 'consumerGroupCurrentMemberAssignment', ofMember, {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    assignedPartitions: array(ownedPartitions),
    partitionsPendingRevocation: array(ownedPartitions),
  }),
  kind(10, 'shareGroupMemberMetadata', ofMember, {
    rackId: nullableString,
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
  }),
  kind(11, 'shareGroupMetadata', ofGroup, groupEpoch),
  kind(12, 'shareGroupTargetAssignmentMetadata', ofGroup, targetAssignment),
  kind(13, 'shareGroupTargetAssignmentMember', ofMember, { topicPartitions: array(topicPartitions) }),
  kind(14, 'shareGroupCurrentMemberAssignment', ofMember, {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    assignedPartitions: array(topicPartitions),
  }),
  kind(15, 'shareGroupStatePartitionMetadata', ofGroup, {
    initializingTopics: array(namedPartitions),
    initializedTopics: array(namedPartitions),
    deletingTopics: array({ topicId: uuid, topicName: string }),
  }),
  kind(
    16,
    'consumerGroupRegularExpression',
    { group: string, regularExpression: string },
    { topics: array(string), version: int64, timestamp: int64 },
  ),
  kind(17, 'streamsGroupMetadata', ofGroup, {
    ...groupEpoch,
    validatedTopologyEpoch: tagged(0, 0, int32, -1),
    lastAssignmentConfigs: tagged(1, 0, nullableArray(nameAndValue), null),
    storedDescriptionTopologyEpoch: tagged(2, 0, int32, -1),
    failedDescriptionTopologyEpoch: tagged(3, 0, int32, -1),
  }),
  kind(19, 'streamsGroupMemberMetadata', ofMember, {
    instanceId: nullableString,
    rackId: nullableString,
    clientId: string,
    clientHost: string,
    rebalanceTimeoutMs: withDefault(int32, -1),
    topologyEpoch: int32,
    processId: string,
    userEndpoint: withDefault(nullableStruct({ host: string, port: uint16 }), null),
    clientTags: array(nameAndValue),
  }),
  kind(20, 'streamsGroupTargetAssignmentMetadata', ofGroup, targetAssignment),
  kind(21, 'streamsGroupTargetAssignmentMember', ofMember, {
    activeTasks: array(tasks),
    standbyTasks: array(tasks),
    warmupTasks: array(tasks),
  }),
  kind(22, 'streamsGroupCurrentMemberAssignment', ofMember, {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    activeTasks: array(ownedTasks),
    standbyTasks: array(ownedTasks),
    warmupTasks: array(ownedTasks),
    activeTasksPendingRevocation: array(ownedTasks),
    standbyTasksPendingRevocation: array(ownedTasks),
    warmupTasksPendingRevocation: array(ownedTasks),
  }),
  kind(23, 'streamsGroupTopology', ofGroup, {
    epoch: int32,
    subtopologies: array({
      subtopologyId: string,
      sourceTopics: array(string),
      sourceTopicRegex: array(string),
      stateChangelogTopics: array(streamsTopic),
      repartitionSinkTopics: array(string),
      repartitionSourceTopics: array(streamsTopic),
      copartitionGroups: array({
        sourceTopics: array(int16),
        sourceTopicRegex: array(int16),
        repartitionSourceTopics: array(int16),
      }),
    }),
  }),
]

/** Written by early versions of Kafka 4 and dropped since: nothing describes what they hold. */
const DROPPED: Readonly<Record<number, string>> = { 9: 'shareGroupPartitionMetadata', 18: 'streamsGroupPartitionMetadata' }

const byType = new Map(newerGroupRecords.map(each => [each.recordType, each]))

/** Reads one record. Throws `MalformedMessage`. */
export function decodeNewerGroupRecord(key: Buffer, value: Buffer | null): NewerGroupRecord | UndescribedGroupRecord {
  const from = new ByteReader(key)
  const recordType = from.int16()
  const found = byType.get(recordType)
  if (found === undefined) return { type: 'unknown', recordType, name: DROPPED[recordType] }
  const named = found.key.read(from, versionOf(0, undefined)) as { readonly group: string }
  return { type: found.name, ...named, value: value && (valueOf(found, value) as object) }
}

function valueOf({ name, value: codec }: NewerGroupRecordKind, value: Buffer): unknown {
  const from = new ByteReader(value)
  const version = from.int16()
  if (version !== 0) throw new MalformedMessage(`version ${version} of the value of ${name} is not known`, 0)
  return codec.read(from, versionOf(0, 0))
}
