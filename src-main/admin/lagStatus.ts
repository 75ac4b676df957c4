import type { LagStatus } from '../contract/groups.ts'

/** One look at a partition that a group reads. */
export interface LagSample {
  readonly atMs: number
  readonly committed: number
  readonly end: number
  /** Whether the group had members, whoever of them read this partition: while a group rebalances, nobody does. */
  readonly hasMembers: boolean
}

export interface Rates {
  readonly consumedPerSecond: number
  readonly producedPerSecond: number
  /** What they were measured over. */
  readonly spanMs: number
}

/** What the status is decided from. */
export const STATUS_WINDOW_MS = 100_000
/** For how long nothing has to be read before that means something: clients commit every five seconds, unless told otherwise. */
const STILL_MS = 30_000
/** Without members there is nothing to wait for, but a commit that was under way, and who reads without being a member. */
const GONE_MS = 10_000
/** So many times in a row lag has to have grown. Two samples are a coincidence. */
const GROWING_SAMPLES = 4
/** What rates are counted over, and with them the estimate of the time to catch up. */
export const RATE_WINDOW_MS = 60_000
/** A shorter span measures the rhythm of commits and nothing else. */
const LEAST_RATE_SPAN_MS = 1_000
const LEAST_ESTIMATE_SPAN_MS = 10_000

const lagOf = ({ committed, end }: LagSample) => Math.max(0, end - committed)

/**
 * What a partition's last samples, oldest first, say of its reader. The rules are those of Burrow, where a sliding window decides and no threshold:
 *
 *   ok        nothing is unread, or sometimes nothing was, or lag falls now and then
 *   rewound   the committed offset went back, by a reset or because a consumer committed what it had read earlier
 *   stopped   records wait, nobody is a member, and the committed offset stands still
 *   stalled   records wait, there are members, and the committed offset stood still all the time
 *   warning   commits go on and lag grew from sample to sample; or the next unread record has waited for longer than the whole window
 *
 * Differs from Burrow: brokers tell how far a group has committed and not when it did, so that a member that commits the same offset again and
 * again looks like one that commits nothing; both are stalled. And who is far behind is a warning even while it catches up.
 */
export function lagStatus(samples: readonly LagSample[], ageMs: number | null): LagStatus {
  const newest = samples.at(-1)
  if (newest === undefined) return 'unknown'
  if (lagOf(newest) === 0) return 'ok'
  const window = within(samples, STATUS_WINDOW_MS)
  if (window.some((each, index) => index > 0 && each.committed < window[index - 1]!.committed)) return 'rewound'
  if (isGone(window)) return 'stopped'
  if (window.some(each => lagOf(each) === 0)) return 'ok'
  const spanMs = newest.atMs - window[0]!.atMs
  if (spanMs < STILL_MS) return 'unknown'
  if (window[0]!.committed === newest.committed) return 'stalled'
  if (isGrowing(window) || (ageMs !== null && ageMs > STATUS_WINDOW_MS)) return 'warning'
  return 'ok'
}

function within(samples: readonly LagSample[], windowMs: number): readonly LagSample[] {
  const from = (samples.at(-1)?.atMs ?? 0) - windowMs
  return samples.filter(({ atMs }) => atMs >= from)
}

function isGone(window: readonly LagSample[]): boolean {
  const newest = window.at(-1)!
  const last = window.findLastIndex(each => each.hasMembers || each.committed !== newest.committed)
  const first = window[last + 1]
  return first !== undefined && newest.atMs - first.atMs >= GONE_MS
}

function isGrowing(window: readonly LagSample[]): boolean {
  if (window.length < GROWING_SAMPLES || lagOf(window.at(-1)!) <= lagOf(window[0]!)) return false
  return window.every((each, index) => index === 0 || lagOf(each) >= lagOf(window[index - 1]!))
}

/** Records per second, counted since the committed offset or the end last went back. Null while there is too little to count from. */
export function ratesOf(samples: readonly LagSample[]): Rates | null {
  const window = within(samples, RATE_WINDOW_MS)
  const newest = window.at(-1)
  if (newest === undefined) return null
  const broken = window.findLastIndex((each, index) => {
    const before = window[index - 1]
    return before !== undefined && (each.committed < before.committed || each.end < before.end)
  })
  const first = window[Math.max(0, broken)]!
  const spanMs = newest.atMs - first.atMs
  if (spanMs < LEAST_RATE_SPAN_MS) return null
  const perSecond = (records: number) => (records * 1000) / spanMs
  return { consumedPerSecond: perSecond(newest.committed - first.committed), producedPerSecond: perSecond(newest.end - first.end), spanMs }
}

/** How long it takes until nothing is unread, if both rates stay as they are; null where they do not lead there, or nobody reads. */
export function catchUpMs(samples: readonly LagSample[], status: LagStatus): number | null {
  const newest = samples.at(-1)
  if (newest === undefined || lagOf(newest) === 0 || status === 'stalled' || status === 'stopped') return null
  const rates = ratesOf(samples)
  if (rates === null || rates.spanMs < LEAST_ESTIMATE_SPAN_MS) return null
  const gain = rates.consumedPerSecond - rates.producedPerSecond
  return gain > 0 ? (lagOf(newest) * 1000) / gain : null
}

const bySeverity: readonly LagStatus[] = ['ok', 'unknown', 'warning', 'rewound', 'stopped', 'stalled']

/** A group is as well as its worst partition. */
export function worstOf(statuses: Iterable<LagStatus>): LagStatus {
  let worst = -1
  for (const status of statuses) worst = Math.max(worst, bySeverity.indexOf(status))
  return bySeverity[worst] ?? 'unknown'
}
