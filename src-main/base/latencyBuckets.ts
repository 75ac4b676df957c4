/** Up to here a duration falls in the first bucket. */
const FIRST_MS = 1 / 16
const PER_OCTAVE = 4

/** Buckets of durations, each a quarter of an octave wider than the one before: what lies in one is known to within a tenth. */
export const LATENCY_BUCKETS = 80

/** The bucket of a duration; the last one holds all that took most of a minute or longer. */
export function latencyBucket(ms: number): number {
  if (ms <= FIRST_MS) return 0
  return Math.min(LATENCY_BUCKETS - 1, Math.ceil(Math.log2(ms / FIRST_MS) * PER_OCTAVE))
}

/** A duration below which lies this share of what was counted; null when nothing was. */
export function latencyQuantile(counts: ArrayLike<number>, share: number): number | null {
  let all = 0
  for (let bucket = 0; bucket < counts.length; bucket++) all += counts[bucket]!
  if (all === 0) return null
  let left = all * share
  let bucket = 0
  while (bucket < counts.length - 1 && (left -= counts[bucket]!) > 0) bucket += 1
  return bucket === 0 ? FIRST_MS : FIRST_MS * 2 ** ((bucket - 0.5) / PER_OCTAVE)
}
