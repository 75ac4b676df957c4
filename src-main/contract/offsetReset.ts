import { z } from 'zod'
import { Offset, TimestampMs } from './common.ts'

const Partition = z.number().int().min(0)
const OffsetOfPartition = z.object({ topic: z.string().min(1), partition: Partition, offset: Offset.min(0) })

/** Where a group is to go on reading. All of them end inside the log: nobody can read before its start or behind its end. */
export const ResetTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('earliest') }),
  z.object({ kind: z.literal('latest') }),
  z.object({ kind: z.literal('offset'), offset: Offset.min(0) }),
  /** The first record at or after a time; the end where there is none. */
  z.object({ kind: z.literal('time'), timestampMs: TimestampMs }),
  /** As `time`, so long before now. */
  z.object({ kind: z.literal('duration'), durationMs: z.number().int().min(0) }),
  /** By so many offsets from what is committed, backwards when negative. */
  z.object({ kind: z.literal('shift'), by: z.number().int() }),
  /** What another group has committed. */
  z.object({ kind: z.literal('group'), groupId: z.string().min(1) }),
  z.object({ kind: z.literal('list'), offsets: z.array(OffsetOfPartition).max(100_000) }),
])
export type ResetTarget = z.infer<typeof ResetTarget>

/** Null stands for all that the group has read, or all partitions of a topic. */
export const ResetScope = z.array(z.object({ topic: z.string().min(1), partitions: z.array(Partition).nullable() })).nullable()
export type ResetScope = z.infer<typeof ResetScope>

/**
 * Why a partition goes elsewhere than was asked: the log does not reach so far, no record is so young, nothing was committed to shift or copy, or
 * the cluster could not tell. The last three leave a partition as it is.
 */
export const ResetNote = z.enum(['asAsked', 'atStart', 'atEnd', 'noYoungerRecord', 'nothingToShift', 'nothingToCopy', 'unknown'])
export type ResetNote = z.infer<typeof ResetNote>

export const ResetRow = z.object({
  topic: z.string(),
  partition: z.number().int(),
  /** Null: nothing was committed. */
  before: Offset.nullable(),
  /** Null: it stays as it is. */
  after: Offset.nullable(),
  /** Offsets that will be read a second time, and offsets that nobody of the group will read. Only those that the log still has. */
  readAgain: z.number().int(),
  skipped: z.number().int(),
  note: ResetNote,
})
export type ResetRow = z.infer<typeof ResetRow>

export const ResetPlan = z.object({
  rows: z.array(ResetRow),
  /** Kafka refuses a reset while there are any. */
  members: z.number().int(),
  atMs: TimestampMs,
})
export type ResetPlan = z.infer<typeof ResetPlan>

export const PlannedOffset = z.object({ topic: z.string().min(1), partition: Partition, before: Offset.nullable(), after: Offset.min(0) })
export type PlannedOffset = z.infer<typeof PlannedOffset>
