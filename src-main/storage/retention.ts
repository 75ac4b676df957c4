import type { LogConfig } from './logConfig.ts'

/** What retention must know of a segment. */
export interface RetainedSegment {
  readonly baseOffset: number
  readonly sizeInBytes: number
  /** Of its records, or the time the file was last written to when they tell none. */
  readonly largestTimestampMs: number
}

/**
 * How many of the oldest segments may go (KIP-107, semantics of Kafka's `deletableSegments`): the first that must stay protects all behind it. Nothing
 * at or above the high watermark goes, and an empty last segment stays. Compaction alone deletes nothing by time or size.
 */
export function deletableSegments(
  segments: readonly RetainedSegment[],
  {
    config,
    logStartOffset,
    highWatermark,
    logEndOffset,
    nowMs,
  }: {
    readonly config: LogConfig
    readonly logStartOffset: number
    readonly highWatermark: number
    readonly logEndOffset: number
    readonly nowMs: number
  },
): number {
  const deletes = config.cleanupPolicy.includes('delete')
  let excessBytes = config.retentionBytes < 0 ? -1 : segments.reduce((sum, segment) => sum + segment.sizeInBytes, 0) - config.retentionBytes
  let count = 0
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    const end = isLast ? logEndOffset : segments[index + 1]!.baseOffset
    if (end > highWatermark || (isLast && segment.sizeInBytes === 0)) break
    const isBelowStart = !isLast && end <= logStartOffset
    const isOld = deletes && config.retentionMs >= 0 && nowMs - segment.largestTimestampMs > config.retentionMs
    const isExcess = deletes && config.retentionBytes >= 0 && excessBytes - segment.sizeInBytes >= 0
    if (!isBelowStart && !isOld && !isExcess) break
    excessBytes -= segment.sizeInBytes
    count += 1
  }
  return count
}
