import type { PartitionLag } from '../../../src-main/contract/groups.ts'
import type { LagHistory } from '../../../src-main/contract/lagHistory.ts'
import { isBehind } from './verdict.ts'

/** More curves than these nobody tells apart. */
const DRAWN = 3
const FUTURE_STEPS = 40
/** Of the span that is drawn, the part that an estimate may add. */
const FUTURE = 0.5
/** What is drawn of the past at the least, in points, however short the history. */
const LEAST_POINTS = 20

export interface LagCurve {
  /** Null stands for the whole group. */
  readonly of: PartitionLag | null
  readonly values: readonly (number | null)[]
  /** How it goes on if nothing changes. */
  readonly estimate: readonly (number | null)[] | null
}

export interface LagCurves {
  readonly atMs: readonly number[]
  readonly nowMs: number
  readonly curves: readonly LagCurve[]
  /** Partitions that are behind and have no curve of their own. */
  readonly left: number
}

const keyOf = ({ topic, partition }: { topic: string; partition: number }) => `${topic} ${partition}`

/**
 * What is drawn: the partitions that are behind now, the furthest first; all together where none is, or too many are. Estimates go on to the right of
 * now, over the same axis, as far as half of what is drawn of the past.
 */
export function lagCurves(whole: LagHistory, partitions: readonly PartitionLag[]): LagCurves {
  const history = sinceItBegan(whole)
  const nowMs = history.atMs.at(-1) ?? 0
  const spanMs = nowMs - (history.atMs[0] ?? nowMs)
  const behind = partitions.filter(isBehind).toSorted((one, other) => (other.lag ?? 0) - (one.lag ?? 0))
  const known = new Map(history.partitions.map(each => [keyOf(each), each.lag]))
  const drawn = behind.slice(0, behind.length > DRAWN ? DRAWN - 1 : DRAWN).filter(each => known.has(keyOf(each)))
  const isTogether = drawn.length === 0 || behind.length > drawn.length

  const horizonMs = Math.min(spanMs * FUTURE, Math.max(0, ...drawn.map(({ caughtUpInMs }) => (caughtUpInMs ?? 0) * 1.05)))
  const future = horizonMs === 0 ? [] : Array.from({ length: FUTURE_STEPS }, (_, index) => nowMs + (horizonMs * (index + 1)) / FUTURE_STEPS)
  const past = history.atMs.map((): null => null)
  const none = future.map((): null => null)
  const estimateOf = ({ lag, caughtUpInMs }: PartitionLag, newest: number | null) => {
    if (caughtUpInMs === null || lag === null || future.length === 0) return null
    const from = newest ?? lag
    const going = future.map(at => (at - nowMs > caughtUpInMs ? null : from * (1 - (at - nowMs) / caughtUpInMs)))
    // It ends on the ground, wherever the steps are.
    const landing = going.indexOf(null)
    if (landing >= 0) going[landing] = 0
    return [...past.slice(1), from, ...going]
  }
  const curves: LagCurve[] = drawn.map(of => {
    const values = known.get(keyOf(of)) ?? []
    return { of, values: [...values, ...none], estimate: estimateOf(of, values.at(-1) ?? null) }
  })
  const together: LagCurve[] = isTogether ? [{ of: null, values: [...history.total, ...none], estimate: null }] : []
  return { atMs: [...history.atMs, ...future], nowMs, curves: [...together, ...curves], left: behind.length - drawn.length }
}

/** A history that is shorter than what was asked for is drawn over the whole width. */
function sinceItBegan(history: LagHistory): LagHistory {
  const first = history.total.findIndex((each, index) => each !== null || history.partitions.some(({ lag }) => lag[index] !== null))
  const from = Math.max(0, Math.min(first, history.atMs.length - LEAST_POINTS))
  return {
    ...history,
    atMs: history.atMs.slice(from),
    total: history.total.slice(from),
    partitions: history.partitions.map(each => ({ ...each, lag: each.lag.slice(from) })),
  }
}
