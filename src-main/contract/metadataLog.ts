import { z } from 'zod'
import { BrokerId, InCluster, Offset, TimestampMs } from './common.ts'
import { call, stream } from './operations.ts'

/** What a record of the metadata log did, for a screen to put in words: one record may do several things. */
export const SayingKind = z.enum([
  'topicCreated',
  'topicDeleted',
  'partitionCreated',
  'leaderMoved',
  'leaderElected',
  'leaderAgain',
  'leaderGone',
  'isrShrunk',
  'isrExpanded',
  'isrChanged',
  'moveBegun',
  'moveDone',
  'moveCancelled',
  'replicasChanged',
  'recovering',
  'recovered',
  'eligibleChanged',
  'directoriesAssigned',
  'eligibleCleared',
  'brokerRegistered',
  'brokerUnregistered',
  'brokerFenced',
  'brokerUnfenced',
  'brokerLeaving',
  'brokerStays',
  'brokerDirectories',
  'configSet',
  'configUnset',
  'featureLevel',
  'quotaSet',
  'quotaRemoved',
  'scramSet',
  'scramRemoved',
  'aclAdded',
  'aclRemoved',
  'producerIds',
  'controllerRegistered',
  'controllerUnregistered',
  'quorumLeader',
  'quorumVoters',
  'quorumVersion',
  'transaction',
  'nothing',
  'unknown',
  'other',
])
export type SayingKind = z.infer<typeof SayingKind>

export const Saying = z.object({ kind: SayingKind, values: z.record(z.string(), z.union([z.string(), z.number()])) })
export type Saying = z.infer<typeof Saying>

/** One record of the metadata log. */
export const MetadataEntry = z.object({
  offset: Offset,
  epoch: z.number().int(),
  atMs: TimestampMs,
  /** Kafka's name of the record's type. */
  type: z.string(),
  topic: z.string().nullable(),
  partition: z.number().int().nullable(),
  /** Those that it is about: who is registered, leads, joins or leaves. */
  brokers: z.array(BrokerId),
  says: z.array(Saying),
})
export type MetadataEntry = z.infer<typeof MetadataEntry>

/** What is wanted of the log; what is empty or null wants all. */
export const EntryFilter = z.object({
  types: z.array(z.string()).max(100),
  /** A part of the topic's name. */
  topic: z.string().max(249),
  brokerId: BrokerId.nullable(),
})
export type EntryFilter = z.infer<typeof EntryFilter>

/** How far the log goes that is shown. */
export const MetadataLogExtent = z.object({
  /** Another number says that what was read before is not so any more: another broker's log is read. */
  generation: z.number().int(),
  /** Whose disk it is read from. */
  brokerId: BrokerId,
  entries: z.number().int(),
  /** Of the first and the last entry; null when there is none. */
  firstOffset: Offset.nullable(),
  lastOffset: Offset.nullable(),
  /** What came before the first entry: a snapshot stands for it, or it is too long ago to be kept in memory. Null when nothing did. */
  before: z.object({ endOffset: Offset, why: z.enum(['snapshot', 'tooMany']) }).nullable(),
  types: z.array(z.object({ type: z.string(), count: z.number().int() })),
  /** The log in as many equal parts as there are numbers: how many leaders and in-sync replicas were lost and brokers fenced in each. */
  troubles: z.array(z.number().int()),
  /** Why nothing after the last entry can be read. */
  problem: z.string().nullable(),
})
export type MetadataLogExtent = z.infer<typeof MetadataLogExtent>

export const BrokerThen = z.object({
  brokerId: BrokerId,
  brokerEpoch: z.number().int(),
  state: z.enum(['active', 'fenced', 'leaving']),
  address: z.string().nullable(),
  rack: z.string().nullable(),
  directories: z.array(z.string()),
  leaders: z.number().int(),
  replicas: z.number().int(),
  isChanged: z.boolean(),
})
export type BrokerThen = z.infer<typeof BrokerThen>

export const TopicThen = z.object({
  name: z.string(),
  topicId: z.string(),
  partitions: z.number().int(),
  leaderless: z.number().int(),
  underReplicated: z.number().int(),
  isChanged: z.boolean(),
})
export type TopicThen = z.infer<typeof TopicThen>

export const PartitionThen = z.object({
  partition: z.number().int(),
  leader: BrokerId.nullable(),
  leaderEpoch: z.number().int(),
  partitionEpoch: z.number().int(),
  replicas: z.array(BrokerId),
  inSyncReplicas: z.array(BrokerId),
  addingReplicas: z.array(BrokerId),
  removingReplicas: z.array(BrokerId),
  eligibleLeaderReplicas: z.array(BrokerId),
  isChanged: z.boolean(),
})
export type PartitionThen = z.infer<typeof PartitionThen>

export const ConfigThen = z.object({ resource: z.string(), name: z.string(), value: z.string(), isChanged: z.boolean() })
export type ConfigThen = z.infer<typeof ConfigThen>

/** What all records up to one add up to. */
export const ClusterThen = z.object({
  /** The last record that counts; null when the state is that before the first one that is kept. */
  entry: MetadataEntry.nullable(),
  /** Its fields as JSON, without what is secret. */
  fields: z.string(),
  /** Who led the quorum, as far as the log tells. */
  controllerId: BrokerId.nullable(),
  brokers: z.array(BrokerThen),
  topics: z.array(TopicThen),
  /** The topic of `partitions`: the one asked for if there was one, or the one that the record is about. */
  topic: z.string().nullable(),
  partitions: z.array(PartitionThen),
  configs: z.array(ConfigThen),
  features: z.array(z.object({ name: z.string(), level: z.number().int() })),
})
export type ClusterThen = z.infer<typeof ClusterThen>

/**
 * The metadata log of the local cluster, read from the disk of the broker that leads the quorum, or has the longest log when none does: brokers may be
 * stopped. Of any other cluster it cannot be read, and every operation fails with METADATA_LOG_ELSEWHERE.
 */
export const metadataLog = {
  /** How far it goes now, and again whenever that changes. */
  watch: stream(InCluster, MetadataLogExtent),
  /** Of those that the filter lets through, `count` from the `from`-th on, oldest first, and how many there are. */
  entries: call(
    InCluster.extend({ filter: EntryFilter, from: z.number().int().min(0), count: z.number().int().min(0).max(1_000) }),
    z.object({ generation: z.number().int(), total: z.number().int(), entries: z.array(MetadataEntry) }),
  ),
  /** Where among those that the filter lets through the last one at or before an offset is; null when all are behind it. */
  indexOf: call(InCluster.extend({ filter: EntryFilter, offset: Offset }), z.number().int().nullable()),
  /** The cluster once the last record at or before an offset counted. */
  stateAt: call(InCluster.extend({ offset: Offset, topic: z.string().nullable() }), ClusterThen),
}
