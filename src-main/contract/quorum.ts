import { z } from 'zod'
import { BrokerId, InCluster, Offset, TimestampMs } from './common.ts'
import { call } from './operations.ts'

/** One that has the metadata log: it votes, or it only listens. What the cluster is too old to tell is null, and so is what it does not know. */
export const QuorumReplica = z.object({
  nodeId: BrokerId,
  role: z.enum(['leader', 'voter', 'observer']),
  directoryId: z.string().nullable(),
  address: z.string().nullable(),
  logEndOffset: Offset.nullable(),
  /** How many records it lacks of the leader's log. */
  lag: z.number().int().nullable(),
  /** By the leader's clock, as the one below: when it fetched last, and when it last had all there was. */
  lastFetchMs: TimestampMs.nullable(),
  lastCaughtUpMs: TimestampMs.nullable(),
})
export type QuorumReplica = z.infer<typeof QuorumReplica>

export const QuorumDetail = z.object({
  atMs: TimestampMs,
  leaderId: BrokerId.nullable(),
  leaderEpoch: z.number().int(),
  /** Everything below it is on a majority of the voters. */
  highWatermark: Offset.nullable(),
  /** Voters first, each by id. */
  replicas: z.array(QuorumReplica),
})
export type QuorumDetail = z.infer<typeof QuorumDetail>

/** Who holds the cluster's metadata (KRaft): any cluster that answers DescribeQuorum. */
export const quorum = {
  describe: call(InCluster, QuorumDetail),
}
