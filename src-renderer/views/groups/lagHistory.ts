import type { GroupDetail } from '../../../src-main/contract/groups.ts'

/** One look at a group: what the chart and the rates are made of. */
export interface LagSample {
  readonly atMs: number
  readonly totalLag: number | null
  /** Sums over the partitions whose offsets were known; only differences mean something. */
  readonly committed: number
  readonly logEnd: number
  readonly lagOf: ReadonlyMap<string, number>
}

/** Half an hour at a look each second. */
const KEPT = 1800
const RATE_WINDOW_MS = 10_000

export const partitionName = (partition: { topic: string; partition: number }) => `${partition.topic}-${partition.partition}`

export function addLook(history: readonly LagSample[], group: GroupDetail): readonly LagSample[] {
  const known = group.partitions.filter(each => each.committedOffset !== null && each.logEndOffset !== null)
  const sample = {
    atMs: group.atMs,
    totalLag: group.totalLag,
    committed: known.reduce((sum, each) => sum + (each.committedOffset ?? 0), 0),
    logEnd: known.reduce((sum, each) => sum + (each.logEndOffset ?? 0), 0),
    lagOf: new Map(known.map(each => [partitionName(each), each.lag ?? 0])),
  }
  const before = history.at(-1)
  if (before !== undefined && sample.atMs <= before.atMs) return history
  // Another set of partitions makes the sums incomparable: the rates start anew, the curve goes on.
  return [...history, sample].slice(-KEPT)
}

/** Records per second over the last ten seconds; `null` until two looks of the same partitions are a second apart. */
export function ratesOf(history: readonly LagSample[]): { consumed: number; produced: number } | null {
  const last = history.at(-1)
  if (!last) return null
  const first = history.find(each => last.atMs - each.atMs <= RATE_WINDOW_MS && each.lagOf.size === last.lagOf.size)
  const seconds = first ? (last.atMs - first.atMs) / 1000 : 0
  if (!first || seconds < 1) return null
  return {
    consumed: Math.max(0, (last.committed - first.committed) / seconds),
    produced: Math.max(0, (last.logEnd - first.logEnd) / seconds),
  }
}

export type Verdict = 'caughtUp' | 'rebalancing' | 'behind' | 'stalled' | 'waiting' | 'uncommitted'

/** What the strip says: waiting means records and nobody to read them; stalled, members that commit nothing. */
export function verdictOf(group: GroupDetail, rates: { consumed: number } | null): Verdict {
  if (group.partitions.length === 0) return 'uncommitted'
  const behind = group.partitions.some(each => (each.lag ?? 0) > 0)
  if (!behind) return 'caughtUp'
  if (group.members.length === 0) return 'waiting'
  if (group.state !== 'Stable') return 'rebalancing'
  return rates !== null && rates.consumed === 0 ? 'stalled' : 'behind'
}
