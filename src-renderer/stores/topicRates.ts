/** A count of a topic that only grows, as it was at a moment. */
export interface Counted {
  readonly atMs: number
  readonly counts: ReadonlyMap<string, number | null>
}

/** Two moments that are closer than this say more of the clock than of the topic. */
const LEAST_MS = 500

/** Per second, by how much each count grew between two moments; what is not known of both is absent. A topic made anew begins again. */
export function ratesBetween(before: Counted | undefined, now: Counted): ReadonlyMap<string, number> {
  const rates = new Map<string, number>()
  const elapsedMs = before === undefined ? 0 : now.atMs - before.atMs
  if (before === undefined || elapsedMs < LEAST_MS) return rates
  for (const [name, count] of now.counts) {
    const earlier = before.counts.get(name) ?? null
    if (count === null || earlier === null || count < earlier) continue
    rates.set(name, ((count - earlier) * 1000) / elapsedMs)
  }
  return rates
}
