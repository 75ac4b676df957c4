import type { Logger } from '../../../base/logger.ts'
import type { Uuid } from '../../../base/uuid.ts'
import type { Env, Timer } from '../../../env/env.ts'
import type { ErrorName } from '../../../protocol/errors.ts'
import { partitionForGroup } from '../../../protocol/hashing.ts'
import type { CoordinatorLog } from '../coordinatorLog.ts'
import type { CommitDecision, CommitRequest } from './commitOffsets.ts'
import type { DeleteOffsetsDecision, deleteOffsets } from './deleteOffsets.ts'
import type { DescribedGroup, ListedGroup, listGroups } from './describeGroup.ts'
import type { FetchedTopic, fetchOffsets } from './fetchOffsets.ts'
import type { GroupConfig } from './groupConfig.ts'
import { GroupShard } from './groupShard.ts'
import type { HeartbeatRequest } from './heartbeat.ts'
import type { JoinRequest } from './joinGroup.ts'
import type { LeavingMember, LeftMember } from './leaveGroup.ts'
import type { SyncRequest } from './syncGroup.ts'
import { type JoinReply, refusedJoin, refusedSync, type SyncReply } from './turn.ts'

export const OFFSETS_TOPIC = '__consumer_offsets'

/** What the coordinator asks of the broker around it. */
export interface GroupSurroundings {
  /** Partitions of `__consumer_offsets`; 0 while there is no such topic. */
  partitionCount(): number
  /** Undefined unless this broker leads the partition. */
  partition(index: number): CoordinatorLog | undefined
  /** Whether the controller has answered this broker lately; without it, another may coordinate the groups by now. Left out: always. */
  isInTouch?(): boolean
  /** Has `__consumer_offsets` created unless it exists or is about to. Does not wait. */
  ensureTopic(): void
  readonly config: GroupConfig
  readonly logger: Logger
}

/** One partition of `__consumer_offsets` that this broker leads. */
interface Slot {
  readonly leaderEpoch: number
  /** Undefined while it loads. */
  shard: GroupShard | undefined
  retry: Timer | undefined
  /** Topics that were deleted during the load. */
  readonly deletedTopics: DeletedTopic[]
}

export interface DeletedTopic {
  readonly name: string
  readonly topicId: Uuid
}

const RELOAD_BACKOFF_MS = 100
/** A log that cannot be read now is hardly better a moment later. */
const UNREADABLE_BACKOFF_MS = 1000

/** The groups that this broker coordinates: those whose partition of `__consumer_offsets` it leads. */
export class GroupCoordinators {
  readonly #env: Pick<Env, 'clock' | 'random'>
  readonly #around: GroupSurroundings
  readonly #slots = new Map<number, Slot>()
  #expiryTimer: Timer | undefined

  constructor(env: Pick<Env, 'clock' | 'random'>, around: GroupSurroundings) {
    this.#env = env
    this.#around = around
    this.#scheduleExpiry()
  }

  /** The partition that holds a group's state; undefined while `__consumer_offsets` does not exist. Its leader is the group's coordinator. */
  partitionFor(groupId: string): number | undefined {
    const count = this.#around.partitionCount()
    return count > 0 ? partitionForGroup(groupId, count) : undefined
  }

  /** For FindCoordinator: there is no coordinator before there is a topic. */
  ensureTopic(): void {
    this.#around.ensureTopic()
  }

  get config(): GroupConfig {
    return this.#around.config
  }

  /** The broker leads this partition from now on. Reads it; until that is done its groups answer COORDINATOR_LOAD_IN_PROGRESS. */
  becomeLeader(partition: number, leaderEpoch: number): void {
    const known = this.#slots.get(partition)
    if (known !== undefined && known.leaderEpoch >= leaderEpoch) return
    this.resign(partition)
    const slot: Slot = { leaderEpoch, shard: undefined, retry: undefined, deletedTopics: [] }
    this.#slots.set(partition, slot)
    void this.#load(partition, slot)
  }

  /** The broker does not lead this partition any more: whoever waits is sent to look for the new coordinator. */
  resign(partition: number): void {
    const slot = this.#slots.get(partition)
    if (slot === undefined) return
    this.#slots.delete(partition)
    slot.retry?.cancel()
    slot.shard?.close('NOT_LEADER_OR_FOLLOWER')
  }

  close(): void {
    this.#expiryTimer?.cancel()
    for (const partition of [...this.#slots.keys()]) this.resign(partition)
  }

  onTopicDeleted(topic: DeletedTopic): void {
    for (const { shard, deletedTopics } of this.#slots.values()) {
      if (shard === undefined) deletedTopics.push(topic)
      else shard.topicDeleted(topic)
    }
  }

  async #load(partition: number, slot: Slot): Promise<void> {
    const { logger, config } = this.#around
    const isCurrent = () => this.#slots.get(partition) === slot
    const log = this.#around.partition(partition)
    let shard: GroupShard
    try {
      if (log === undefined) return this.#loadLater(partition, slot)
      const startedMs = this.#env.clock.elapsed()
      const loading: { failed: ErrorName | undefined; onFailed: ((error: ErrorName) => void) | undefined } = {
        failed: undefined,
        onFailed: undefined,
      }
      shard = await GroupShard.load(this.#env.clock, log, {
        config,
        logger: logger.child({ topic: OFFSETS_TOPIC, partition }),
        onFailed: error => {
          loading.failed = error
          loading.onFailed?.(error)
        },
      })
      if (!isCurrent()) return shard.close('NOT_LEADER_OR_FOLLOWER')
      loading.onFailed = error => {
        if (isCurrent()) this.#reload(partition, slot, error)
      }
      if (loading.failed !== undefined) {
        shard.close(loading.failed)
        return this.#loadLater(partition, slot)
      }
      logger.debug('groups loaded', { partition, leaderEpoch: slot.leaderEpoch, tookMs: this.#env.clock.elapsed() - startedMs })
    } catch (cause) {
      logger.error('groups could not be loaded', { partition, cause })
      return this.#loadLater(partition, slot, UNREADABLE_BACKOFF_MS)
    }
    slot.shard = shard
    for (const topic of slot.deletedTopics.splice(0)) shard.topicDeleted(topic)
  }

  /** The state ran ahead of what could be written; what the log has counts. */
  #reload(partition: number, slot: Slot, error: ErrorName): void {
    this.#around.logger.warn('groups could not be written and are loaded again', { partition, error })
    const { shard } = slot
    slot.shard = undefined
    shard?.close(error)
    this.#loadLater(partition, slot)
  }

  #loadLater(partition: number, slot: Slot, backoffMs = RELOAD_BACKOFF_MS): void {
    if (this.#slots.get(partition) !== slot) return
    slot.retry = this.#env.clock.after(backoffMs, () => void this.#load(partition, slot))
  }

  #scheduleExpiry(): void {
    this.#expiryTimer = this.#env.clock.after(this.#around.config.offsetsRetentionCheckIntervalMs, () => {
      for (const { shard } of this.#slots.values()) shard?.expire()
      this.#scheduleExpiry()
    })
  }

  /** The shard of a group, or why there is none here. */
  #shardOf(groupId: string): GroupShard | 'NOT_COORDINATOR' | 'COORDINATOR_LOAD_IN_PROGRESS' {
    const partition = this.partitionFor(groupId)
    const slot = partition === undefined ? undefined : this.#slots.get(partition)
    if (slot === undefined) return 'NOT_COORDINATOR'
    return slot.shard ?? 'COORDINATOR_LOAD_IN_PROGRESS'
  }

  /** A text that no other member id has. */
  #uuid(): string {
    const hex = this.#env.random.bytes(16).toString('hex')
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
  }

  /** `closed`: aborted when the connection is gone over which the answer would go. */
  async joinGroup(groupId: string, request: Omit<JoinRequest, 'ticket' | 'uuid'>, closed?: AbortSignal): Promise<JoinReply> {
    const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = this.#around.config
    if (groupId === '') return refusedJoin('INVALID_GROUP_ID', request.memberId)
    if (request.sessionTimeoutMs < groupMinSessionTimeoutMs || request.sessionTimeoutMs > groupMaxSessionTimeoutMs) {
      return refusedJoin('INVALID_SESSION_TIMEOUT', request.memberId)
    }
    const shard = this.#shardOf(groupId)
    if (typeof shard === 'string') return refusedJoin(shard, request.memberId)
    return shard.join(groupId, { ...request, uuid: this.#uuid() }, closed)
  }

  async syncGroup(groupId: string, request: Omit<SyncRequest, 'ticket'>, closed?: AbortSignal): Promise<SyncReply> {
    if (groupId === '') return refusedSync('INVALID_GROUP_ID')
    const shard = this.#shardOf(groupId)
    return typeof shard === 'string' ? refusedSync(shard) : shard.sync(groupId, request, closed)
  }

  heartbeat(groupId: string, request: HeartbeatRequest): ErrorName {
    if (groupId === '') return 'INVALID_GROUP_ID'
    const shard = this.#shardOf(groupId)
    // An old rule of the protocol: while the groups are read, a heartbeat is believed.
    if (shard === 'COORDINATOR_LOAD_IN_PROGRESS') return 'NONE'
    return typeof shard === 'string' ? shard : shard.heartbeat(groupId, request)
  }

  async leaveGroup(
    groupId: string,
    leaving: readonly LeavingMember[],
  ): Promise<{ readonly error: ErrorName; readonly left: readonly LeftMember[] }> {
    if (groupId === '') return { error: 'INVALID_GROUP_ID', left: [] }
    const shard = this.#shardOf(groupId)
    return typeof shard === 'string' ? { error: shard, left: [] } : shard.leave(groupId, leaving)
  }

  /** The topics of the request are known to exist and the client may read them. */
  async commitOffsets(groupId: string, request: CommitRequest): Promise<Pick<CommitDecision, 'error' | 'topics'>> {
    if (groupId === '') return { error: 'INVALID_GROUP_ID', topics: [] }
    const shard = this.#shardOf(groupId)
    return typeof shard === 'string' ? { error: shard, topics: [] } : shard.commit(groupId, request)
  }

  /** Null stands for all topics. */
  async fetchOffsets(
    groupId: string,
    asked: Parameters<typeof fetchOffsets>[1],
  ): Promise<{ readonly error: ErrorName; readonly topics: readonly FetchedTopic[] }> {
    if (groupId === '') return { error: 'INVALID_GROUP_ID', topics: [] }
    const shard = this.#shardOf(groupId)
    if (typeof shard === 'string') return { error: shard, topics: [] }
    const { error, topics } = await shard.fetch(groupId, asked)
    // Differs from Kafka: who cannot know of a successor does not tell what the successor may have moved on from.
    if (this.#around.isInTouch?.() === false) return { error: 'NOT_COORDINATOR', topics: [] }
    // Older consumers do not expect COORDINATOR_NOT_AVAILABLE here; this one makes them look for the coordinator just as well.
    return { error: error === 'COORDINATOR_NOT_AVAILABLE' ? 'NOT_COORDINATOR' : error, topics }
  }

  describeGroup(groupId: string): { readonly error: ErrorName; readonly group: DescribedGroup | undefined } {
    if (groupId === '') return { error: 'INVALID_GROUP_ID', group: undefined }
    const shard = this.#shardOf(groupId)
    return typeof shard === 'string' ? { error: shard, group: undefined } : { error: 'NONE', group: shard.describe(groupId) }
  }

  /** All groups of all partitions led here. While some of them load, those are missing and the error says so. */
  listGroups(filter: Parameters<typeof listGroups>[1]): { readonly error: ErrorName; readonly groups: readonly ListedGroup[] } {
    const groups: ListedGroup[] = []
    let error: ErrorName = 'NONE'
    for (const { shard } of this.#slots.values()) {
      if (shard === undefined) error = 'COORDINATOR_LOAD_IN_PROGRESS'
      else groups.push(...shard.list(filter))
    }
    return { error, groups }
  }

  async deleteGroup(groupId: string): Promise<ErrorName> {
    if (groupId === '') return 'INVALID_GROUP_ID'
    const shard = this.#shardOf(groupId)
    return typeof shard === 'string' ? shard : shard.delete(groupId)
  }

  async deleteOffsets(
    groupId: string,
    asked: Parameters<typeof deleteOffsets>[2],
  ): Promise<Pick<DeleteOffsetsDecision, 'error' | 'topics'>> {
    if (groupId === '') return { error: 'INVALID_GROUP_ID', topics: [] }
    const shard = this.#shardOf(groupId)
    return typeof shard === 'string' ? { error: shard, topics: [] } : shard.deleteOffsets(groupId, asked)
  }
}
