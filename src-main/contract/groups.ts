import { z } from 'zod'
import { BrokerId, InCluster, Nothing, Offset, TimestampMs } from './common.ts'
import { InGroup, LagAlarm, LagAlert, LagAlertOfGroup, LagHistory, WEEK_MS } from './lagHistory.ts'
import { PlannedOffset, ResetPlan, ResetScope, ResetTarget } from './offsetReset.ts'
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

/**
 * How a partition's reader, or a whole group's worst one, has done over the last minutes: `warning` commits and falls behind all the same, or is
 * minutes behind; `stalled` is there and its committed offset stands still; `stopped` is not there; `rewound` went back. `unknown` was not looked at
 * for long enough.
 */
export const LagStatus = z.enum(['ok', 'warning', 'stalled', 'stopped', 'rewound', 'unknown'])
export type LagStatus = z.infer<typeof LagStatus>

export const GroupSummary = z.object({
  groupId: z.string(),
  state: GroupState,
  protocolType: z.string(),
  members: z.number().int().nullable(),
  coordinator: BrokerId.nullable(),
  topics: z.array(z.string()),
  totalLag: z.number().nullable(),
  /** How old the oldest record is that nobody of the group has read, among the partitions of which it is known. */
  lagMs: z.number().nullable(),
  status: LagStatus,
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
  /** How old the record at the committed offset is: since when the next record to be read waits. 0 where none waits. */
  lagMs: z.number().nullable(),
  status: LagStatus,
  /** Over the last minute, or as long as it was looked at. Null after a single look, and right after the committed offset went back. */
  consumedPerSecond: z.number().nullable(),
  producedPerSecond: z.number().nullable(),
  /** From now, at these rates. Null where nothing is to be caught up with, where it is not getting less, and for `stalled`. */
  caughtUpInMs: z.number().nullable(),
  /** For how long the committed offset has stood still, as far as anybody looked. */
  stillMs: z.number().nullable(),
  /** The member that owns it now. */
  memberId: z.string().nullable(),
})
export type PartitionLag = z.infer<typeof PartitionLag>

/** What the group's coordinator can be asked to change. */
export const GroupOffers = z.object({
  resetOffsets: z.boolean(),
  deleteOffsets: z.boolean(),
  removeMember: z.boolean(),
  deleteGroup: z.boolean(),
})
export type GroupOffers = z.infer<typeof GroupOffers>

export const GroupDetail = z.object({
  groupId: z.string(),
  state: GroupState,
  protocolType: z.string(),
  assignor: z.string(),
  coordinator: BrokerId.nullable(),
  members: z.array(GroupMember),
  partitions: z.array(PartitionLag),
  totalLag: z.number().nullable(),
  lagMs: z.number().nullable(),
  status: LagStatus,
  consumedPerSecond: z.number().nullable(),
  producedPerSecond: z.number().nullable(),
  /** Over how much time the rates were counted, and with them the estimates, once it was looked at for so long. */
  rateSpanMs: z.number(),
  offers: GroupOffers,
  atMs: TimestampMs,
})
export type GroupDetail = z.infer<typeof GroupDetail>

/** Why a member was taken out is told to the member, and written to the coordinator's log. */
const REASON_LENGTH = 255

export const groups = {
  list: call(InCluster, z.array(GroupSummary)),
  describe: call(InGroup, GroupDetail),
  /** The group as it is, again every `everyMs`. */
  watch: stream(InGroup.extend({ everyMs: z.number().int().min(200).max(60_000) }), GroupDetail),
  delete: call(InGroup, Nothing),
  /** Forgets the committed offsets of a topic that no member reads. Null stands for all of its partitions. */
  deleteOffsets: call(InGroup.extend({ topic: z.string().min(1), partitions: z.array(z.number().int().min(0)).nullable() }), Nothing),
  /** Takes a member out of a classic group: a static one by its instance id. A consumer that still runs joins again. */
  removeMember: call(
    InGroup.extend({ memberId: z.string(), groupInstanceId: z.string().nullable(), reason: z.string().max(REASON_LENGTH) }),
    Nothing,
  ),
  /** What a reset would do to each partition; changes nothing. */
  planReset: call(InGroup.extend({ target: ResetTarget, scope: ResetScope }), ResetPlan),
  /**
   * Commits these offsets and reads them back. Refused with NON_EMPTY_GROUP while the group has members, and with PLAN_OUTDATED when an offset
   * is not any more what the plan says it was; then nothing has changed.
   */
  reset: call(InGroup.extend({ offsets: z.array(PlannedOffset).min(1).max(100_000) }), Nothing),
  /** What the host has noted down over the last `spanMs`, at so many points in time, of the partitions that are furthest behind now. */
  history: call(
    InGroup.extend({
      spanMs: z.number().int().min(60_000).max(WEEK_MS),
      points: z.number().int().min(2).max(1_000),
      partitions: z.number().int().min(0).max(500),
    }),
    LagHistory,
  ),
  alerts: call(InCluster, z.array(LagAlertOfGroup)),
  /** Null takes the group's rule away. */
  setAlert: call(InGroup.extend({ alert: LagAlert.nullable() }), Nothing),
  /** The alarms that are raised now, then each one as it is raised or over. */
  alarms: stream(InCluster, LagAlarm),
}
