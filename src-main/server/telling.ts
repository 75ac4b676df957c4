import type { Partition } from '../broker/replication/partition.ts'
import type { Clock, Timer } from '../env/env.ts'
import type { MetadataDelta } from '../metadata/delta.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../metadata/image.ts'
import type { PartitionLog } from '../storage/partitionLog.ts'
import type { FromBroker, PartitionStats, PartitionTold } from './control.ts'
import { requestsTold } from './requestsTold.ts'
import type { Server } from './server.ts'

const STATS_EVERY_MS = 500

/** What this process uses of the machine. */
export interface Usage {
  readonly memoryBytes: number
  readonly cpuMs: number
}

/** Tells the supervisor what happens in this broker. Nothing here changes anything. Returns how to stop. */
export function tellOf(
  server: Server,
  clock: Clock,
  options: {
    readonly usage: () => Usage
    readonly tell: (message: FromBroker) => void
    /** Whether the supervisor has yet to read much of what it was told, as when it stands still: figures can wait, and must not pile up. */
    readonly isBehind: () => boolean
  },
): () => void {
  const { quorum, metadata, wireStats, peerStats } = server
  const { tell, usage, isBehind } = options
  quorum.onLeaderChange(({ leaderId, epoch }) => tell({ type: 'quorum', atMs: clock.now(), epoch, leaderId: leaderId ?? null }))
  metadata.follow(
    image => tell({ type: 'metadata', full: true, ...everything(image, clock.now()) }),
    (image, delta) => tell({ type: 'metadata', full: false, ...changes(image, delta, clock.now()) }),
  )

  const told = new WeakMap<Partition, PartitionStats>()
  const apisOf = requestsTold({ clients: wireStats.byApi, brokers: peerStats.byApi })
  let timer: Timer
  const tellStats = () => {
    timer = clock.after(STATS_EVERY_MS, tellStats)
    if (isBehind()) return
    const { bytesIn, bytesOut, requests } = wireStats
    const changed = changedStats(server, told)
    const folders = server.logFolders.map(({ path, failure, isFull }) => ({ path, failure: failure?.message ?? null, isFull }))
    tell({ type: 'stats', atMs: clock.now(), bytesIn, bytesOut, requests, ...usage(), partitions: changed, folders, apis: apisOf() })
  }
  timer = clock.after(STATS_EVERY_MS, tellStats)
  // At once, because what follows from it is told at once.
  server.onLogFolderFailure(() => {
    timer.cancel()
    tellStats()
  })
  return () => timer.cancel()
}

function everything(image: MetadataImage, atMs: number) {
  return {
    offset: image.lastAppliedOffset,
    atMs,
    partitions: [...image.topicsById.values()].flatMap(topic => topic.partitions.map(partition => toldOf(topic, partition))),
    deletedTopicIds: [],
    brokers: [...image.brokers.values()].map(({ brokerId, fenced }) => ({ brokerId, fenced })),
  }
}

function changes(image: MetadataImage, delta: MetadataDelta, atMs: number) {
  return {
    offset: image.lastAppliedOffset,
    atMs,
    partitions: delta.changedPartitions.flatMap(({ topicId, partition }) => {
      const topic = image.topicsById.get(topicId)
      const changed = topic?.partitions[partition]
      return topic === undefined || changed === undefined ? [] : [toldOf(topic, changed)]
    }),
    deletedTopicIds: delta.deletedTopics.map(({ topicId }) => topicId),
    brokers: [...delta.changedBrokers].flatMap(brokerId => {
      const broker = image.brokers.get(brokerId)
      return broker === undefined ? [] : [{ brokerId, fenced: broker.fenced }]
    }),
  }
}

function toldOf(topic: TopicImage, { partition, replicas, isr, leader, leaderEpoch, partitionEpoch }: PartitionImage): PartitionTold {
  return { topicId: topic.topicId, topic: topic.name, partition, replicas, isr, leader, leaderEpoch, partitionEpoch }
}

/** Of thousands of partitions most rest: these cost no more than a look. */
function changedStats(server: Server, told: WeakMap<Partition, PartitionStats>): PartitionStats[] {
  const changed: PartitionStats[] = []
  for (const partition of server.replicas.partitions()) {
    const { log, isOffline } = partition
    if (log === undefined && !isOffline) {
      told.delete(partition)
      continue
    }
    const before = told.get(partition)
    if (before !== undefined && !isOffline && log !== undefined && isAt(log, before)) continue
    const { topicId, index, failure } = partition
    const { logStartOffset, highWatermark, logEndOffset, sizeInBytes: sizeBytes } = log ?? NOTHING_KNOWN
    const problem = isOffline ? textOf(failure) : null
    const stats = { topicId, partition: index, logStartOffset, highWatermark, logEndOffset, sizeBytes, problem }
    told.set(partition, stats)
    if (problem === null || problem !== before?.problem) changed.push(stats)
  }
  return changed
}

const textOf = (failure: unknown): string => (failure instanceof Error ? failure.message : String(failure))

/** Of a log that could not be opened. */
const NOTHING_KNOWN = { logStartOffset: null, highWatermark: null, logEndOffset: null, sizeInBytes: null }

function isAt(log: PartitionLog, told: PartitionStats): boolean {
  return (
    told.logEndOffset === log.logEndOffset &&
    told.highWatermark === log.highWatermark &&
    told.logStartOffset === log.logStartOffset &&
    told.sizeBytes === log.sizeInBytes &&
    told.problem === null
  )
}
