import { ByteReader, MalformedMessage } from '../byteReader.ts'
import { written } from '../byteWriter.ts'
import {
  array,
  bool,
  bytes,
  float64,
  int16,
  int32,
  int64,
  int8,
  nullableArray,
  nullableString,
  since,
  string,
  tagged,
  uint16,
  uuid,
  withDefault,
  type Codec,
  type In,
  type Literal,
  type Out,
  struct,
  versionOf,
} from '../schema.ts'

/** Every record value of the metadata log begins with this, so that the framing itself can change one day. */
const FRAME_VERSION = 1

/** One kind of metadata record. All are flexible in every version. */
interface RecordKind<Name extends string, L extends Literal> {
  /** The number on the wire. */
  readonly type: number
  readonly name: Name
  /** Versions that can be read. */
  readonly versions: readonly [first: number, last: number]
  /** The version we write: readable by every broker from metadata.version 4.0-IV3 on. */
  readonly writes: number
  readonly codec: Codec<Out<L>, In<L>>
}

function record<Name extends string, L extends Literal>(
  type: number,
  name: Name,
  versions: readonly [first: number, last: number],
  writes: number,
  fields: L,
): RecordKind<Name, L> {
  return { type, name, versions, writes, codec: struct(fields) }
}

/** All records that the metadata log of a KRaft cluster may hold (KIP-631 and what came after it). */
export const metadataRecords = [
  record(0, 'RegisterBrokerRecord', [0, 4], 3, {
    brokerId: int32,
    isMigratingZkBroker: since(2, bool, false),
    incarnationId: uuid,
    brokerEpoch: int64,
    endPoints: array({ name: string, host: string, port: uint16, securityProtocol: int16 }),
    features: array({ name: string, minSupportedVersion: int16, maxSupportedVersion: int16 }),
    rack: nullableString,
    fenced: withDefault(bool, true),
    inControlledShutdown: since(1, bool, false),
    logDirs: tagged(0, 3, array(uuid), []),
    cordonedLogDirs: tagged(1, 4, nullableArray(uuid), null),
  }),
  record(1, 'UnregisterBrokerRecord', [0, 0], 0, { brokerId: int32, brokerEpoch: int64 }),
  record(2, 'TopicRecord', [0, 0], 0, { name: string, topicId: uuid }),
  record(3, 'PartitionRecord', [0, 2], 2, {
    partitionId: withDefault(int32, -1),
    topicId: uuid,
    replicas: array(int32),
    isr: array(int32),
    removingReplicas: array(int32),
    addingReplicas: array(int32),
    leader: withDefault(int32, -1),
    leaderRecoveryState: tagged(0, 0, int8, 0),
    leaderEpoch: withDefault(int32, -1),
    partitionEpoch: withDefault(int32, -1),
    directories: since(1, array(uuid), []),
    eligibleLeaderReplicas: tagged(1, 2, nullableArray(int32), null),
    lastKnownElr: tagged(2, 2, nullableArray(int32), null),
  }),
  record(4, 'ConfigRecord', [0, 0], 0, { resourceType: int8, resourceName: string, name: string, value: nullableString }),
  record(5, 'PartitionChangeRecord', [0, 2], 2, {
    partitionId: withDefault(int32, -1),
    topicId: uuid,
    isr: tagged(0, 0, nullableArray(int32), null),
    leader: tagged(1, 0, int32, -2),
    replicas: tagged(2, 0, nullableArray(int32), null),
    removingReplicas: tagged(3, 0, nullableArray(int32), null),
    addingReplicas: tagged(4, 0, nullableArray(int32), null),
    leaderRecoveryState: tagged(5, 0, int8, -1),
    directories: tagged(8, 1, nullableArray(uuid), null),
    eligibleLeaderReplicas: tagged(6, 2, nullableArray(int32), null),
    lastKnownElr: tagged(7, 2, nullableArray(int32), null),
  }),
  record(7, 'FenceBrokerRecord', [0, 0], 0, { id: int32, epoch: int64 }),
  record(8, 'UnfenceBrokerRecord', [0, 0], 0, { id: int32, epoch: int64 }),
  record(9, 'RemoveTopicRecord', [0, 0], 0, { topicId: uuid }),
  record(10, 'DelegationTokenRecord', [0, 0], 0, {
    owner: string,
    requester: string,
    renewers: array(string),
    issueTimestamp: int64,
    maxTimestamp: int64,
    expirationTimestamp: int64,
    tokenId: string,
  }),
  record(11, 'UserScramCredentialRecord', [0, 0], 0, {
    name: string,
    mechanism: int8,
    salt: bytes,
    storedKey: bytes,
    serverKey: bytes,
    iterations: int32,
  }),
  record(12, 'FeatureLevelRecord', [0, 0], 0, { name: string, featureLevel: int16 }),
  record(14, 'ClientQuotaRecord', [0, 0], 0, {
    entity: array({ entityType: string, entityName: nullableString }),
    key: string,
    value: float64,
    remove: bool,
  }),
  record(15, 'ProducerIdsRecord', [0, 0], 0, { brokerId: int32, brokerEpoch: withDefault(int64, -1), nextProducerId: int64 }),
  record(17, 'BrokerRegistrationChangeRecord', [0, 3], 2, {
    brokerId: int32,
    brokerEpoch: int64,
    fenced: tagged(0, 0, int8, 0),
    inControlledShutdown: tagged(1, 1, int8, 0),
    logDirs: tagged(2, 2, array(uuid), []),
    cordonedLogDirs: tagged(3, 3, nullableArray(uuid), null),
  }),
  record(18, 'AccessControlEntryRecord', [0, 0], 0, {
    id: uuid,
    resourceType: int8,
    resourceName: string,
    patternType: int8,
    principal: string,
    host: string,
    operation: int8,
    permissionType: int8,
  }),
  record(19, 'RemoveAccessControlEntryRecord', [0, 0], 0, { id: uuid }),
  record(20, 'NoOpRecord', [0, 0], 0, {}),
  record(21, 'ZkMigrationStateRecord', [0, 0], 0, { zkMigrationState: int8 }),
  record(22, 'RemoveUserScramCredentialRecord', [0, 0], 0, { name: string, mechanism: int8 }),
  record(23, 'BeginTransactionRecord', [0, 0], 0, { name: tagged(0, 0, nullableString, null) }),
  record(24, 'EndTransactionRecord', [0, 0], 0, {}),
  record(25, 'AbortTransactionRecord', [0, 0], 0, { reason: tagged(0, 0, nullableString, null) }),
  record(26, 'RemoveDelegationTokenRecord', [0, 0], 0, { tokenId: string }),
  record(27, 'RegisterControllerRecord', [0, 0], 0, {
    controllerId: int32,
    incarnationId: uuid,
    zkMigrationReady: bool,
    endPoints: array({ name: string, host: string, port: uint16, securityProtocol: int16 }),
    features: array({ name: string, minSupportedVersion: int16, maxSupportedVersion: int16 }),
  }),
  record(28, 'ClearElrRecord', [0, 0], 0, { topicName: string }),
  record(29, 'UnregisterControllerRecord', [0, 0], 0, { controllerId: int32 }),
] as const

type Kind = (typeof metadataRecords)[number]
export type MetadataRecordName = Kind['name']
type Named<Name extends MetadataRecordName> = Extract<Kind, { readonly name: Name }>

/** One record of the metadata log, complete: `type` is its name in Kafka, the rest its fields. */
export type MetadataRecord<Name extends MetadataRecordName = MetadataRecordName> = {
  [Each in Name]: { type: Each } & (Named<Each>['codec'] extends Codec<infer T, never> ? T : never)
}[Name]

/** What a writer gives of a record: fields with a default may be left out. */
export type MetadataRecordInput<Name extends MetadataRecordName = MetadataRecordName> = {
  [Each in Name]: { readonly type: Each } & (Named<Each>['codec'] extends Codec<unknown, infer T> ? T : never)
}[Name]

/** A record that this program is too old to understand. Nothing that comes after it in the log can be trusted to make sense. */
export interface UnknownMetadataRecord {
  readonly type: 'UnknownRecord'
  readonly recordType: number
  readonly version: number
}

const byName = new Map<string, (typeof metadataRecords)[number]>(metadataRecords.map(kind => [kind.name, kind]))
const byType = new Map<number, (typeof metadataRecords)[number]>(metadataRecords.map(kind => [kind.type, kind]))

function kindOf(name: MetadataRecordName): RecordKind<string, Literal> {
  return byName.get(name) as RecordKind<string, Literal>
}

/** The record's value as it lies in the log: frame version, type, version, fields. */
export function encodeMetadataRecord(given: MetadataRecordInput): Buffer {
  const { type, writes, codec } = kindOf(given.type)
  return written(to => {
    to.unsignedVarint(FRAME_VERSION)
    to.unsignedVarint(type)
    to.unsignedVarint(writes)
    codec.write(to, given as never, versionOf(writes, 0))
  })
}

/** Reads a record's value. */
export function decodeMetadataRecord(value: Buffer): MetadataRecord | UnknownMetadataRecord {
  const from = new ByteReader(value)
  const frame = from.unsignedVarint()
  if (frame !== FRAME_VERSION) throw new MalformedMessage(`metadata frame version ${frame} is not known`, 0)
  const recordType = from.unsignedVarint()
  const version = from.unsignedVarint()
  const kind = byType.get(recordType) as RecordKind<MetadataRecordName, Literal> | undefined
  if (kind === undefined || version > kind.versions[1]) return { type: 'UnknownRecord', recordType, version }
  const fields = kind.codec.read(from, versionOf(version, 0))
  if (from.remaining > 0) from.fail(`${from.remaining} bytes follow a ${kind.name}`)
  return { type: kind.name, ...fields } as MetadataRecord
}

/** Completes what a writer gives, so that it can be applied without a detour over its bytes. */
export function metadataRecord<Name extends MetadataRecordName>(given: MetadataRecordInput<Name>): MetadataRecord<Name> {
  const { shape } = kindOf(given.type).codec
  const complete: Record<string, unknown> = { type: given.type }
  if (shape.kind === 'struct') {
    for (const { name, absent } of shape.fields) {
      const value = (given as Readonly<Record<string, unknown>>)[name]
      complete[name] = value === undefined ? absent : value
    }
  }
  return complete as MetadataRecord<Name>
}
