import { z } from 'zod'
import { InCluster, TimestampMs } from './common.ts'

export const InGroup = InCluster.extend({ groupId: z.string().min(1) })

/** For how long samples are kept. */
export const WEEK_MS = 7 * 24 * 3_600_000

const Lags = z.array(z.number().nullable())

/** Lag at equal steps of time; null where nothing was noted down, because the host did not run or the cluster did not answer. */
export const LagHistory = z.object({
  atMs: z.array(TimestampMs),
  total: Lags,
  /** The furthest behind first. */
  partitions: z.array(z.object({ topic: z.string(), partition: z.number().int(), lag: Lags })),
  /** The oldest that is kept of this group. */
  sinceMs: TimestampMs.nullable(),
  /** Where the file is that could not be used, so that history began anew; null when nothing was lost. */
  setAside: z.string().nullable(),
  /** Whether history is kept beyond the end of the host. */
  isKept: z.boolean(),
})
export type LagHistory = z.infer<typeof LagHistory>

/** Raised when the group's lag was above `above` in each of the last `samples` samples, which are ten seconds apart. */
export const LagAlert = z.object({
  unit: z.enum(['records', 'seconds']),
  above: z.number().min(0),
  samples: z.number().int().min(1).max(360),
})
export type LagAlert = z.infer<typeof LagAlert>

export const LagAlertOfGroup = LagAlert.extend({ groupId: z.string() })
export type LagAlertOfGroup = z.infer<typeof LagAlertOfGroup>

export const LagAlarm = z.object({
  groupId: z.string(),
  isRaised: z.boolean(),
  atMs: TimestampMs,
  /** The lag in the rule's unit. */
  value: z.number(),
  alert: LagAlert,
})
export type LagAlarm = z.infer<typeof LagAlarm>
