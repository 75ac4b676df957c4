import { z } from 'zod'
import { BrokerId, InCluster, Nothing, Offset, TimestampMs } from './common.ts'
import { call, stream } from './operations.ts'

export const GroupState = z.enum([
  'Empty',
  'PreparingRebalance',
  'CompletingRebalance',
  'Assigning',
  'Reconciling',
  'Stable',
  'Dead',
  'Unknown',
])
export type GroupState = z.infer<typeof GroupState>

export const GroupSummary = z.object({
  groupId: z.string(),
  state: GroupState,
  protocolType: z.string(),
  members: z.number().int().nullable(),
  coordinator: BrokerId.nullable(),
  topics: z.array(z.string()),
  totalLag: z.number().nullable(),
})
export type GroupSummary = z.infer<typeof GroupSummary>

export const GroupMember = z.object({
  memberId: z.string(),
  groupInstanceId: z.string().nullable(),
  clientId: z.string(),
  clientHost: z.string(),
  assignment: z.array(z.object({ topic: z.string(), partitions: z.array(z.number().int()) })),
})
export type GroupMember = z.infer<typeof GroupMember>

export const PartitionLag = z.object({
  topic: z.string(),
  partition: z.number().int(),
  /** `null`: nothing was committed. */
  committedOffset: Offset.nullable(),
  logEndOffset: Offset.nullable(),
  lag: z.number().nullable(),
  /** The member that owns it now. */
  memberId: z.string().nullable(),
})
export type PartitionLag = z.infer<typeof PartitionLag>

export const GroupDetail = z.object({
  groupId: z.string(),
  state: GroupState,
  protocolType: z.string(),
  assignor: z.string(),
  coordinator: BrokerId.nullable(),
  members: z.array(GroupMember),
  partitions: z.array(PartitionLag),
  totalLag: z.number().nullable(),
  atMs: TimestampMs,
})
export type GroupDetail = z.infer<typeof GroupDetail>

const InGroup = InCluster.extend({ groupId: z.string().min(1) })

export const groups = {
  list: call(InCluster, z.array(GroupSummary)),
  describe: call(InGroup, GroupDetail),
  /** The group as it is, again every `everyMs`. */
  watch: stream(InGroup.extend({ everyMs: z.number().int().min(200).max(60_000) }), GroupDetail),
  delete: call(InGroup, Nothing),
}
