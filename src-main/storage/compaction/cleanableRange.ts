/** What the choice of a log to clean must know of a segment. Timestamps are milliseconds. */
export interface CleanableSegment {
  readonly baseOffset: number
  readonly sizeInBytes: number
  /** Max timestamp of the first batch; undefined for an empty segment. Only looked at for dirty segments. */
  readonly firstTimestampMs: number | undefined
  /** Of all records; undefined when they tell none. Only looked at for dirty segments. */
  readonly largestTimestampMs: number | undefined
}

export interface CleanableRange {
  readonly firstDirtyOffset: number
  /** Base offset of the first segment that must stay as it is. */
  readonly firstUncleanableOffset: number
  readonly cleanBytes: number
  readonly cleanableBytes: number
  /** Cleanable bytes among all that a pass would read. */
  readonly ratio: number
  /** By how much the oldest dirty record is over `max.compaction.lag.ms`; 0 when none is. */
  readonly overdueMs: number
  /** Whether a pass should be made: the ratio is above `min.cleanable.dirty.ratio`, or something is overdue. */
  readonly isDue: boolean
}
