/** What the group coordinator is told at start: Kafka's keys in camelCase. */
export interface GroupConfig {
  readonly groupMinSessionTimeoutMs: number
  readonly groupMaxSessionTimeoutMs: number
  readonly groupInitialRebalanceDelayMs: number
  readonly groupMaxSize: number
  readonly offsetMetadataMaxBytes: number
  readonly offsetsCommitTimeoutMs: number
  readonly offsetsRetentionMinutes: number
  readonly offsetsRetentionCheckIntervalMs: number
  /** What `__consumer_offsets` takes in one batch: its max.message.bytes. */
  readonly maxBatchBytes: number
}

/** Kafka's defaults. */
export const defaultGroupConfig: GroupConfig = {
  groupMinSessionTimeoutMs: 6000,
  groupMaxSessionTimeoutMs: 1_800_000,
  groupInitialRebalanceDelayMs: 3000,
  groupMaxSize: 0x7fff_ffff,
  offsetMetadataMaxBytes: 4096,
  offsetsCommitTimeoutMs: 5000,
  offsetsRetentionMinutes: 10_080,
  offsetsRetentionCheckIntervalMs: 600_000,
  maxBatchBytes: 1_048_588,
}
