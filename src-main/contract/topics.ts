import { z } from 'zod'
import { BrokerId, InCluster, Nothing, Offset, TimestampMs, TopicName } from './common.ts'
import { ConfigEntry } from './configs.ts'
import { call, stream } from './operations.ts'

export const TopicSummary = z.object({
  name: z.string(),
  topicId: z.string().nullable(),
  isInternal: z.boolean(),
  partitions: z.number().int(),
  replicationFactor: z.number().int(),
  /** Sum over partitions of log end minus log start: an upper bound, compaction leaves gaps. */
  records: z.number().nullable(),
  /** Sum of the log ends: by how much it grows is what is produced. */
  logEndOffsets: z.number().nullable(),
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
  /** Those who may lead though they left the in-sync replicas (KIP-966); null where the cluster does not tell. */
  eligibleLeaderReplicas: z.array(BrokerId).nullable(),
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

export const TopicDetail = z.object({
  name: z.string(),
  topicId: z.string().nullable(),
  isInternal: z.boolean(),
  partitions: z.array(PartitionDetail),
  atMs: TimestampMs,
})
export type TopicDetail = z.infer<typeof TopicDetail>

/** What takes longer to learn of a topic than a list may take. Null where nobody could say. */
export const TopicSurvey = z.object({
  name: z.string(),
  /** Compaction leaves gaps: the distance between start and end is more than there are records. */
  isCompacted: z.boolean().nullable(),
  /** Partitions that have eligible leader replicas beside the in-sync ones (KIP-966). */
  withEligibleLeaders: z.number().int().nullable(),
  /** Of all groups that have committed offsets of it; null when there is none. */
  lag: z.number().nullable(),
  /** Sum of what those groups have committed: by how much it grows is what is consumed. */
  committedOffsets: z.number().nullable(),
})
export type TopicSurvey = z.infer<typeof TopicSurvey>

/** A value to set, or null: back to what counts without it. */
export const ConfigChange = z.object({ name: z.string().min(1), value: z.string().nullable() })
export type ConfigChange = z.infer<typeof ConfigChange>

/** Why the cluster refuses a change; without a name it is about all of them. */
export const ConfigProblem = z.object({ name: z.string().nullable(), message: z.string() })
export type ConfigProblem = z.infer<typeof ConfigProblem>

/** How a copy of a topic gets on. `created`: the topic is there, still empty. */
export const CloneProgress = z.object({
  phase: z.enum(['created', 'copying', 'done']),
  /** Offsets of the source that were read, of those it had at the beginning. */
  read: z.number().int(),
  all: z.number().int(),
  records: z.number().int(),
  bytes: z.number().int(),
})
export type CloneProgress = z.infer<typeof CloneProgress>

/** Counts by size: how many were of `upTo` bytes at most, and larger than the one before says. */
export const SizeHistogram = z.object({
  count: z.number().int(),
  sum: z.number(),
  least: z.number().int().nullable(),
  most: z.number().int().nullable(),
  buckets: z.array(z.object({ upTo: z.number().int(), count: z.number().int() })),
})
export type SizeHistogram = z.infer<typeof SizeHistogram>

/** What was counted so far. All figures are of the offsets that were read, which are a sample unless `read` comes to be `all`. */
export const TopicStatistics = z.object({
  /** Offsets between start and end when the run began. */
  all: z.number().int(),
  /** Offsets the run reads: fewer than all are taken evenly from every partition, in runs of `runLength`. */
  wanted: z.number().int(),
  runLength: z.number().int().nullable(),
  read: z.number().int(),
  isDone: z.boolean(),
  elapsedMs: z.number(),
  records: z.number().int(),
  nullKeys: z.number().int(),
  tombstones: z.number().int(),
  /** Counted as long as they are few, and then a HyperLogLog estimate; its standard error as a share, 0 when they were counted. */
  distinctKeys: z.number(),
  distinctError: z.number(),
  keyBytes: SizeHistogram,
  valueBytes: SizeHistogram,
  batches: z.number().int(),
  /** As the batches lie in the log, and what their records take unpacked. */
  storedBytes: z.number(),
  unpackedBytes: z.number(),
  codecs: z.array(z.object({ codec: z.string(), batches: z.number().int() })),
  partitions: z.array(z.object({ partition: z.number().int(), offsets: z.number().int(), records: z.number().int(), bytes: z.number() })),
  /** Records by timestamp, oldest first: the first bucket begins at `fromMs`, each is `stepMs` long. */
  times: z.object({ fromMs: z.number(), stepMs: z.number(), counts: z.array(z.number().int()) }).nullable(),
})
export type TopicStatistics = z.infer<typeof TopicStatistics>

const InTopic = InCluster.extend({ topic: z.string().min(1) })
const Changes = InTopic.extend({ changes: z.array(ConfigChange).min(1).max(200) })

export const topics = {
  list: call(InCluster, z.array(TopicSummary)),
  survey: call(InCluster, z.array(TopicSurvey)),
  describe: call(InTopic, TopicDetail),
  configs: call(InTopic, z.array(ConfigEntry)),
  /** What the cluster would say to these changes; nothing when it would make them. */
  checkConfigs: call(Changes, z.array(ConfigProblem)),
  /** All of them or none. */
  alterConfigs: call(Changes, Nothing),
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
  /** `partitions` in all from then on. Resolves as `create` does. */
  addPartitions: call(InTopic.extend({ partitions: z.number().int().min(1).max(10_000) }), Nothing),
  /** Moves the start of these partitions to an offset. Says of each where it starts now, or why it was not moved. */
  deleteRecords: call(
    InTopic.extend({
      partitions: z
        .array(z.object({ partition: z.number().int(), offset: Offset }))
        .min(1)
        .max(10_000),
    }),
    z.array(z.object({ partition: z.number().int(), logStartOffset: Offset.nullable(), problem: z.string().nullable() })),
  ),
  /**
   * Another topic with as many partitions and replicas and the same configs; `withRecords`, the records up to the end as of now as well, each in the
   * same partition, with key, headers and timestamp, in order. Aborting leaves what was copied.
   */
  clone: stream(InTopic.extend({ name: TopicName, withRecords: z.boolean() }), CloneProgress),
  /** Reads the topic, or about `sample` of its offsets, and counts. The counts so far a few times a second; the last has `isDone`. */
  statistics: stream(InTopic.extend({ sample: z.number().int().min(1).nullable() }), TopicStatistics),
  delete: call(InTopic, Nothing),
}
