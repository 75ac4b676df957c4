import { defaultGroupConfig, type GroupConfig } from '../broker/coordinators/group/groupConfig.ts'
import { configReaderOf } from '../metadata/configReader.ts'
import { defaultQuorumConfig, type QuorumConfig } from '../quorum/quorum.ts'

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
  }
}
