/** Group configs of Kafka 4.3. Columns as in the topic table; the broker config gives the default. */
export const groupConfigTable = `
consumer.session.timeout.ms        | int     | 45000  | >= 1    | group.consumer.session.timeout.ms | Time without a heartbeat after which a consumer is removed from the group.
consumer.heartbeat.interval.ms     | int     | 5000   | >= 1    | group.consumer.heartbeat.interval.ms | How often consumers heartbeat.
consumer.assignment.interval.ms    | int     | 1000   | >= 0    | group.consumer.assignment.interval.ms | Least time between two assignments of a consumer group.
share.session.timeout.ms           | int     | 45000  | >= 1    | group.share.session.timeout.ms | Time without a heartbeat after which a member leaves a share group.
share.heartbeat.interval.ms        | int     | 5000   | >= 1    | group.share.heartbeat.interval.ms | How often members of a share group heartbeat.
share.record.lock.duration.ms      | int     | 30000  | >= 1000 | - | Time for which a share consumer holds a record it took.
share.delivery.count.limit         | int     | 5      | >= 2    | - | How often a record is delivered before a share group gives up on it.
share.partition.max.record.locks   | int     | 2000   | >= 100  | - | Records of one partition that may be held at once in a share group.
share.auto.offset.reset            | string  | latest | offset reset | - | Where a share group starts on a partition: latest, earliest, or by_duration with a duration.
share.isolation.level              | string  | read_uncommitted | one of read_uncommitted, read_committed | - | Whether a share group sees records of open and aborted transactions.
share.renew.acknowledge.enable     | boolean | true   |         | - | Whether a share consumer may extend its hold on a record.
share.assignment.interval.ms       | int     | 1000   | >= 0    | group.share.assignment.interval.ms | Least time between two assignments of a share group.
streams.session.timeout.ms         | int     | 45000  | >= 1    | group.streams.session.timeout.ms | Time without a heartbeat after which a member leaves a streams group.
streams.heartbeat.interval.ms      | int     | 5000   | >= 1    | group.streams.heartbeat.interval.ms | How often members of a streams group heartbeat.
streams.num.standby.replicas       | int     | 0      | >= 0    | group.streams.num.standby.replicas | Standby copies of each task's state in a streams group.
streams.initial.rebalance.delay.ms | int     | 3000   | >= 0    | group.streams.initial.rebalance.delay.ms | Time a new streams group waits for more members.
streams.assignment.interval.ms     | int     | 1000   | >= 0    | group.streams.assignment.interval.ms | Least time between two assignments of a streams group.
`

/** Client metrics subscriptions (KIP-714). */
export const clientMetricsConfigTable = `
metrics     | list | ''     |                | - | Prefixes of the metrics that clients are asked for; * is all.
interval.ms | int  | 300000 | 100 .. 3600000 | - | How often clients push their metrics.
match       | list | ''     | client patterns | - | Patterns that choose the clients, as selector=regex.
`
