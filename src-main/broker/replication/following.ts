import type { Logger } from '../../base/logger.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import { type EpochEnd, truncationOffset } from './truncation.ts'

/** What a leader answered for one partition. */
export interface FetchedRecords {
  readonly fetchOffset: number
  readonly records: Buffer
  readonly highWatermark: number
  readonly logStartOffset: number
}

/** One step of a follower towards its leader's log. */
export type Following =
  | { readonly type: 'append'; readonly fetched: FetchedRecords }
  /** The leader's log, which begins at `leaderLogStart`, ends there for an epoch and ours goes on otherwise. */
  | { readonly type: 'diverge'; readonly leader: EpochEnd; readonly leaderLogStart: number }
  /** The leader has less than we: it was elected uncleanly. */
  | { readonly type: 'truncateTo'; readonly offset: number }
  /** The leader has deleted what we lack. */
  | { readonly type: 'restartAt'; readonly offset: number }

export async function follow(
  log: PartitionLog,
  leaderEpoch: number,
  step: Following,
  { name, logger }: { name: string; logger: Logger },
): Promise<ErrorName> {
  const { logEndOffset, highWatermark } = log
  switch (step.type) {
    case 'append':
      return append(log, leaderEpoch, step.fetched)
    case 'diverge': {
      const offset = truncationOffset({ leader: step.leader, own: log.endOffsetFor(step.leader.epoch), logEndOffset, highWatermark })
      // Mostly it only forgets an epoch in which it led and nothing was written: with thousands of partitions, no news.
      if (offset < logEndOffset)
        logger.info(`cutting ${name} back to its leader's log`, { offset, logEndOffset, highWatermark, leader: step.leader })
      // The leader has deleted all that would be left.
      if (offset < step.leaderLogStart) await log.truncateFullyAndStartAt(step.leaderLogStart)
      else await log.truncateTo(offset)
      return 'NONE'
    }
    case 'truncateTo':
      logger.warn(`the leader of ${name} has less than we: cutting`, { offset: step.offset, logEndOffset, highWatermark })
      await log.truncateTo(step.offset)
      return 'NONE'
    case 'restartAt':
      logger.warn(`the leader of ${name} starts behind our end: starting anew`, { offset: step.offset, logEndOffset })
      await log.truncateFullyAndStartAt(step.offset)
      return 'NONE'
  }
}

async function append(log: PartitionLog, leaderEpoch: number, fetched: FetchedRecords): Promise<ErrorName> {
  const { fetchOffset, records, logStartOffset } = fetched
  if (records.length > 0) {
    if (log.logEndOffset !== fetchOffset) return 'NONE' // answered for a position that has been left since
    const baseOffset = Number(records.readBigInt64BE(0))
    // The leader's log may start inside of a batch (DeleteRecords); an empty log takes over the whole batch.
    const startsInside = baseOffset < log.logEndOffset && log.logStartOffset === log.logEndOffset
    if (startsInside) await log.truncateFullyAndStartAt(baseOffset)
    const { error } = await log.appendAsFollower(records, { leaderEpoch, leaderLogStartOffset: logStartOffset })
    if (error !== 'NONE') return error
  } else if (logStartOffset > log.logStartOffset && logStartOffset <= log.logEndOffset) {
    log.raiseLogStartOffset(logStartOffset)
  }
  log.advanceHighWatermark(Math.min(fetched.highWatermark, log.logEndOffset))
  return 'NONE'
}
