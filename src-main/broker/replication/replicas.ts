import type { BufferPool } from '../../base/bufferPool.ts'
import type { Logger } from '../../base/logger.ts'
import type { Uuid } from '../../base/uuid.ts'
import type { Clock, Env } from '../../env/env.ts'
import type { MetadataDelta } from '../../metadata/delta.ts'
import type { MetadataImage, PartitionImage } from '../../metadata/image.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { LogCleaner } from '../../storage/compaction/logCleaner.ts'
import { isCompacted } from '../../storage/logConfig.ts'
import type { LogDirectories } from '../../storage/logDirectories.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import type { BrokerConfig } from '../brokerConfig.ts'
import type { ControllerLink } from '../controllerLink.ts'
import { IsrProposals } from './alterPartition.ts'
import { Fetchers } from './fetchers.ts'
import type { Reader } from './fetchPlan.ts'
import { Partition, type PartitionOwner } from './partition.ts'
import { PartitionNews } from './partitionNews.ts'
import type { PartitionState } from './partitionSurroundings.ts'
import { ReplicaPlaces } from './replicaPlaces.ts'
import { type FollowerView, nearestReplica, RACK_AWARE_SELECTOR } from './replicaSelector.ts'
import { ReplicationThrottle } from './replicationThrottle.ts'
import { TopicSettings } from './topicSettings.ts'
import { Upkeep } from './upkeep.ts'

export interface ReplicasOptions {
  readonly brokerId: number
  readonly clusterId: string
  readonly config: BrokerConfig
  readonly logDirectories: LogDirectories
  readonly metadata: () => MetadataImage
  /** Under which this broker is registered; -1 before. */
  readonly brokerEpoch: () => number
  /** Whether the controller has answered this broker lately. */
  readonly isInTouch?: () => boolean
  /** Carries AlterPartition and AssignReplicasToDirs; its own, so that no admin request stands before it. */
  readonly controllerLink: ControllerLink
  /** For what leaders answer. */
  readonly memory: BufferPool
  readonly logger: Logger
}

export interface LeadershipChange {
  readonly partition: Partition
  readonly topic: string
  readonly index: number
  /** Undefined when the leadership ended. */
  readonly leaderEpoch: number | undefined
}

export interface PartitionStats {
  readonly topic: string
  readonly partition: number
  readonly isLeader: boolean
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly logStartOffset: number
  readonly highWatermark: number
  readonly logEndOffset: number
  readonly sizeBytes: number
}

/**
 * All partitions of which this broker is a replica. Follows metadata: opens and deletes logs, leads, follows, and starts a fetcher for each broker
 * that leads something of ours. Each partition changes its role by itself, one change after the other, while the rest goes on.
 */
export class Replicas {
  readonly #clock: Clock
  readonly #options: ReplicasOptions
  readonly #logger: Logger
  readonly settings: TopicSettings
  readonly #proposals: IsrProposals
  readonly #places: ReplicaPlaces
  readonly #byTopicId = new Map<Uuid, Map<number, Partition>>()
  /** All of them, listed when somebody asks; undefined since one came or went. */
  #listed: readonly Partition[] | undefined
  readonly #byName = new Map<string, Map<number, Partition>>()
  readonly #leaderThrottle: ReplicationThrottle
  readonly #followerThrottle: ReplicationThrottle
  readonly #fetchers: Fetchers
  readonly #upkeep: Upkeep
  readonly #news: PartitionNews
  readonly #cleaner: LogCleaner<PartitionLog>
  /** Deletions under way, by folder name: a topic of the same name begins only after them. */
  readonly #deletions = new Map<string, Promise<void>>()
  readonly #leadershipListeners: ((change: LeadershipChange) => void)[] = []
  readonly #failureListeners: ((partition: Partition, failure: unknown) => void)[] = []
  readonly #owner: PartitionOwner
  #stopped = false

  constructor(env: Pick<Env, 'clock' | 'network'>, options: ReplicasOptions) {
    this.#clock = env.clock
    this.#options = options
    this.#logger = options.logger
    const { brokerId, config } = options
    this.settings = new TopicSettings(options.metadata, { statics: config.staticValues, brokerId })
    const quota = {
      brokerId,
      metadata: options.metadata,
      statics: config.staticValues,
      samples: config.replicationQuotaWindowNum,
      sampleMs: config.replicationQuotaWindowSizeSeconds * 1000,
    }
    this.#leaderThrottle = new ReplicationThrottle(env.clock, { ...quota, side: 'leader' })
    this.#followerThrottle = new ReplicationThrottle(env.clock, { ...quota, side: 'follower' })
    this.#fetchers = new Fetchers(env, { ...options, throttle: this.#followerThrottle })
    this.#upkeep = new Upkeep(env.clock, options.logger)
    this.#news = new PartitionNews(env.clock, options.logger)
    this.#cleaner = new LogCleaner(env, {
      logs: () => this.#compactedLogs(),
      config: config.logCleaner,
      log: options.logger,
      checkpoint: async log => options.logDirectories.directoryOf(log)?.checkpoint(),
    })
    this.#proposals = new IsrProposals(env.clock, {
      brokerId,
      brokerEpoch: options.brokerEpoch,
      send: (api, request) => options.controllerLink.send(api, request),
      logger: options.logger,
    })
    this.#places = new ReplicaPlaces(env.clock, {
      ...options,
      send: (api, request) => options.controllerLink.send(api, request),
    })
    this.#owner = {
      brokerId,
      clock: env.clock,
      maxLagMs: config.replicaLagTimeMaxMs,
      logger: options.logger,
      news: this.#news,
      openLog: partition => this.#openLog(partition),
      isEligible: ({ topicId, index }, replicaId, brokerEpoch) => {
        const image = options.metadata()
        const state = image.partition(topicId, index)
        if (state === undefined || !image.isOnline(state, replicaId)) return false
        return brokerEpoch < 0 || image.brokers.get(replicaId)?.brokerEpoch === brokerEpoch
      },
      brokerEpochOf: id => (id === brokerId ? options.brokerEpoch() : (options.metadata().brokers.get(id)?.brokerEpoch ?? -1)),
      minInsyncReplicas: topic => this.settings.of(topic).minInsyncReplicas,
      isInTouch: options.isInTouch ?? (() => true),
      propose: proposal => this.#proposals.propose(proposal),
      throttle: this.#leaderThrottle,
      preferredReplica:
        config.replicaSelectorClass === RACK_AWARE_SELECTOR
          ? (reader, leader, followers) => this.#preferredReplica(reader, leader, followers)
          : () => undefined,
      roleTaken: partition => this.#roleTaken(partition),
      roleLost: partition => this.#roleLost(partition),
      failed: (partition, failure) => {
        // One that was open has said so itself.
        if (partition.log?.failure === undefined) this.#logger.error(`${partition.name} is offline`, { error: failure })
        this.#places.tell(partition)
        for (const listen of this.#failureListeners) listen(partition, failure)
      },
    }
  }

  /** The replica here, or why there is none: the topic is unknown, or other brokers have it. */
  find(topic: string, index: number): Partition | 'UNKNOWN_TOPIC_OR_PARTITION' | 'NOT_LEADER_OR_FOLLOWER' {
    const partition = this.#byName.get(topic)?.get(index)
    if (partition !== undefined) return partition
    const exists = this.#options.metadata().topicsByName.get(topic)?.partitions[index] !== undefined
    return exists ? 'NOT_LEADER_OR_FOLLOWER' : 'UNKNOWN_TOPIC_OR_PARTITION'
  }

  findById(topicId: Uuid, index: number): Partition | 'UNKNOWN_TOPIC_ID' | 'UNKNOWN_TOPIC_OR_PARTITION' | 'NOT_LEADER_OR_FOLLOWER' {
    const partition = this.#byTopicId.get(topicId)?.get(index)
    if (partition !== undefined) return partition
    const topic = this.#options.metadata().topicsById.get(topicId)
    if (topic === undefined) return 'UNKNOWN_TOPIC_ID'
    return topic.partitions[index] === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'NOT_LEADER_OR_FOLLOWER'
  }

  partitions(): readonly Partition[] {
    return (this.#listed ??= [...this.#byTopicId.values()].flatMap(ofTopic => [...ofTopic.values()]))
  }

  /**
   * Waits, but not for long, for leaderships that metadata has announced and that are being taken: what a client has heard of through metadata
   * should not be refused for the milliseconds that a log takes to open. Undefined when there is nothing to wait for.
   */
  settled(partitions: Iterable<Partition | string>): Promise<void> | undefined {
    let settling: Promise<void>[] | undefined
    for (const partition of partitions) {
      const pending = typeof partition === 'string' ? undefined : partition.settling
      if (pending !== undefined) (settling ??= []).push(pending)
    }
    if (settling === undefined) return undefined
    const all = Promise.all(settling)
    return new Promise(resolve => {
      const timer = this.#clock.after(SETTLING_PATIENCE_MS, resolve)
      void all.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  /** The first image that is ours to act on: every log is put into its place, and folders that are no partition's of ours are set aside. */
  async applyFirst(image: MetadataImage): Promise<void> {
    for (const stray of this.#places.strays(image)) {
      this.#whileDeleting(`${stray.topic}-${stray.partition}`, () => this.#places.setAside(stray))
    }
    for (const topic of image.topicsById.values()) for (const partition of topic.partitions) this.#applyPartition(topic, partition)
    await Promise.all(this.#deletions.values())
  }

  /** Follows one batch of metadata. Returns at once; what takes time goes on behind the partitions it concerns. */
  applyMetadata(image: MetadataImage, delta: MetadataDelta): void {
    if (this.#stopped) return
    for (const topic of delta.deletedTopics) this.#removeTopic(topic.topicId)
    const reconfigured = this.settings.changed(delta)
    this.#leaderThrottle.follow(delta)
    this.#followerThrottle.follow(delta)
    for (const brokerId of delta.changedBrokers) this.#fetchers.brokerChanged(brokerId, this.partitions())
    for (const { topicId, partition } of delta.changedPartitions) {
      const topic = image.topicsById.get(topicId)
      const state = topic?.partitions[partition]
      if (topic !== undefined && state !== undefined) this.#applyPartition(topic, state)
    }
    for (const brokerId of delta.changedBrokers) {
      if (image.isActive(brokerId)) for (const partition of this.partitions()) partition.leadership?.expandIsrIfCaughtUp(brokerId)
    }
    if (reconfigured === undefined) for (const partition of this.partitions()) this.#reconfigure(partition)
    else for (const topic of reconfigured) for (const partition of this.#byName.get(topic)?.values() ?? []) this.#reconfigure(partition)
  }

  #applyPartition(topic: { topicId: Uuid; name: string }, image: PartitionImage): void {
    const known = this.#byTopicId.get(topic.topicId)?.get(image.partition)
    if (!image.replicas.includes(this.#options.brokerId)) {
      if (known !== undefined) this.#removePartition(known, 'NOT_LEADER_OR_FOLLOWER')
      return
    }
    const partition = known ?? this.#addPartition(topic, image.partition)
    partition.apply(stateOf(image))
    this.#places.tell(partition)
  }

  #addPartition({ topicId, name }: { topicId: Uuid; name: string }, index: number): Partition {
    const partition = new Partition({ topic: name, topicId, index }, this.#owner)
    let ofTopic = this.#byTopicId.get(topicId)
    if (ofTopic === undefined) {
      ofTopic = new Map()
      this.#byTopicId.set(topicId, ofTopic)
      this.#byName.set(name, ofTopic)
    }
    ofTopic.set(index, partition)
    this.#listed = undefined
    return partition
  }

  #removeTopic(topicId: Uuid): void {
    const ofTopic = this.#byTopicId.get(topicId)
    for (const partition of ofTopic?.values() ?? []) this.#removePartition(partition, 'UNKNOWN_TOPIC_OR_PARTITION')
  }

  #removePartition(partition: Partition, answer: ErrorName): void {
    const ofTopic = this.#byTopicId.get(partition.topicId)
    ofTopic?.delete(partition.index)
    this.#listed = undefined
    if (ofTopic?.size === 0) {
      this.#byTopicId.delete(partition.topicId)
      if (this.#byName.get(partition.topic) === ofTopic) this.#byName.delete(partition.topic)
    }
    this.#places.forget(partition)
    // The role ends at once; only the folder waits its turn.
    const taken = partition.remove(answer)
    const { logDirectories } = this.#options
    this.#whileDeleting(partition.name, async () => {
      const log = await taken
      if (log !== undefined) return logDirectories.deleteLog(log)
      // Its log could not be opened, but there may be a folder.
      const { topic, topicId, index } = partition
      await logDirectories.deleteFolder({ topic, topicId, partition: index }, this.settings.of(topic).log.fileDeleteDelayMs)
    })
  }

  #whileDeleting(folder: string, act: () => Promise<void>): void {
    const before = this.#deletions.get(folder) ?? Promise.resolve()
    const deletion: Promise<void> = before
      .then(act)
      .catch((error: unknown) => this.#logger.error(`cannot delete ${folder}`, { error }))
      .finally(() => {
        if (this.#deletions.get(folder) === deletion) this.#deletions.delete(folder)
      })
    this.#deletions.set(folder, deletion)
  }

  async #openLog(partition: Partition): Promise<PartitionLog> {
    await this.#deletions.get(partition.name)
    return this.#places.openLog(partition, this.settings.of(partition.topic).log)
  }

  #reconfigure(partition: Partition): void {
    partition.log?.updateConfig(this.settings.of(partition.topic).log)
    // min.insync.replicas may have changed, and with it what is committed.
    partition.leadership?.shrinkIsrIfLagging()
  }

  #preferredReplica({ rackId, listener }: Reader, leader: FollowerView, followers: () => readonly FollowerView[]): number | undefined {
    const { brokerId, config, metadata } = this.#options
    if (rackId === '' || rackId === config.brokerRack) return undefined
    const image = metadata()
    const views = followers().flatMap(view => {
      const broker = image.brokers.get(view.brokerId)
      const isReachable = broker?.fenced === false && broker.endpoints.some(each => each.name === listener)
      return isReachable ? [{ ...view, rack: broker.rack }] : []
    })
    const nearest = nearestReplica(rackId, { ...leader, rack: config.brokerRack ?? null }, views)
    return nearest === brokerId ? undefined : nearest
  }

  #roleTaken(partition: Partition): void {
    const { leaderEpoch } = partition
    if (this.#stopped || leaderEpoch === undefined) return
    // What was configured while the log was opened, which may take long, has not found it.
    partition.log?.updateConfig(this.settings.of(partition.topic).log)
    this.#places.tell(partition)
    if (partition.isLeader) {
      this.#news.tell('leading', partition.name, {
        leaderEpoch,
        logEndOffset: partition.log?.logEndOffset,
        isr: partition.inSyncReplicas,
      })
      this.#announce(partition, leaderEpoch)
      return
    }
    this.#fetchers.add(partition)
  }

  #roleLost(partition: Partition): void {
    this.#fetchers.remove(partition)
    this.#announce(partition, undefined)
  }

  #announce(partition: Partition, leaderEpoch: number | undefined): void {
    for (const listen of this.#leadershipListeners) listen({ partition, topic: partition.topic, index: partition.index, leaderEpoch })
  }

  /** Starts what runs by the clock: checkpoints, retention, compaction, the search for lagging followers. */
  start(): void {
    const { config, logDirectories } = this.#options
    this.#upkeep.every(config.replicaHighWatermarkCheckpointIntervalMs, () => logDirectories.checkpoint())
    this.#upkeep.every(config.logRetentionCheckIntervalMs, () => this.#deleteOldSegments())
    this.#upkeep.every(config.replicaLagTimeMaxMs / 2, () => {
      for (const partition of this.partitions()) partition.leadership?.shrinkIsrIfLagging()
    })
    this.#cleaner.start()
  }

  #compactedLogs(): PartitionLog[] {
    const compacted: PartitionLog[] = []
    for (const { log, isOffline } of this.partitions()) if (log !== undefined && !isOffline && isCompacted(log.config)) compacted.push(log)
    return compacted
  }

  async #deleteOldSegments(): Promise<void> {
    for (const { log, isOffline, name } of [...this.partitions()]) {
      if (log === undefined || isOffline || this.#stopped) continue
      try {
        const deleted = await log.deleteOldSegments()
        if (deleted > 0) this.#logger.info(`deleted old segments of ${name}`, { segments: deleted, logStartOffset: log.logStartOffset })
      } catch (problem) {
        // One log that cannot is no reason for the others not to: what they delete may be the space that this one lacks.
        this.#logger.warn(`cannot delete old segments of ${name}`, { problem })
      }
    }
  }

  /** Ends fetching and upkeep and refuses everything from now on. The logs stay open: closing them is the log directory's. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#proposals.stop()
    this.#places.stop()
    this.#upkeep.stop()
    this.#fetchers.stop()
    const cleaned = this.#cleaner.stop()
    const all = this.partitions()
    this.#byTopicId.clear()
    this.#listed = undefined
    this.#byName.clear()
    await Promise.all(all.map(partition => partition.remove('NOT_LEADER_OR_FOLLOWER')))
    await Promise.all(this.#deletions.values())
    await cleaned
  }

  /** Told in the turn in which this broker begins or ends to lead a partition. */
  onLeadershipChange(listen: (change: LeadershipChange) => void): void {
    this.#leadershipListeners.push(listen)
  }

  /** Told when a log's disk failed; its partition answers KAFKA_STORAGE_ERROR from then on. */
  onFailure(listen: (partition: Partition, failure: unknown) => void): void {
    this.#failureListeners.push(listen)
  }

  stats(): PartitionStats[] {
    const stats: PartitionStats[] = []
    for (const partition of this.partitions()) {
      const { log, state } = partition
      if (log === undefined || state === undefined || partition.isOffline) continue
      stats.push({
        topic: partition.topic,
        partition: partition.index,
        isLeader: partition.isLeader,
        leader: state.leader,
        leaderEpoch: state.leaderEpoch,
        isr: partition.inSyncReplicas,
        logStartOffset: log.logStartOffset,
        highWatermark: log.highWatermark,
        logEndOffset: log.logEndOffset,
        sizeBytes: log.sizeInBytes,
      })
    }
    return stats
  }
}

/** Opening a log takes milliseconds, recovering a long one much more; clients had better ask again then. */
const SETTLING_PATIENCE_MS = 1000

function stateOf({ replicas, isr, leader, leaderEpoch, partitionEpoch }: PartitionImage): PartitionState {
  return { replicas, isr, leader, leaderEpoch, partitionEpoch }
}
