import type { LogConfig } from '../logConfig.ts'
import type { Segment } from '../segment.ts'
import type { CleanableSegment } from './cleanableRange.ts'

/** What `cleanableRange` asks of the segments of a log. Files are only looked into for dirty segments, and for the times that the config makes count. */
export function measureSegments(
  segments: readonly Segment[],
  { firstDirtyOffset, config }: { readonly firstDirtyOffset: number; readonly config: LogConfig },
): Promise<CleanableSegment[]> {
  const needsFirst = config.maxCompactionLagMs < Number.MAX_SAFE_INTEGER
  const needsLargest = config.minCompactionLagMs > 0
  return Promise.all(
    segments.map(async (segment, index) => {
      const next = segments[index + 1]
      const isAsked = next !== undefined && next.baseOffset > firstDirtyOffset
      const firstTimestampMs = isAsked && needsFirst ? await segment.use(() => segment.loadFirstTimestamp()) : undefined
      const largest = isAsked && needsLargest ? await segment.use(() => segment.loadLargestTimestamp()) : undefined
      return {
        baseOffset: segment.baseOffset,
        sizeInBytes: segment.size,
        firstTimestampMs,
        largestTimestampMs: largest === undefined || largest.timestamp < 0 ? segment.createdMs : largest.timestamp,
      }
    }),
  )
}
