import { z } from 'zod'
import { TimestampMs } from './common.ts'
import { call } from './operations.ts'

/** One change that was asked for here, and what became of it. */
export const AuditEntry = z.object({
  atMs: TimestampMs,
  tookMs: z.number(),
  clusterId: z.string().nullable(),
  /** `subject.operation`. */
  operation: z.string(),
  /** What it was about: names and numbers, never values of records or configs. */
  about: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  outcome: z.enum(['done', 'failed', 'stopped']),
  /** Why it failed. */
  problem: z.string().nullable(),
})
export type AuditEntry = z.infer<typeof AuditEntry>

export const audit = {
  /**
   * The newest first. `hasMore`: there are older ones than `limit` asked for. `olderFiles` lie beside `file`, full; those before them were removed.
   * `problem`: why the log cannot be written, which means that later changes are missing.
   */
  list: call(
    z.object({ limit: z.number().int().min(1).max(100_000) }),
    z.object({
      entries: z.array(AuditEntry),
      hasMore: z.boolean(),
      file: z.string(),
      olderFiles: z.number().int(),
      problem: z.string().nullable(),
    }),
  ),
}
