import { configReaderOf } from '../metadata/configReader.ts'
import type { ControllerSettings } from './decision.ts'

/** What a controller is told at start: Kafka's keys in camelCase. */
export interface ControllerConfig extends ControllerSettings {
  /** Time without a heartbeat after which a broker is fenced. */
  readonly brokerSessionTimeoutMs: number
  /** Time within which a broker whose connection closed may come back before it is fenced. Kafka has no such thing and waits for the session. */
  readonly disconnectGraceMs: number
  readonly autoLeaderRebalanceEnable: boolean
  readonly leaderImbalanceCheckIntervalMs: number
}

const DISCONNECT_GRACE_MS = 150

/** Reads a controller's config from what was set at start, by Kafka's keys; the rest has Kafka's defaults. The values have been checked before. */
export function controllerConfigOf(
  clusterId: string,
  staticConfigs: ReadonlyMap<string, string>,
  given: Partial<ControllerConfig> = {},
): ControllerConfig {
  const { number, flag } = configReaderOf(staticConfigs)
  return {
    clusterId,
    staticConfigs,
    numPartitions: number('num.partitions'),
    defaultReplicationFactor: number('default.replication.factor'),
    deleteTopicEnable: flag('delete.topic.enable'),
    brokerSessionTimeoutMs: number('broker.session.timeout.ms'),
    disconnectGraceMs: DISCONNECT_GRACE_MS,
    autoLeaderRebalanceEnable: flag('auto.leader.rebalance.enable'),
    leaderImbalanceCheckIntervalMs: number('leader.imbalance.check.interval.seconds') * 1000,
    ...given,
  }
}
