import type { MessageRow, OffsetRange } from '../../../../src-main/contract/messages.ts'

/** Stretches of the scanned partitions, side by side. `edges[i][p]` is where stretch i begins in the p-th partition; one more edge ends the last. */
export interface ScanAxis {
  readonly partitions: readonly number[]
  readonly edges: readonly (readonly number[])[]
  /** The times of the edges, where stretches are stretches of time; otherwise each holds the same share of every partition. */
  readonly timesMs: readonly number[] | null
}

export interface ScanBucket {
  readonly offsets: number
  /** From 0 to 1. */
  readonly scanned: number
  readonly hits: number
}

const STRETCHES = 96

/** [from, to) of each partition as a whole, whatever pieces a search is of. */
export function hullOf(ranges: readonly OffsetRange[]): OffsetRange[] {
  const hull = new Map<number, OffsetRange>()
  for (const { partition, from, to } of ranges) {
    const known = hull.get(partition)
    hull.set(partition, known ? { partition, from: Math.min(known.from, from), to: Math.max(known.to, to) } : { partition, from, to })
  }
  return [...hull.values()].toSorted((a, b) => a.partition - b.partition)
}

export function offsetAxis(bounds: readonly OffsetRange[]): ScanAxis {
  const hull = hullOf(bounds)
  const longest = hull.reduce((most, { from, to }) => Math.max(most, to - from), 0)
  const stretches = Math.max(1, Math.min(STRETCHES, longest))
  return {
    partitions: hull.map(({ partition }) => partition),
    edges: Array.from({ length: stretches + 1 }, (_, i) => hull.map(({ from, to }) => from + Math.round(((to - from) * i) / stretches))),
    timesMs: null,
  }
}

const STEPS_MS = [
  ...[1, 10, 100, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000],
  ...[1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 10_080].map(minutes => minutes * 60_000),
]

/** Edges of time that a person would choose, at most some hundred, around [fromMs, toMs]. */
export function timeEdges(fromMs: number, toMs: number): { stepMs: number; timesMs: number[] } {
  const wanted = (toMs - fromMs) / STRETCHES
  const longest = STEPS_MS.at(-1) ?? 1
  const stepMs = STEPS_MS.find(step => step >= wanted) ?? Math.ceil(wanted / longest) * longest
  const first = Math.floor(fromMs / stepMs) * stepMs
  const stretches = Math.floor((toMs - first) / stepMs) + 1
  return { stepMs, timesMs: Array.from({ length: stretches + 1 }, (_, i) => first + i * stepMs) }
}

/** `found[i]` is, per partition, the first offset that is not older than `timesMs[i]`. Timestamps may run backwards, edges may not. */
export function timeAxis(
  bounds: readonly OffsetRange[],
  timesMs: readonly number[],
  found: readonly ReadonlyMap<number, number>[],
): ScanAxis {
  const hull = hullOf(bounds)
  const before = hull.map(({ from }) => from)
  const edges = timesMs.map((_, i) =>
    hull.map(({ partition, from, to }, p) => {
      const offset = i === 0 ? from : i === timesMs.length - 1 ? to : (found[i]?.get(partition) ?? to)
      return (before[p] = Math.max(before[p] ?? from, Math.min(offset, to)))
    }),
  )
  return { partitions: hull.map(({ partition }) => partition), edges, timesMs }
}

export function bucketsOf(
  { partitions, edges }: ScanAxis,
  { bounds, left, hits }: { bounds: readonly OffsetRange[]; left: readonly OffsetRange[]; hits: readonly MessageRow[] },
): ScanBucket[] {
  const indexOf = new Map(partitions.map((partition, index) => [partition, index]))
  const stretches = Math.max(0, edges.length - 1)
  const counts = Array.from({ length: stretches }, () => ({ offsets: 0, left: 0, hits: 0 }))

  const spread = (ranges: readonly OffsetRange[], what: 'offsets' | 'left') => {
    for (const { partition, from, to } of ranges) {
      const p = indexOf.get(partition)
      if (p === undefined) continue
      for (let i = 0; i < stretches; i++) {
        const inside = Math.min(to, edges[i + 1]![p]!) - Math.max(from, edges[i]![p]!)
        if (inside > 0) counts[i]![what] += inside
      }
    }
  }
  spread(bounds, 'offsets')
  spread(left, 'left')
  for (const { partition, offset } of hits) {
    const p = indexOf.get(partition)
    if (p === undefined) continue
    const at = lastAtMost(edges, p, offset)
    if (at < stretches) counts[at]!.hits += 1
  }
  return counts.map(each => ({ offsets: each.offsets, hits: each.hits, scanned: each.offsets === 0 ? 1 : 1 - each.left / each.offsets }))
}

/** The last stretch that begins at or before the offset and is not empty there. */
function lastAtMost(edges: ScanAxis['edges'], p: number, offset: number): number {
  let low = 0
  let high = edges.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (edges[middle]![p]! <= offset) low = middle
    else high = middle - 1
  }
  return low
}
