import { z } from 'zod'
import { BrokerId, InCluster, Nothing, Offset, TimestampMs, TopicName } from './common.ts'
import { call } from './operations.ts'

export const TopicSummary = z.object({
  name: z.string(),
  topicId: z.string().nullable(),
  isInternal: z.boolean(),
  partitions: z.number().int(),
  replicationFactor: z.number().int(),
  /** Sum over partitions of log end minus log start: an upper bound, compaction leaves gaps. */
  records: z.number().nullable(),
  /** On the leaders. */
  sizeBytes: z.number().nullable(),
  underReplicated: z.number().int(),
  offline: z.number().int(),
})
export type TopicSummary = z.infer<typeof TopicSummary>

export const PartitionDetail = z.object({
  partition: z.number().int(),
  leader: BrokerId.nullable(),
  leaderEpoch: z.number().int(),
  replicas: z.array(BrokerId),
  inSyncReplicas: z.array(BrokerId),
  logStartOffset: Offset.nullable(),
  highWatermark: Offset.nullable(),
  /** Per replica, where it can be known (DescribeLogDirs, or our own brokers' statistics). */
  replicaLogs: z.array(
    z.object({
      brokerId: BrokerId,
      isOnline: z.boolean(),
      logStartOffset: Offset.nullable(),
      highWatermark: Offset.nullable(),
      logEndOffset: Offset.nullable(),
      sizeBytes: z.number().nullable(),
      offsetLag: Offset.nullable(),
    }),
  ),
})
export type PartitionDetail = z.infer<typeof PartitionDetail>

export const ConfigEntry = z.object({
  name: z.string(),
  value: z.string().nullable(),
  isDefault: z.boolean(),
  source: z.string(),
  isReadOnly: z.boolean(),
  isSensitive: z.boolean(),
  documentation: z.string().nullable(),
})
export type ConfigEntry = z.infer<typeof ConfigEntry>

export const TopicDetail = z.object({
  name: z.string(),
  topicId: z.string().nullable(),
  isInternal: z.boolean(),
  partitions: z.array(PartitionDetail),
  atMs: TimestampMs,
})
export type TopicDetail = z.infer<typeof TopicDetail>

const InTopic = InCluster.extend({ topic: z.string().min(1) })

export const topics = {
  list: call(InCluster, z.array(TopicSummary)),
  describe: call(InTopic, TopicDetail),
  configs: call(InTopic, z.array(ConfigEntry)),
  /** `null` leaves the choice to the cluster's defaults. Resolves when every partition has a leader, as a client would see it. */
  create: call(
    InCluster.extend({
      name: TopicName,
      partitions: z.number().int().min(1).max(10_000).nullable(),
      replicationFactor: z.number().int().min(1).max(32).nullable(),
      configs: z.record(z.string(), z.string()),
    }),
    Nothing,
  ),
  delete: call(InTopic, Nothing),
}
