import type { RunningCluster } from '../src-main/hosts/cli/startCluster.ts'

/**
 * A cluster under measurement, whoever made it. What is not said here is asked over Kafka's protocol, so that both are asked the same. Broker ids count
 * from 1; `kill` is SIGKILL, `start` resolves when the broker serves clients again.
 */
export type MeasuredCluster = Pick<RunningCluster, 'bootstrapServers' | 'brokerIds' | 'portOf' | 'pidOf' | 'kill' | 'start' | 'stop'> &
  AsyncDisposable

export interface ClusterOptions {
  /** 3 unless given. */
  readonly brokers?: number
  /** Broker configs by Kafka's names, on top of the contender's own defaults. */
  readonly settings?: Readonly<Record<string, string>>
}

/** From nothing to a cluster that serves clients. */
export interface TimedStart {
  readonly readyMs: number
  /** The same as the contender's own clock has it. */
  readonly ownMs?: number
  /** What had to be done to the empty folders first, where that is not part of `readyMs`. */
  readonly formatMs?: number
  readonly cluster: Pick<MeasuredCluster, 'brokerIds' | 'pidOf' | 'stop'>
}

/** One of the two that are compared. */
export interface Contender {
  readonly name: ContenderName
  start(options?: ClusterOptions): Promise<MeasuredCluster>
  /** As a person starts it, in an empty folder. */
  timedStart(): Promise<TimedStart>
}

export type ContenderName = 'trilog' | 'kafka'
