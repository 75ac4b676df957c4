import type { LogConfig } from '../logConfig.ts'

/** What the choice of a log to clean must know of a segment. Timestamps are milliseconds. */
export interface CleanableSegment {
  readonly baseOffset: number
  readonly sizeInBytes: number
  /** Max timestamp of the first batch; undefined when there is none. */
  readonly firstTimestampMs: number | undefined
  /** Of its records, or the time the file was last written to when they tell none. */
  readonly largestTimestampMs: number
}

export interface CleanableRange {
  readonly firstDirtyOffset: number
  /** Base offset of the first segment that must stay as it is; not below the first dirty offset. */
  readonly firstUncleanableOffset: number
  readonly cleanBytes: number
  readonly cleanableBytes: number
  /** Cleanable bytes among all that a pass would read. */
  readonly ratio: number
  /** By how much the oldest dirty record is over `max.compaction.lag.ms`; 0 when none is. */
  readonly overdueMs: number
  /** Whether a pass should be made: the ratio is above `min.cleanable.dirty.ratio`, or something is overdue (KIP-354). */
  readonly isDue: boolean
}

/** Where a log's dirty part begins: where the last pass ended, unless the log does not reach there any more. */
export function firstDirtyOffsetOf(
  checkpointed: number | undefined,
  { logStartOffset, logEndOffset }: { readonly logStartOffset: number; readonly logEndOffset: number },
): number {
  return checkpointed === undefined || checkpointed < logStartOffset || checkpointed > logEndOffset ? logStartOffset : checkpointed
}

/**
 * What of a log a pass could clean now, and whether it should. Whole segments only, and none that holds anything not yet stable and synced, nor the active
 * one, which is the last of `segments`; `min.compaction.lag.ms` protects the first young one and all behind it.
 */
export function cleanableRange(
  segments: readonly CleanableSegment[],
  {
    firstDirtyOffset,
    lastStableOffset,
    recoveryPoint,
    config,
    nowMs,
  }: {
    readonly firstDirtyOffset: number
    /** Not above the high watermark. */
    readonly lastStableOffset: number
    readonly recoveryPoint: number
    readonly config: Pick<LogConfig, 'minCompactionLagMs' | 'maxCompactionLagMs' | 'minCleanableDirtyRatio'>
    readonly nowMs: number
  },
): CleanableRange {
  const stable = Math.min(lastStableOffset, recoveryPoint)
  const { minCompactionLagMs, maxCompactionLagMs } = config
  let firstUncleanableOffset = segments[0]?.baseOffset ?? firstDirtyOffset
  let [cleanBytes, cleanableBytes] = [0, 0]
  let isCleanable = true
  let oldestMs = Infinity
  for (const [index, segment] of segments.slice(0, -1).entries()) {
    const end = segments[index + 1]!.baseOffset
    const isDirty = end > firstDirtyOffset
    if (!isDirty) cleanBytes += segment.sizeInBytes
    else if (segment.firstTimestampMs !== undefined && segment.firstTimestampMs > 0) oldestMs = Math.min(oldestMs, segment.firstTimestampMs)
    const isYoung = isDirty && minCompactionLagMs > 0 && segment.largestTimestampMs > nowMs - minCompactionLagMs
    isCleanable &&= end <= stable && !isYoung
    if (!isCleanable) continue
    firstUncleanableOffset = end
    if (isDirty) cleanableBytes += segment.sizeInBytes
  }
  const ratio = cleanableBytes === 0 ? 0 : cleanableBytes / (cleanBytes + cleanableBytes)
  const overdueMs = Math.max(0, nowMs - Math.max(maxCompactionLagMs, 0) - oldestMs)
  return {
    firstDirtyOffset,
    firstUncleanableOffset: Math.max(firstUncleanableOffset, firstDirtyOffset),
    cleanBytes,
    cleanableBytes,
    ratio,
    overdueMs,
    isDue: cleanableBytes > 0 && (overdueMs > 0 || ratio > config.minCleanableDirtyRatio),
  }
}
