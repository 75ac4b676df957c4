/**
 * Broker configs of Kafka 4.3 that we honour or list: every key that a client, a tool or a `server.properties` is likely to name. Columns: name,
 * type, default (`required` has none), valid values, how it may be altered at run time (readOnly, perBroker, clusterWide), what it does.
 * Left out: tiered storage, delegation tokens, OAuth, Kerberos.
 */
export const brokerConfigTable = `
process.roles                                     | list     | required | subset of broker, controller | readOnly | Whether this process is a broker, a controller, or both.
node.id                                           | int      | required | >= 0 | readOnly | The number of this process, unique in the cluster.
broker.id                                         | int      | -1 | | readOnly | Older name of node.id; -1 stands for it.
broker.rack                                       | string   | null | | readOnly | Where this broker stands, for placing replicas apart and reading from near ones.
controller.listener.names                         | list     | CONTROLLER | | readOnly | Listeners on which controllers and brokers talk to each other.
initial.broker.registration.timeout.ms            | int      | 60000 | | readOnly | Time a starting broker tries to register before it gives up.
broker.heartbeat.interval.ms                      | int      | 2000 | >= 1 | readOnly | How often a broker tells the controller that it lives.
broker.session.timeout.ms                         | int      | 9000 | >= 1 | readOnly | Time without a heartbeat after which the controller fences a broker.
sasl.mechanism.controller.protocol                | string   | GSSAPI | | readOnly | SASL mechanism towards controllers.
server.max.startup.time.ms (internal)             | long     | Long.MAX | >= 0 | readOnly | Time a start may take.

message.max.bytes                                 | int      | 1048588 | >= 0 | clusterWide | Largest record batch that is accepted, unless the topic says otherwise.
num.io.threads                                    | int      | 8 | >= 1 | clusterWide | Threads that serve requests; listed for tools, this broker has one event loop.
num.network.threads                               | int      | 3 | >= 1 | clusterWide | Threads that serve sockets; listed for tools, this broker has one event loop.
background.threads                                | int      | 10 | >= 1 | clusterWide | Threads for background work; listed for tools, this broker has one event loop.
num.replica.alter.log.dirs.threads                | int      | null | | readOnly | Threads that move replicas between log folders; listed for tools.
num.recovery.threads.per.data.dir                 | int      | 2 | >= 1 | clusterWide | Logs of one folder that are recovered at the same time.
request.timeout.ms                                | int      | 30000 | | readOnly | Longest wait for the answer to a request of this broker.
socket.connection.setup.timeout.ms                | long     | 10000 | | readOnly | Longest wait for a connection to another broker.
socket.connection.setup.timeout.max.ms            | long     | 30000 | | readOnly | Longest wait for a connection to another broker after several failures.
config.providers                                  | list     | '' | | clusterWide | Classes that resolve config values; this broker has none.
authorizer.class.name                             | string   | '' | | readOnly | Who decides what a principal may do; empty allows everything.
super.users                                       | string   | '' | | readOnly | Principals that may do everything, separated by semicolons.
allow.everyone.if.no.acl.found                    | boolean  | false | | readOnly | Whether a resource without ACLs is open to all.
early.start.listeners                             | list     | null | | readOnly | Listeners that open before the broker has caught up.
controlled.shutdown.enable                        | boolean  | true | | readOnly | Whether leaders are moved away before this broker stops.
delete.topic.enable                               | boolean  | true | | readOnly | Whether topics can be deleted.
auto.create.topics.enable                         | boolean  | true | | readOnly | Whether asking for the metadata of an unknown topic creates it.
compression.type                                  | string   | producer | one of uncompressed, zstd, lz4, snappy, gzip, producer | clusterWide | How batches are stored, unless the topic says otherwise; producer keeps them as they came.
compression.gzip.level                            | int      | -1 | 1 .. 9 or -1 | clusterWide | Level for compression.type gzip.
compression.lz4.level                             | int      | 9 | 1 .. 17 | clusterWide | Level for compression.type lz4.
compression.zstd.level                            | int      | 3 | -131072 .. 22 | clusterWide | Level for compression.type zstd.
max.incremental.fetch.session.cache.slots         | int      | 1000 | >= 0 | readOnly | Fetch sessions that are kept.
fetch.max.bytes                                   | int      | 57671680 | >= 1024 | readOnly | Most bytes in the answer to one fetch.
max.request.partition.size.limit                  | int      | 2000 | >= 1 | readOnly | Most partitions in one answer of DescribeTopicPartitions.
unstable.api.versions.enable (internal)           | boolean  | false | | readOnly | Whether API versions under development are offered.
unstable.feature.versions.enable (internal)       | boolean  | false | | readOnly | Whether feature levels under development are offered.

metadata.log.max.record.bytes.between.snapshots   | long     | 20971520 | >= 1 | readOnly | Bytes of metadata log after which a snapshot is written.
metadata.log.max.snapshot.interval.ms             | long     | 3600000 | >= 0 | readOnly | Time after which a snapshot of the metadata is written.
metadata.log.dir                                  | string   | null | | readOnly | Where the metadata log is; by default the first log folder.
metadata.log.segment.bytes                        | int      | 1073741824 | >= 8388608 | readOnly | Segment size of the metadata log.
internal.metadata.log.segment.bytes (internal)    | int      | null | >= 1 | readOnly | Segment size of the metadata log for tests, which may be below the least that metadata.log.segment.bytes allows.
metadata.log.segment.ms                           | long     | 604800000 | | readOnly | Time after which the metadata log rolls.
metadata.max.retention.bytes                      | long     | 104857600 | | readOnly | Size of the metadata log beyond which old segments and snapshots go.
metadata.max.retention.ms                         | long     | 604800000 | | readOnly | Age at which old segments and snapshots of the metadata log go.
metadata.max.idle.interval.ms                     | int      | 500 | >= 0 | readOnly | Time after which an idle controller writes a record that says nothing.

controller.quorum.voters                          | list     | '' | | readOnly | The controllers that vote, as id@host:port.
controller.quorum.bootstrap.servers               | list     | '' | | readOnly | Addresses at which the quorum is found.
controller.quorum.election.timeout.ms             | int      | 1000 | >= 0 | readOnly | Time an election may take before it is tried again.
controller.quorum.fetch.timeout.ms                | int      | 2000 | >= 0 | readOnly | Time without an answer from the quorum's leader after which a voter asks for an election.
controller.quorum.election.backoff.max.ms         | int      | 1000 | >= 0 | readOnly | Longest pause before another election.
controller.quorum.append.linger.ms                | int      | 25 | >= 0 | readOnly | Time for which metadata records are gathered before they are written.
controller.quorum.request.timeout.ms              | int      | 2000 | >= 0 | readOnly | Longest wait for an answer within the quorum.
controller.quorum.retry.backoff.ms                | int      | 20 | >= 0 | readOnly | Pause before a request within the quorum is repeated.
controller.quorum.auto.join.enable                | boolean  | false | | readOnly | Whether a controller adds itself to the voters.
controller.quorum.fetch.snapshot.max.bytes        | int      | 1048576 | >= 1 | readOnly | Most bytes of a snapshot in one answer.
controller.quorum.fetch.max.bytes                 | int      | 1048576 | >= 1 | readOnly | Most bytes of the metadata log in one answer.

listeners                                         | list     | PLAINTEXT://:9092 | | perBroker | Where this broker listens, as NAME://host:port.
advertised.listeners                              | list     | null | | readOnly | Where clients are told to connect; by default the listeners.
listener.security.protocol.map                    | string   | PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL | | perBroker | Which listener speaks which security protocol.
inter.broker.listener.name                        | string   | null | | readOnly | Listener that brokers use among themselves.
security.inter.broker.protocol                    | string   | PLAINTEXT | one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL | readOnly | Security protocol that brokers use among themselves.
socket.send.buffer.bytes                          | int      | 102400 | | readOnly | Send buffer of a socket; -1 leaves it to the system.
socket.receive.buffer.bytes                       | int      | 102400 | | readOnly | Receive buffer of a socket; -1 leaves it to the system.
socket.request.max.bytes                          | int      | 104857600 | >= 1 | readOnly | Largest request that is accepted.
socket.listen.backlog.size                        | int      | 50 | >= 1 | readOnly | Connections that may wait to be accepted.
max.connections.per.ip                            | int      | Int.MAX | >= 0 | clusterWide | Most connections from one address.
max.connections.per.ip.overrides                  | string   | '' | | clusterWide | Other limits for some addresses, as host:count.
max.connections                                   | int      | Int.MAX | >= 0 | clusterWide | Most connections to this broker.
max.connection.creation.rate                      | int      | Int.MAX | >= 0 | clusterWide | Most new connections a second.
connections.max.idle.ms                           | long     | 600000 | | readOnly | Time after which an idle connection is closed.
connections.max.reauth.ms                         | long     | 0 | | readOnly | Time after which a SASL client must authenticate again; 0 is never.
connection.failed.authentication.delay.ms         | int      | 100 | >= 0 | readOnly | Pause before a connection that failed to authenticate is closed.
queued.max.requests                               | int      | 500 | >= 1 | readOnly | Requests that may wait before sockets are read no further.
queued.max.request.bytes                          | long     | -1 | | readOnly | Bytes of requests that may wait; -1 is no limit.

num.partitions                                    | int      | 1 | >= 1 | readOnly | Partitions of a topic that is created without a number.
default.replication.factor                        | int      | 1 | >= 1 | readOnly | Replicas of a topic that is created without a number.
log.dir                                           | list     | /tmp/kafka-logs | | readOnly | Folder of the logs, used when log.dirs is not set.
log.dirs                                          | list     | null | | readOnly | Folders of the logs.
cordoned.log.dirs                                 | list     | '' | | readOnly | Log folders that get no new replicas; this broker has none.
log.segment.bytes                                 | int      | 1073741824 | >= 1048576 | clusterWide | Segment size, unless the topic says otherwise.
log.roll.ms                                       | long     | null | >= 1 | clusterWide | Time after which a segment is rolled; by default log.roll.hours.
log.roll.hours                                    | int      | 168 | >= 1 | readOnly | Hours after which a segment is rolled.
log.roll.jitter.ms                                | long     | null | >= 0 | clusterWide | Most that is taken off the roll time at random; by default log.roll.jitter.hours.
log.roll.jitter.hours                             | int      | 0 | >= 0 | readOnly | Most hours that are taken off the roll time at random.
log.retention.ms                                  | long     | null | >= -1 | clusterWide | Age at which segments are deleted; by default log.retention.minutes.
log.retention.minutes                             | int      | null | | readOnly | Age in minutes at which segments are deleted; by default log.retention.hours.
log.retention.hours                               | int      | 168 | | readOnly | Age in hours at which segments are deleted.
log.retention.bytes                               | long     | -1 | | clusterWide | Size of a partition beyond which segments are deleted; -1 is no limit.
log.retention.check.interval.ms                   | long     | 300000 | >= 1 | readOnly | How often segments are looked through for old ones.
log.cleanup.policy                                | list     | delete | subset of delete, compact | clusterWide | What happens to old segments, unless the topic says otherwise.
log.index.size.max.bytes                          | int      | 10485760 | >= 4 | clusterWide | Largest size of an offset index.
log.index.interval.bytes                          | int      | 4096 | >= 0 | clusterWide | Bytes of log between two entries of the offset index.
log.flush.interval.messages                       | long     | Long.MAX | >= 1 | clusterWide | Records after which a log is forced to disk.
log.flush.interval.ms                             | long     | null | >= 0 | clusterWide | Time after which records are forced to disk; by default log.flush.scheduler.interval.ms.
log.flush.scheduler.interval.ms                   | long     | Long.MAX | | readOnly | How often logs are looked through for records to force to disk.
log.flush.offset.checkpoint.interval.ms           | int      | 60000 | >= 0 | readOnly | How often recovery points are written down.
log.flush.start.offset.checkpoint.interval.ms     | int      | 60000 | >= 0 | readOnly | How often log start offsets are written down.
log.segment.delete.delay.ms                       | long     | 60000 | >= 0 | clusterWide | Time between renaming a file for deletion and deleting it.
log.preallocate                                   | boolean  | false | | clusterWide | Whether a new segment's file gets its full size at once.
log.message.timestamp.type                        | string   | CreateTime | one of CreateTime, LogAppendTime | clusterWide | Whether a record keeps the producer's time or gets the broker's.
log.message.timestamp.before.max.ms               | long     | Long.MAX | >= 0 | clusterWide | How far a record's time may lie before the broker's.
log.message.timestamp.after.max.ms                | long     | 3600000 | >= 0 | clusterWide | How far a record's time may lie after the broker's.
log.dir.failure.timeout.ms                        | long     | 30000 | >= 1 | readOnly | Time after which a broker stops when it cannot report a failed log folder.
log.initial.task.delay.ms (internal)              | long     | 30000 | >= 0 | readOnly | Pause before the first run of log housekeeping.
log.local.retention.ms                            | long     | -2 | >= -2 | clusterWide | Age at which local segments go once they are in tiered storage.
log.local.retention.bytes                         | long     | -2 | >= -2 | clusterWide | Size beyond which local segments go once they are in tiered storage.
min.insync.replicas                               | int      | 1 | >= 1 | clusterWide | In-sync replicas without which a write with acks=all is refused, unless the topic says otherwise.
create.topic.policy.class.name                    | class    | null | | readOnly | Class that may refuse new topics; this broker loads none.
alter.config.policy.class.name                    | class    | null | | readOnly | Class that may refuse config changes; this broker loads none.

log.cleaner.enable                                | boolean  | true | | readOnly | Whether compacted topics are compacted.
log.cleaner.threads                               | int      | 1 | >= 0 | clusterWide | Threads that compact; listed for tools.
log.cleaner.io.max.bytes.per.second               | double   | 1.7976931348623157E308 | | clusterWide | Most bytes a second that compaction reads and writes.
log.cleaner.dedupe.buffer.size                    | long     | 134217728 | | clusterWide | Memory for the map of keys while compacting.
log.cleaner.io.buffer.size                        | int      | 524288 | >= 0 | clusterWide | Memory for reading and writing while compacting.
log.cleaner.io.buffer.load.factor                 | double   | 0.9 | | clusterWide | How full the map of keys may get.
log.cleaner.backoff.ms                            | long     | 15000 | >= 0 | clusterWide | Pause when there is nothing to compact.
log.cleaner.min.cleanable.ratio                   | double   | 0.5 | 0 .. 1 | clusterWide | Share of a log that must be uncompacted before the cleaner takes it on.
log.cleaner.delete.retention.ms                   | long     | 86400000 | >= 0 | clusterWide | Time for which compaction keeps a tombstone.
log.cleaner.min.compaction.lag.ms                 | long     | 0 | >= 0 | clusterWide | Time for which a record is safe from compaction.
log.cleaner.max.compaction.lag.ms                 | long     | Long.MAX | >= 1 | clusterWide | Time after which a record must become eligible for compaction.

controller.socket.timeout.ms                      | int      | 30000 | | readOnly | Longest wait for an answer of the controller.
replica.lag.time.max.ms                           | long     | 30000 | | readOnly | Time without having caught up after which a follower leaves the in-sync replicas.
replica.socket.timeout.ms                         | int      | 30000 | | readOnly | Longest wait for the answer to a follower's fetch.
replica.socket.receive.buffer.bytes               | int      | 65536 | | readOnly | Receive buffer of a follower's socket.
replica.fetch.max.bytes                           | int      | 1048576 | >= 0 | readOnly | Bytes a follower asks for of each partition.
replica.fetch.wait.max.ms                         | int      | 500 | | readOnly | Longest time a follower's fetch waits for records.
replica.fetch.backoff.ms                          | int      | 1000 | >= 0 | readOnly | Pause of a follower after a failed fetch.
replica.fetch.min.bytes                           | int      | 1 | | readOnly | Bytes for which a follower's fetch waits.
replica.fetch.response.max.bytes                  | int      | 10485760 | >= 0 | readOnly | Most bytes in the answer to a follower's fetch.
num.replica.fetchers                              | int      | 1 | >= 1 | clusterWide | Fetchers for each leader; listed for tools, this broker has one.
replica.high.watermark.checkpoint.interval.ms     | long     | 5000 | | readOnly | How often high watermarks are written down.
replica.selector.class                            | string   | null | one of org.apache.kafka.common.replica.RackAwareReplicaSelector, org.apache.kafka.common.replica.LeaderSelector | readOnly | How consumers are sent to a near replica; by default they are not.
fetch.purgatory.purge.interval.requests           | int      | 1000 | | readOnly | Finished fetches after which the waiting ones are tidied; listed for tools.
producer.purgatory.purge.interval.requests        | int      | 1000 | | readOnly | Finished produces after which the waiting ones are tidied; listed for tools.
delete.records.purgatory.purge.interval.requests  | int      | 1 | | readOnly | Finished deletions after which the waiting ones are tidied; listed for tools.
auto.leader.rebalance.enable                      | boolean  | true | | readOnly | Whether leadership returns to preferred replicas by itself.
leader.imbalance.check.interval.seconds           | long     | 300 | >= 1 | readOnly | How often leadership returns to preferred replicas.
unclean.leader.election.interval.ms (internal)    | long     | 300000 | >= 1 | readOnly | How often partitions without leader are tried for an unclean election.
unclean.leader.election.enable                    | boolean  | false | | clusterWide | Whether a replica that is not in sync may become leader when no other is left, which can lose records.
follower.fetch.last.tiered.offset.enable          | boolean  | false | | clusterWide | Whether a new follower starts at the last tiered offset; this broker has no tiered storage.

group.coordinator.rebalance.protocols             | list     | classic,consumer,streams | subset of classic, consumer, share, streams | readOnly | Group protocols that are offered.
group.coordinator.threads                         | int      | 4 | >= 1 | readOnly | Threads of the group coordinator; listed for tools.
group.coordinator.background.threads              | int      | 2 | >= 1 | readOnly | Background threads of the group coordinator; listed for tools.
group.coordinator.append.linger.ms                | int      | -1 | >= -1 | readOnly | Time for which the group coordinator gathers records before it writes them.
group.coordinator.cached.buffer.max.bytes         | int      | 1048588 | >= 524288 | clusterWide | Largest buffer that the group coordinator keeps for reuse.
offsets.commit.timeout.ms                         | int      | 5000 | >= 1 | readOnly | Longest wait until a commit of offsets is replicated.
offsets.load.buffer.size                          | int      | 5242880 | >= 1 | readOnly | Bytes read at a time when a coordinator loads its groups.
offsets.topic.replication.factor                  | short    | 3 | >= 1 | readOnly | Replicas of the offsets topic.
offsets.topic.num.partitions                      | int      | 50 | >= 1 | readOnly | Partitions of the offsets topic; not to be changed later.
offsets.topic.segment.bytes                       | int      | 104857600 | >= 1 | readOnly | Segment size of the offsets topic.
offsets.topic.compression.codec                   | int      | 0 | 0 .. 4 | readOnly | Compression of the offsets topic, by its number.
offset.metadata.max.bytes                         | int      | 4096 | | readOnly | Longest note that may go with a committed offset.
offsets.retention.minutes                         | int      | 10080 | >= 1 | readOnly | Minutes for which offsets outlive the last member of their group.
offsets.retention.check.interval.ms               | long     | 600000 | >= 1 | readOnly | How often old offsets are looked for.
group.min.session.timeout.ms                      | int      | 6000 | | readOnly | Least session timeout that a consumer may ask for.
group.max.session.timeout.ms                      | int      | 1800000 | | readOnly | Greatest session timeout that a consumer may ask for.
group.initial.rebalance.delay.ms                  | int      | 3000 | | readOnly | Time a new group waits for more members.
group.max.size                                    | int      | Int.MAX | >= 1 | readOnly | Most members of a group.
group.consumer.session.timeout.ms                 | int      | 45000 | >= 1 | readOnly | Time without a heartbeat after which a consumer is removed (new protocol).
group.consumer.min.session.timeout.ms             | int      | 45000 | >= 1 | readOnly | Least session timeout of a group (new protocol).
group.consumer.max.session.timeout.ms             | int      | 60000 | >= 1 | readOnly | Greatest session timeout of a group (new protocol).
group.consumer.heartbeat.interval.ms              | int      | 5000 | >= 1 | readOnly | How often consumers heartbeat (new protocol).
group.consumer.min.heartbeat.interval.ms          | int      | 5000 | >= 1 | readOnly | Least heartbeat interval of a group (new protocol).
group.consumer.max.heartbeat.interval.ms          | int      | 15000 | >= 1 | readOnly | Greatest heartbeat interval of a group (new protocol).
group.consumer.max.size                           | int      | Int.MAX | >= 1 | readOnly | Most members of a group (new protocol).
group.consumer.assignors                          | list     | uniform,range | | readOnly | Assignors of the broker, the first being the default.
group.consumer.migration.policy                   | string   | BIDIRECTIONAL | one of DISABLED, DOWNGRADE, UPGRADE, BIDIRECTIONAL | readOnly | Which way a group may change its protocol while in use.
group.consumer.assignment.interval.ms             | int      | 1000 | >= 0 | clusterWide | Least time between two assignments of a group.
group.consumer.min.assignment.interval.ms         | int      | 0 | >= 0 | readOnly | Least assignment interval of a group.
group.consumer.max.assignment.interval.ms         | int      | 15000 | >= 0 | readOnly | Greatest assignment interval of a group.
group.share.session.timeout.ms                    | int      | 45000 | >= 1 | readOnly | Session timeout of share groups.
group.share.min.session.timeout.ms                | int      | 45000 | >= 1 | readOnly | Least session timeout of a share group.
group.share.max.session.timeout.ms                | int      | 60000 | >= 1 | readOnly | Greatest session timeout of a share group.
group.share.heartbeat.interval.ms                 | int      | 5000 | >= 1 | readOnly | Heartbeat interval of share groups.
group.share.min.heartbeat.interval.ms             | int      | 5000 | >= 1 | readOnly | Least heartbeat interval of a share group.
group.share.max.heartbeat.interval.ms             | int      | 15000 | >= 1 | readOnly | Greatest heartbeat interval of a share group.
group.share.max.size                              | int      | 200 | 1 .. 1000 | readOnly | Most members of a share group.
group.share.assignment.interval.ms                | int      | 1000 | >= 0 | clusterWide | Least time between two assignments of a share group.
group.share.min.assignment.interval.ms            | int      | 0 | >= 0 | readOnly | Least assignment interval of a share group.
group.share.max.assignment.interval.ms            | int      | 15000 | >= 0 | readOnly | Greatest assignment interval of a share group.
group.share.assignors                             | list     | simple | | readOnly | Assignors of share groups.
group.share.min.record.lock.duration.ms           | int      | 15000 | 1000 .. 30000 | readOnly | Shortest hold on a record that a share group may be given.
group.share.max.record.lock.duration.ms           | int      | 60000 | 30000 .. 3600000 | readOnly | Longest hold on a record that a share group may be given.
group.share.max.delivery.count.limit              | int      | 10 | 5 .. 25 | readOnly | Most deliveries of a record that a share group may be given.
group.share.min.partition.max.record.locks        | int      | 100 | >= 1 | readOnly | Least number of held records of a partition that a share group may be given.
group.share.max.partition.max.record.locks        | int      | 10000 | >= 1 | readOnly | Greatest number of held records of a partition that a share group may be given.
group.streams.session.timeout.ms                  | int      | 45000 | >= 1 | readOnly | Session timeout of streams groups.
group.streams.min.session.timeout.ms              | int      | 45000 | >= 1 | readOnly | Least session timeout of a streams group.
group.streams.max.session.timeout.ms              | int      | 60000 | >= 1 | readOnly | Greatest session timeout of a streams group.
group.streams.heartbeat.interval.ms               | int      | 5000 | >= 1 | readOnly | Heartbeat interval of streams groups.
group.streams.min.heartbeat.interval.ms           | int      | 5000 | >= 1 | readOnly | Least heartbeat interval of a streams group.
group.streams.max.heartbeat.interval.ms           | int      | 15000 | >= 1 | readOnly | Greatest heartbeat interval of a streams group.
group.streams.max.size                            | int      | Int.MAX | >= 1 | readOnly | Most members of a streams group.
group.streams.num.standby.replicas                | int      | 0 | >= 0 | readOnly | Standby copies of each task's state in streams groups.
group.streams.max.standby.replicas                | int      | 2 | >= 0 | readOnly | Most standby copies that a streams group may ask for.
group.streams.initial.rebalance.delay.ms          | int      | 3000 | >= 0 | readOnly | Time a new streams group waits for more members.
group.streams.assignment.interval.ms              | int      | 1000 | >= 0 | clusterWide | Least time between two assignments of a streams group.
group.streams.min.assignment.interval.ms          | int      | 0 | >= 0 | readOnly | Least assignment interval of a streams group.
group.streams.max.assignment.interval.ms          | int      | 15000 | >= 0 | readOnly | Greatest assignment interval of a streams group.

transaction.state.log.min.isr                     | int      | 2 | >= 1 | readOnly | In-sync replicas without which the transaction topic takes no writes.
transaction.state.log.load.buffer.size            | int      | 5242880 | >= 1 | readOnly | Bytes read at a time when a coordinator loads its transactions.
transaction.state.log.replication.factor          | short    | 3 | >= 1 | readOnly | Replicas of the transaction topic.
transaction.state.log.num.partitions              | int      | 50 | >= 1 | readOnly | Partitions of the transaction topic; not to be changed later.
transaction.state.log.segment.bytes               | int      | 104857600 | >= 1 | readOnly | Segment size of the transaction topic.
transaction.partition.verification.enable         | boolean  | true | | clusterWide | Whether a leader asks the coordinator before it takes a transaction's first batch.
transactional.id.expiration.ms                    | int      | 604800000 | >= 1 | readOnly | Time after which an unused transactional id is forgotten.
transaction.max.timeout.ms                        | int      | 900000 | >= 1 | readOnly | Greatest transaction timeout that a producer may ask for.
transaction.abort.timed.out.transaction.cleanup.interval.ms | int | 10000 | >= 1 | readOnly | How often transactions that took too long are looked for.
transaction.remove.expired.transaction.cleanup.interval.ms | int | 3600000 | >= 1 | readOnly | How often unused transactional ids are looked for.
transaction.two.phase.commit.enable               | boolean  | false | | readOnly | Whether a transaction may wait for an outside coordinator without a timeout.
add.partitions.to.txn.retry.backoff.max.ms        | int      | 100 | >= 0 | readOnly | Longest pause before a partition is added to a transaction again.
add.partitions.to.txn.retry.backoff.ms            | int      | 20 | >= 1 | readOnly | Pause before a partition is added to a transaction again.
producer.id.expiration.ms                         | int      | 86400000 | >= 1 | clusterWide | Time after which a partition forgets an idle producer's sequence numbers.
producer.id.expiration.check.interval.ms (internal) | int    | 600000 | >= 1 | readOnly | How often idle producers are looked for.

metrics.num.samples                               | int      | 2 | >= 1 | readOnly | Samples that are kept of each metric.
metrics.sample.window.ms                          | long     | 30000 | >= 1 | readOnly | Length of one sample of a metric.
metric.reporters                                  | list     | '' | | clusterWide | Classes that report metrics; this broker loads none.
metrics.recording.level                           | string   | INFO | one of INFO, DEBUG, TRACE | readOnly | How much is measured.
telemetry.max.bytes                               | int      | 1048576 | >= 1 | readOnly | Largest push of client metrics.
quota.window.num                                  | int      | 11 | >= 1 | readOnly | Samples over which client quotas are measured.
quota.window.size.seconds                         | int      | 1 | >= 1 | readOnly | Length of one sample of client quotas.
replication.quota.window.num                      | int      | 11 | >= 1 | readOnly | Samples over which replication quotas are measured.
replication.quota.window.size.seconds             | int      | 1 | >= 1 | readOnly | Length of one sample of replication quotas.
alter.log.dirs.replication.quota.window.num       | int      | 11 | >= 1 | readOnly | Samples over which moves between log folders are measured.
alter.log.dirs.replication.quota.window.size.seconds | int      | 1 | >= 1 | readOnly | Length of one sample of moves between log folders.
controller.quota.window.num                       | int      | 11 | >= 1 | readOnly | Samples over which controller quotas are measured.
controller.quota.window.size.seconds              | int      | 1 | >= 1 | readOnly | Length of one sample of controller quotas.
client.quota.callback.class                       | class    | null | | readOnly | Class that decides quotas; this broker loads none.
leader.replication.throttled.rate                 | long     | Long.MAX | >= 0 | clusterWide | Most bytes a second that leaders send to throttled replicas.
follower.replication.throttled.rate               | long     | Long.MAX | >= 0 | clusterWide | Most bytes a second that throttled replicas fetch.
replica.alter.log.dirs.io.max.bytes.per.second    | long     | Long.MAX | >= 0 | clusterWide | Most bytes a second with which replicas move between log folders.

principal.builder.class                           | class    | org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder | | perBroker | Class that names the client of a connection; listed for tools.
sasl.enabled.mechanisms                           | list     | GSSAPI | | perBroker | SASL mechanisms that clients may use.
sasl.mechanism.inter.broker.protocol              | string   | GSSAPI | | perBroker | SASL mechanism that brokers use among themselves.
sasl.jaas.config                                  | password | null | | perBroker | Names and passwords for SASL.
sasl.server.max.receive.size                      | int      | 524288 | | readOnly | Largest SASL message before a client has authenticated.
ssl.client.auth                                   | string   | none | one of required, requested, none | perBroker | Whether clients must show a certificate.
ssl.principal.mapping.rules                       | string   | DEFAULT | | readOnly | How a certificate's name becomes a principal.
ssl.protocol                                      | string   | TLSv1.3 | | perBroker | Newest TLS version.
ssl.enabled.protocols                             | list     | TLSv1.2,TLSv1.3 | | perBroker | TLS versions that clients may use.
ssl.cipher.suites                                 | list     | '' | | perBroker | TLS ciphers that clients may use; empty leaves it to the library.
ssl.keystore.type                                 | string   | JKS | | perBroker | Form of the broker's own certificate and key.
ssl.keystore.location                             | string   | null | | perBroker | File of the broker's own certificate and key.
ssl.keystore.password                             | password | null | | perBroker | Password of the keystore.
ssl.keystore.key                                  | password | null | | perBroker | The broker's own key, as PEM text.
ssl.keystore.certificate.chain                    | password | null | | perBroker | The broker's own certificate, as PEM text.
ssl.key.password                                  | password | null | | perBroker | Password of the broker's own key.
ssl.truststore.type                               | string   | JKS | | perBroker | Form of the certificates that are trusted.
ssl.truststore.location                           | string   | null | | perBroker | File of the certificates that are trusted.
ssl.truststore.password                           | password | null | | perBroker | Password of the truststore.
ssl.truststore.certificates                       | password | null | | perBroker | The certificates that are trusted, as PEM text.
ssl.endpoint.identification.algorithm             | string   | https | | perBroker | How a server's certificate is held against its address.
`
