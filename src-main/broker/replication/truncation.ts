export interface EpochEnd {
  readonly epoch: number
  readonly endOffset: number
}

/** What a leader answers to a fetch that names the epoch of the record before its offset (KIP-595). */
export type FetchPosition = 'matches' | 'OFFSET_OUT_OF_RANGE' | { readonly diverging: EpochEnd }

/** `end` is where the leader's log ended for the epoch that the fetch names. */
export function checkFetchPosition(fetch: { offset: number; lastFetchedEpoch: number }, end: EpochEnd): FetchPosition {
  if (fetch.lastFetchedEpoch < 0) return 'matches'
  if (end.epoch < 0 || end.endOffset < 0) return 'OFFSET_OUT_OF_RANGE'
  if (end.epoch < fetch.lastFetchedEpoch || end.endOffset < fetch.offset) return { diverging: end }
  return 'matches'
}

/** What a leader's log tells of its past. */
interface LeaderLog {
  readonly logStartOffset: number
  readonly oldestEpoch: number | undefined
  trueEndOffsetFor(epoch: number): EpochEnd
}

/**
 * As `checkFetchPosition`, for a follower. Differs from Kafka, where a follower keeps what the leader has deleted, right or wrong, and may show it once
 * its log start is lower again, after a crash: here it has to agree below the leader's log start too, and begins anew where nobody can tell any more.
 */
export function checkFollowerPosition(
  fetch: { offset: number; lastFetchedEpoch: number; logStartOffset: number },
  leader: LeaderLog,
): FetchPosition {
  const { offset, lastFetchedEpoch, logStartOffset } = fetch
  const hasOnlyDeleted = offset === leader.logStartOffset && logStartOffset < offset
  if (hasOnlyDeleted && lastFetchedEpoch < (leader.oldestEpoch ?? -1)) return 'OFFSET_OUT_OF_RANGE'
  return checkFetchPosition(fetch, leader.trueEndOffsetFor(lastFetchedEpoch))
}

/**
 * Where a follower cuts its log when the leader says that they diverge. `own` is where the own log ended for the leader's epoch. When the own
 * log knows only an older epoch, the cut is a first step: the next fetch names that epoch and may be told of another divergence.
 */
export function truncationOffset(state: { leader: EpochEnd; own: EpochEnd; logEndOffset: number; highWatermark: number }): number {
  const { leader, own, logEndOffset } = state
  if (leader.endOffset < 0) return Math.min(state.highWatermark, logEndOffset)
  if (own.endOffset < 0) return Math.min(leader.endOffset, logEndOffset)
  if (own.epoch < leader.epoch) return Math.min(own.endOffset, logEndOffset)
  return Math.min(own.endOffset, leader.endOffset, logEndOffset)
}

export type OutOfRangeRemedy =
  | { readonly type: 'truncateTo'; readonly offset: number }
  | { readonly type: 'restartAt'; readonly offset: number }
  | { readonly type: 'fetchFromOwnEnd' }

/**
 * A follower's offset is outside of the leader's log: the leader has less (unclean election), or has deleted what the follower lacks, or all that it
 * has.
 */
export function afterOffsetOutOfRange(offsets: { leaderStart: number; leaderEnd: number; ownEnd: number }): OutOfRangeRemedy {
  if (offsets.leaderEnd < offsets.ownEnd) return { type: 'truncateTo', offset: offsets.leaderEnd }
  if (offsets.leaderStart >= offsets.ownEnd) return { type: 'restartAt', offset: offsets.leaderStart }
  return { type: 'fetchFromOwnEnd' }
}
