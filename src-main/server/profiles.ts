export type Profile = 'dev' | 'kafka-defaults'

/**
 * What each profile changes against Kafka. `dev` shortens what makes a person wait, and lets topics that are made on first use
 * have three replicas, so that there is something to see; everything else, and all of `kafka-defaults`, is as Kafka has it.
 */
export const profiles: Readonly<Record<Profile, Readonly<Record<string, string>>>> = {
  dev: {
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    'controller.quorum.election.timeout.ms': '500',
    'controller.quorum.fetch.timeout.ms': '1000',
    'controller.quorum.append.linger.ms': '0',
    'replica.lag.time.max.ms': '3000',
    'leader.imbalance.check.interval.seconds': '5',
    'group.initial.rebalance.delay.ms': '0',
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.num.partitions': '3',
    'num.partitions': '3',
    'default.replication.factor': '3',
    'min.insync.replicas': '2',
    'log.cleaner.backoff.ms': '1000',
  },
  'kafka-defaults': {},
}

/** The profile's values for a cluster of this size: with one or two brokers nothing asks for more replicas than there are. */
export function profileSettings(profile: Profile, brokers: number): Record<string, string> {
  const settings = profiles[profile]
  if (brokers >= 3) return { ...settings }
  const replicas = String(brokers)
  return {
    ...settings,
    ...('default.replication.factor' in settings && { 'default.replication.factor': replicas, 'min.insync.replicas': '1' }),
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': '1',
  }
}
