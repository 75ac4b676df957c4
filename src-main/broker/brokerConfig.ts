import { configReaderOf } from '../metadata/configReader.ts'
import type { LogCleanerConfig } from '../storage/compaction/logCleaner.ts'

/** What a broker is told at start: Kafka's keys in camelCase. Values that topics inherit are resolved by `metadata` from the same source. */
export interface BrokerConfig {
  /** By Kafka's key, as text: what was set at start, for topics to inherit and DescribeConfigs to show. What is not here has Kafka's default. */
  readonly staticValues: ReadonlyMap<string, string>
  readonly brokerRack: string | undefined
  readonly socketRequestMaxBytes: number
  /** Over all listeners of the process. */
  readonly maxConnections: number
  readonly connectionsMaxIdleMs: number
  /** Bytes of answers that one connection may have waiting in its socket before its next request is read. */
  readonly maxPendingResponseBytes: number

  readonly requestTimeoutMs: number
  readonly fetchMaxBytes: number
  readonly maxIncrementalFetchSessionCacheSlots: number
  /** Most partitions in one answer of DescribeTopicPartitions. */
  readonly maxRequestPartitionSizeLimit: number

  /** Kafka's class name; undefined sends all consumers to the leader. */
  readonly replicaSelectorClass: string | undefined
  readonly replicationQuotaWindowNum: number
  readonly replicationQuotaWindowSizeSeconds: number
  readonly replicaLagTimeMaxMs: number
  readonly replicaFetchMaxBytes: number
  readonly replicaFetchResponseMaxBytes: number
  readonly replicaFetchWaitMaxMs: number
  readonly replicaFetchMinBytes: number
  readonly replicaFetchBackoffMs: number
  readonly replicaHighWatermarkCheckpointIntervalMs: number
  readonly logRetentionCheckIntervalMs: number
  readonly logCleaner: LogCleanerConfig

  readonly brokerHeartbeatIntervalMs: number
  readonly initialBrokerRegistrationTimeoutMs: number
  readonly controlledShutdownEnable: boolean
  readonly logDirFailureTimeoutMs: number

  readonly autoCreateTopicsEnable: boolean
  readonly offsetsTopicNumPartitions: number
  readonly offsetsTopicReplicationFactor: number
  readonly offsetsTopicSegmentBytes: number
}

/** Small answers weigh several times their bytes while they wait; a large one goes out whatever the bound. */
const MAX_PENDING_RESPONSE_BYTES = 1024 * 1024

/** Reads a broker's config from what was set at start, by Kafka's keys; the rest has Kafka's defaults. The values have been checked before. */
export function brokerConfigOf(staticValues: ReadonlyMap<string, string>): BrokerConfig {
  const { number, flag, text } = configReaderOf(staticValues)
  return {
    staticValues,
    brokerRack: text('broker.rack'),
    socketRequestMaxBytes: number('socket.request.max.bytes'),
    maxConnections: number('max.connections'),
    connectionsMaxIdleMs: number('connections.max.idle.ms'),
    maxPendingResponseBytes: MAX_PENDING_RESPONSE_BYTES,
    requestTimeoutMs: number('request.timeout.ms'),
    fetchMaxBytes: number('fetch.max.bytes'),
    maxRequestPartitionSizeLimit: number('max.request.partition.size.limit'),
    maxIncrementalFetchSessionCacheSlots: number('max.incremental.fetch.session.cache.slots'),
    replicaSelectorClass: text('replica.selector.class'),
    replicationQuotaWindowNum: number('replication.quota.window.num'),
    replicationQuotaWindowSizeSeconds: number('replication.quota.window.size.seconds'),
    replicaLagTimeMaxMs: number('replica.lag.time.max.ms'),
    replicaFetchMaxBytes: number('replica.fetch.max.bytes'),
    replicaFetchResponseMaxBytes: number('replica.fetch.response.max.bytes'),
    replicaFetchWaitMaxMs: number('replica.fetch.wait.max.ms'),
    replicaFetchMinBytes: number('replica.fetch.min.bytes'),
    replicaFetchBackoffMs: number('replica.fetch.backoff.ms'),
    replicaHighWatermarkCheckpointIntervalMs: number('replica.high.watermark.checkpoint.interval.ms'),
    logRetentionCheckIntervalMs: number('log.retention.check.interval.ms'),
    logCleaner: {
      enable: flag('log.cleaner.enable'),
      backoffMs: number('log.cleaner.backoff.ms'),
      ioMaxBytesPerSecond: number('log.cleaner.io.max.bytes.per.second'),
      dedupeBufferSize: number('log.cleaner.dedupe.buffer.size'),
    },
    brokerHeartbeatIntervalMs: number('broker.heartbeat.interval.ms'),
    initialBrokerRegistrationTimeoutMs: number('initial.broker.registration.timeout.ms'),
    controlledShutdownEnable: flag('controlled.shutdown.enable'),
    logDirFailureTimeoutMs: number('log.dir.failure.timeout.ms'),
    autoCreateTopicsEnable: flag('auto.create.topics.enable'),
    offsetsTopicNumPartitions: number('offsets.topic.num.partitions'),
    offsetsTopicReplicationFactor: number('offsets.topic.replication.factor'),
    offsetsTopicSegmentBytes: number('offsets.topic.segment.bytes'),
  }
}
