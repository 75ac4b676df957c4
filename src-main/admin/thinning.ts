const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How near to each other samples are kept, by how old they may be. */
export const RESOLUTIONS = [
  { upToMs: HOUR_MS, everyMs: 10_000 },
  { upToMs: DAY_MS, everyMs: MINUTE_MS },
  { upToMs: 7 * DAY_MS, everyMs: 10 * MINUTE_MS },
] as const

/** How far apart samples of that age are; undefined for what is too old to be kept at all. */
export function resolutionOf(ageMs: number): number | undefined {
  return RESOLUTIONS.find(({ upToMs }) => ageMs <= upToMs)?.everyMs
}

/**
 * Which of these times, ascending, are to be forgotten now: all but the last of each ten seconds, minute or ten minutes, by their age. Steps are
 * fixed to the clock, so that what was kept once is kept until it is due for a coarser step.
 */
export function surplus(times: readonly number[], nowMs: number): number[] {
  return times.filter((atMs, index) => {
    const everyMs = resolutionOf(nowMs - atMs)
    if (everyMs === undefined) return true
    const next = times[index + 1]
    if (next === undefined) return false
    return Math.floor(next / everyMs) === Math.floor(atMs / everyMs)
  })
}
