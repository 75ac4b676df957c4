/**
 * Topic configs of Kafka 4.3 that we know. Columns: name, type, default, valid values, broker configs that give the default (first one set wins;
 * the factor converts their unit), what it does. `defineConfigs` reads it.
 */
export const topicConfigTable = `
segment.bytes                           | int     | 1073741824 | >= 1048576 | log.segment.bytes | Size at which a segment file is closed and a new one begun.
segment.ms                              | long    | 604800000  | >= 1       | log.roll.ms, log.roll.hours * 3600000 | Time after which a new segment is begun even if the old one is not full, so that retention and compaction can get at it.
segment.jitter.ms                       | long    | 0          | >= 0       | log.roll.jitter.ms, log.roll.jitter.hours * 3600000 | At most so much is taken off segment.ms at random, so that not all partitions roll at once.
segment.index.bytes                     | int     | 10485760   | >= 4       | log.index.size.max.bytes | Largest size of an offset index; a full index rolls the segment.
flush.messages                          | long    | Long.MAX   | >= 1       | log.flush.interval.messages | Records after which the log is forced to disk.
flush.ms                                | long    | Long.MAX   | >= 0       | log.flush.interval.ms, log.flush.scheduler.interval.ms | Time after which records are forced to disk.
retention.bytes                         | long    | -1         |            | log.retention.bytes | Size of a partition beyond which its oldest segments are deleted; -1 is no limit.
retention.ms                            | long    | 604800000  | >= -1      | log.retention.ms, log.retention.minutes * 60000, log.retention.hours * 3600000 | Age at which segments are deleted; -1 is never.
max.message.bytes                       | int     | 1048588    | >= 0       | message.max.bytes | Largest record batch that is accepted, after compression.
index.interval.bytes                    | int     | 4096       | >= 0       | log.index.interval.bytes | Bytes of log between two entries of the offset index.
delete.retention.ms                     | long    | 86400000   | >= 0       | log.cleaner.delete.retention.ms | Time for which compaction keeps a tombstone, so that slow readers see it.
min.compaction.lag.ms                   | long    | 0          | >= 0       | log.cleaner.min.compaction.lag.ms | Time for which a record is safe from compaction.
max.compaction.lag.ms                   | long    | Long.MAX   | >= 1       | log.cleaner.max.compaction.lag.ms | Time after which a record must become eligible for compaction.
file.delete.delay.ms                    | long    | 60000      | >= 0       | log.segment.delete.delay.ms | Time between renaming a file for deletion and deleting it.
min.cleanable.dirty.ratio               | double  | 0.5        | 0 .. 1     | log.cleaner.min.cleanable.ratio | Share of the log that must be uncompacted before the cleaner takes it on.
cleanup.policy                          | list    | delete     | subset of delete, compact | log.cleanup.policy | What happens to old segments: deleted, compacted by key, both, or neither.
unclean.leader.election.enable          | boolean | false      |            | unclean.leader.election.enable | Whether a replica that is not in sync may become leader when no other is left, which can lose records.
min.insync.replicas                     | int     | 1          | >= 1       | min.insync.replicas | In-sync replicas without which a write with acks=all is refused.
compression.type                        | string  | producer   | one of uncompressed, zstd, lz4, snappy, gzip, producer | compression.type | How batches are stored; producer keeps them as they came.
compression.gzip.level                  | int     | -1         | 1 .. 9 or -1 | compression.gzip.level | Level for compression.type gzip.
compression.lz4.level                   | int     | 9          | 1 .. 17    | compression.lz4.level | Level for compression.type lz4.
compression.zstd.level                  | int     | 3          | -131072 .. 22 | compression.zstd.level | Level for compression.type zstd.
preallocate                             | boolean | false      |            | log.preallocate | Whether a new segment's file gets its full size at once.
message.timestamp.type                  | string  | CreateTime | one of CreateTime, LogAppendTime | log.message.timestamp.type | Whether a record keeps the producer's time or gets the broker's.
message.timestamp.before.max.ms         | long    | Long.MAX   | >= 0       | log.message.timestamp.before.max.ms | How far a record's time may lie before the broker's.
message.timestamp.after.max.ms          | long    | 3600000    | >= 0       | log.message.timestamp.after.max.ms | How far a record's time may lie after the broker's.
leader.replication.throttled.replicas   | list    | ''         | replicas   | - | Replicas whose leaders send under the replication throttle, as partition:broker, or * for all.
follower.replication.throttled.replicas | list    | ''         | replicas   | - | Replicas that fetch under the replication throttle, as partition:broker, or * for all.
remote.storage.enable                   | boolean | false      |            | - | Whether closed segments go to tiered storage, which this broker does not have.
local.retention.ms                      | long    | -2         | >= -2      | log.local.retention.ms | Age at which local segments go once they are in tiered storage; -2 is retention.ms.
local.retention.bytes                   | long    | -2         | >= -2      | log.local.retention.bytes | Size beyond which local segments go once they are in tiered storage; -2 is retention.bytes.
remote.log.copy.disable                 | boolean | false      |            | - | Whether copying to tiered storage is stopped.
remote.log.delete.on.disable            | boolean | false      |            | - | Whether switching tiered storage off deletes what it holds.
internal.segment.bytes (internal)       | int     | null       | >= 1       | - | Segment size for tests, which may be below the least that segment.bytes allows.
`
