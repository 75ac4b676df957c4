/** The configs of one topic that its logs act on, by Kafka's names in camelCase. Milliseconds and bytes; -1 is "unlimited" where Kafka says so. */
export interface LogConfig {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly retentionMs: number
  readonly retentionBytes: number
  /** Empty keeps everything forever (KIP-1161). */
  readonly cleanupPolicy: readonly ('delete' | 'compact')[]
  readonly maxMessageBytes: number
  readonly fileDeleteDelayMs: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampAfterMaxMs: number
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly flushMessages: number
  readonly flushMs: number
  readonly deleteRetentionMs: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly minCleanableDirtyRatio: number
  /** A broker config in Kafka; a log needs it to forget producers. */
  readonly producerIdExpirationMs: number
}

/** Kafka's defaults. `Number.MAX_SAFE_INTEGER` stands for Java's Long.MAX_VALUE: never. */
export const defaultLogConfig: LogConfig = {
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10_485_760,
  indexIntervalBytes: 4096,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  cleanupPolicy: ['delete'],
  maxMessageBytes: 1_048_588,
  fileDeleteDelayMs: 60_000,
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  messageTimestampAfterMaxMs: 3_600_000,
  compressionType: 'producer',
  flushMessages: Number.MAX_SAFE_INTEGER,
  flushMs: Number.MAX_SAFE_INTEGER,
  deleteRetentionMs: 86_400_000,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  minCleanableDirtyRatio: 0.5,
  producerIdExpirationMs: 86_400_000,
}

export function isCompacted(config: LogConfig): boolean {
  return config.cleanupPolicy.includes('compact')
}
