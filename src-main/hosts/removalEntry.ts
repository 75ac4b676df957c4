import type { ThrottleRemoved } from '../admin/reassignments/throttleWatch.ts'
import type { AuditEntry } from '../contract/audit.ts'

/** The line of the audit log on a throttle that Trilog took away by itself. */
export const removalEntry = ({ clusterId, topics, moves, tookMs, problem }: ThrottleRemoved, nowMs: number): AuditEntry => ({
  atMs: nowMs,
  tookMs: Math.round(tookMs),
  clusterId,
  operation: 'reassignments.unthrottle',
  about: { by: 'Trilog', because: 'moves ended', moves, topics: topics.length > MOST_NAMED ? topics.length : topics.join(', ') },
  outcome: problem === null ? 'done' : 'failed',
  problem,
})

const MOST_NAMED = 20
