import type { GroupDetail, LagStatus, PartitionLag } from '../../../src-main/contract/groups.ts'

/** Between two commits of a usual client nothing is the matter. */
const WORTH_A_WORD_MS = 10_000

export type Verdict = LagStatus | 'rebalancing' | 'uncommitted' | 'caughtUp' | 'behind'

export interface GroupVerdict {
  readonly verdict: Verdict
  /** The partitions it is about. */
  readonly partitions: number
  /** Others that have unread records. */
  readonly others: number
  /** When the last of those that have an estimate is caught up; null when any that is behind has none. */
  readonly caughtUpInMs: number | null
}

/** Whether a partition's records wait for longer than a reader needs between two commits, or its reader is not well. */
export const isBehind = ({ lag, lagMs, status }: PartitionLag) =>
  lag !== null && lag > 0 && (status !== 'ok' || (lagMs ?? 0) >= WORTH_A_WORD_MS)

/** What the strip says of a group, in one sentence and its aside. */
export function verdictOf({ partitions, state, status }: GroupDetail): GroupVerdict {
  const judged = partitions.filter(({ lag }) => lag !== null)
  const unread = judged.filter(({ lag }) => lag !== null && lag > 0)
  const behind = judged.filter(isBehind)
  const estimates = behind.map(({ caughtUpInMs }) => caughtUpInMs)
  const caughtUpInMs = estimates.length === 0 || estimates.includes(null) ? null : Math.max(...estimates.map(each => each ?? 0))
  const about = (verdict: Verdict, of: readonly PartitionLag[]): GroupVerdict => ({
    verdict,
    partitions: of.length,
    others: behind.filter(each => !of.includes(each)).length,
    caughtUpInMs,
  })
  if (judged.length === 0) return about('uncommitted', [])
  if (unread.length === 0) return about('caughtUp', judged)
  if (state.endsWith('Rebalance') || state === 'Assigning' || state === 'Reconciling') return about('rebalancing', unread)
  if (status === 'ok') return about('ok', unread)
  if (status === 'unknown') return about('behind', unread)
  return about(
    status,
    judged.filter(each => each.status === status),
  )
}

export type Note =
  | { readonly key: 'uncommitted' | 'caughtUp' | 'keepsUp' | 'watched' | 'wentBack' }
  | { readonly key: 'catchingUp' | 'fallsBehind'; readonly perSecond: number }
  | { readonly key: 'noCommit' | 'nobody'; readonly ms: number }

/** What there is to say of a partition beside its numbers. */
export function noteOf({
  committedOffset,
  lag,
  lagMs,
  status,
  consumedPerSecond,
  producedPerSecond,
  stillMs,
}: PartitionLag): Note | undefined {
  if (committedOffset === null) return { key: 'uncommitted' }
  if (lag === null) return undefined
  if (lag === 0) return { key: 'caughtUp' }
  const gain = (consumedPerSecond ?? 0) - (producedPerSecond ?? 0)
  switch (status) {
    case 'ok':
      if ((lagMs ?? 0) < WORTH_A_WORD_MS) return { key: 'keepsUp' }
      if (gain > 0) return { key: 'catchingUp', perSecond: gain }
      return (stillMs ?? 0) < WORTH_A_WORD_MS ? { key: 'keepsUp' } : { key: 'noCommit', ms: stillMs ?? 0 }
    case 'warning':
      return gain > 0 ? { key: 'catchingUp', perSecond: gain } : { key: 'fallsBehind', perSecond: -gain }
    case 'stalled':
      return { key: 'noCommit', ms: stillMs ?? 0 }
    case 'stopped':
      return { key: 'nobody', ms: stillMs ?? 0 }
    case 'rewound':
      return { key: 'wentBack' }
    case 'unknown':
      return { key: 'watched' }
  }
}
