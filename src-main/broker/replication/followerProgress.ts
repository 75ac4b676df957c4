/** How far a leader knows one of its followers to be. Times are `clock.elapsed()`. */
export interface FollowerProgress {
  /** -1 until the follower has fetched in this leader epoch. */
  readonly logEndOffset: number
  readonly logStartOffset: number
  /** The last moment at which the follower had all that the leader had. */
  lastCaughtUpMs: number
  lastFetchMs: number
  readonly leaderEndAtLastFetch: number
  /** From the follower's own requests (KIP-903); -1 is unknown and matches every registration. */
  readonly brokerEpoch: number
}

export interface FollowerFetch {
  readonly fetchOffset: number
  readonly logStartOffset: number
  readonly brokerEpoch: number
  /** Before anything is read for this fetch, so that what is appended meanwhile does not push the follower back. */
  readonly leaderEndOffset: number
  readonly nowMs: number
}

/** A new leader gives the members of the in-sync set its trust for one lag period; all others have to show themselves first. */
export function unseenFollower(isInSync: boolean, nowMs: number): FollowerProgress {
  return {
    logEndOffset: -1,
    logStartOffset: -1,
    lastCaughtUpMs: isInSync ? nowMs : -Infinity,
    lastFetchMs: -Infinity,
    leaderEndAtLastFetch: Infinity,
    brokerEpoch: -1,
  }
}

/** A fetch from an offset says that everything below it is on the follower's disk. */
export function afterFetch(progress: FollowerProgress, fetch: FollowerFetch): FollowerProgress {
  const { fetchOffset, nowMs } = fetch
  let { lastCaughtUpMs } = progress
  if (fetchOffset >= fetch.leaderEndOffset) lastCaughtUpMs = Math.max(lastCaughtUpMs, nowMs)
  // It has by now what the leader had then, so it was caught up at that moment, even if the leader has moved on since.
  else if (fetchOffset >= progress.leaderEndAtLastFetch) lastCaughtUpMs = Math.max(lastCaughtUpMs, progress.lastFetchMs)
  return {
    logEndOffset: fetchOffset,
    logStartOffset: fetch.logStartOffset,
    lastCaughtUpMs,
    lastFetchMs: nowMs,
    leaderEndAtLastFetch: fetch.leaderEndOffset,
    brokerEpoch: fetch.brokerEpoch,
  }
}

export function isCaughtUp(progress: FollowerProgress, at: { leaderEndOffset: number; nowMs: number; maxLagMs: number }): boolean {
  return progress.logEndOffset === at.leaderEndOffset || at.nowMs - progress.lastCaughtUpMs <= at.maxLagMs
}
