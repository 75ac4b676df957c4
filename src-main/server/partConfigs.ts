import { defaultGroupConfig, type GroupConfig } from '../broker/coordinators/group/groupConfig.ts'
import { configReaderOf } from '../metadata/configReader.ts'
import { defaultQuorumConfig, type QuorumConfig } from '../quorum/quorum.ts'
import { MAX_METADATA_BATCH_BYTES } from '../quorum/records.ts'
import { defaultLogConfig, type LogConfig } from '../storage/logConfig.ts'

type Values = ReadonlyMap<string, string>

/** The group coordinator's config from a broker's values, which have been checked before. */
export function groupConfigOf(values: Values): GroupConfig {
  const { number } = configReaderOf(values)
  return {
    ...defaultGroupConfig,
    groupMinSessionTimeoutMs: number('group.min.session.timeout.ms'),
    groupMaxSessionTimeoutMs: number('group.max.session.timeout.ms'),
    groupInitialRebalanceDelayMs: number('group.initial.rebalance.delay.ms'),
    groupMaxSize: number('group.max.size'),
    offsetMetadataMaxBytes: number('offset.metadata.max.bytes'),
    offsetsCommitTimeoutMs: number('offsets.commit.timeout.ms'),
    offsetsRetentionMinutes: number('offsets.retention.minutes'),
    offsetsRetentionCheckIntervalMs: number('offsets.retention.check.interval.ms'),
    maxBatchBytes: number('message.max.bytes'),
  }
}

/** The quorum's config from a broker's values, which have been checked before. */
export function quorumConfigOf(values: Values): QuorumConfig {
  const { number } = configReaderOf(values)
  return {
    ...defaultQuorumConfig,
    electionTimeoutMs: number('controller.quorum.election.timeout.ms'),
    fetchTimeoutMs: number('controller.quorum.fetch.timeout.ms'),
    electionBackoffMaxMs: number('controller.quorum.election.backoff.max.ms'),
    requestTimeoutMs: number('controller.quorum.request.timeout.ms'),
    retryBackoffMs: number('controller.quorum.retry.backoff.ms'),
    fetchMaxBytes: number('controller.quorum.fetch.max.bytes'),
    fetchSnapshotMaxBytes: number('controller.quorum.fetch.snapshot.max.bytes'),
    metadataLogMaxRecordBytesBetweenSnapshots: number('metadata.log.max.record.bytes.between.snapshots'),
    metadataLogMaxSnapshotIntervalMs: number('metadata.log.max.snapshot.interval.ms'),
    metadataMaxRetentionBytes: number('metadata.max.retention.bytes'),
    metadataMaxRetentionMs: number('metadata.max.retention.ms'),
  }
}

/** The metadata log's config. Nothing of it goes by size or age alone, only with a snapshot that stands for it: see `QuorumConfig`. */
export function metadataLogConfigOf(values: Values): LogConfig {
  const { number } = configReaderOf(values)
  const internal = values.get('internal.metadata.log.segment.bytes')
  return {
    ...defaultLogConfig,
    cleanupPolicy: [],
    maxMessageBytes: MAX_METADATA_BATCH_BYTES,
    segmentBytes: internal === undefined ? number('metadata.log.segment.bytes') : number('internal.metadata.log.segment.bytes'),
    segmentMs: number('metadata.log.segment.ms'),
  }
}
