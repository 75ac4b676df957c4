import { assert, AssertionFailed } from '../../base/assert.ts'
import type { Uuid } from '../../base/uuid.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { isOutOfSpace } from '../../storage/outOfSpace.ts'
import type { AppendResult, PartitionLog } from '../../storage/partitionLog.ts'
import type { FetchedPartition, FetchPlan, Reader } from './fetchPlan.ts'
import { follow, type Following } from './following.ts'
import { type LedPartition, Leadership } from './leadership.ts'
import type { PartitionState, PartitionSurroundings } from './partitionSurroundings.ts'
import { checkFetchPosition, checkFollowerPosition } from './truncation.ts'

/**
 * What this broker is for a partition.
 *
 *   settling --(log open, epoch start recorded)--> leader | follower;   settling --(disk full)--> settling, a second later
 *   leader, follower --(metadata with another leader epoch)--> settling
 *   any --(disk failed)--> offline;   any --(no replica any more)--> gone
 */
type Role =
  | { readonly type: 'settling' }
  | { readonly type: 'leader'; readonly leadership: Leadership; readonly log: PartitionLog }
  | { readonly type: 'follower'; readonly leaderEpoch: number; readonly leaderId: number; readonly log: PartitionLog }
  | { readonly type: 'offline'; readonly failure: unknown }
  | { readonly type: 'gone' }

/** Who keeps the partitions of a broker. */
export interface PartitionOwner extends PartitionSurroundings {
  openLog(partition: Partition): Promise<PartitionLog>
  /** Called in the turn in which the role is taken, and in the turn in which metadata ends it. */
  roleTaken(partition: Partition): void
  roleLost(partition: Partition): void
  failed(partition: Partition, failure: unknown): void
}

/** An acks=-1 append that waits for the high watermark. */
export interface CommitWait {
  readonly requiredOffset: number
  readonly settle: (error: ErrorName) => void
}

/** Where a follower goes on. */
export interface FollowedPosition {
  readonly fetchOffset: number
  /** -1 when it has none. */
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
  readonly highWatermark: number
}

export type Watched = 'logEnd' | 'highWatermark' | 'lowWatermark'

const NOTHING_MORE = () => undefined
/** How long a role waits for space on a full disk before it tries again. */
const FULL_DISK_RETRY_MS = 1000

/** One partition of which this broker is a replica: its log, its role, and those who wait for one of these to move. */
export class Partition implements LedPartition {
  readonly topic: string
  readonly topicId: Uuid
  readonly index: number
  readonly #around: PartitionOwner
  #state: PartitionState | undefined
  #role: Role = { type: 'settling' }
  #log: PartitionLog | undefined
  // Made when somebody waits: for most of ten thousand partitions nobody ever does.
  #waits: Set<CommitWait> | undefined
  #watchers: Partial<Record<Watched, Set<() => void>>> | undefined
  /** Everything that opens, truncates or appends as a follower, one after another. */
  #tail: Promise<void> = Promise.resolve()
  #lastWritten: Promise<void> | undefined
  #appendedEnd = 0

  constructor(identity: { topic: string; topicId: Uuid; index: number }, around: PartitionOwner) {
    this.topic = identity.topic
    this.topicId = identity.topicId
    this.index = identity.index
    this.#around = around
  }

  get name(): string {
    return `${this.topic}-${this.index}`
  }

  get log(): PartitionLog | undefined {
    return this.#log
  }

  get state(): PartitionState | undefined {
    return this.#state
  }

  /** What this broker knows as leader; undefined when it is not. */
  get leadership(): Leadership | undefined {
    return this.#role.type === 'leader' ? this.#role.leadership : undefined
  }

  get isLeader(): boolean {
    return this.#role.type === 'leader'
  }

  get isOffline(): boolean {
    return this.#role.type === 'offline'
  }

  /** Why it is offline; undefined while it is not. */
  get failure(): unknown {
    return this.#role.type === 'offline' ? this.#role.failure : undefined
  }

  /** The epoch in which this broker leads or follows; undefined while it does neither. */
  get leaderEpoch(): number | undefined {
    return this.#role.type === 'follower' ? this.#role.leaderEpoch : this.leadership?.leaderEpoch
  }

  /** The leader that this broker follows; -1 when there is none to follow. */
  get followedLeader(): number | undefined {
    return this.#role.type === 'follower' ? this.#role.leaderId : undefined
  }

  /** Resolves when a leadership that metadata already announced has been taken; undefined when there is nothing to wait for. */
  get settling(): Promise<void> | undefined {
    return this.#role.type === 'settling' && this.#state?.leader === this.#around.brokerId ? this.#tail : undefined
  }

  get inSyncReplicas(): readonly number[] {
    return this.leadership?.isr ?? this.#state?.isr ?? []
  }

  /** Takes what metadata says. Old news is ignored; another leader epoch ends the present role at once and begins the next behind the log. */
  apply(state: PartitionState): void {
    const known = this.#state
    if (this.#role.type === 'gone' || this.#role.type === 'offline') return
    if (known !== undefined && (state.partitionEpoch < known.partitionEpoch || state.leaderEpoch < known.leaderEpoch)) return
    this.#state = state
    const leads = state.leader === this.#around.brokerId
    if (leads && this.#role.type === 'leader' && this.leaderEpoch === state.leaderEpoch) return this.#role.leadership.adopt(state)
    if (!leads && this.followedLeader === state.leader && this.leaderEpoch === state.leaderEpoch) return
    // As leader again, the same records are still there, and waits for them go on under the new epoch.
    if (this.#role.type !== 'settling') this.#leaveRole({ type: 'settling' }, leads ? undefined : 'NOT_LEADER_OR_FOLLOWER')
    void this.#enqueue(() => this.#settle(state))
  }

  async #settle(state: PartitionState): Promise<void> {
    try {
      await this.#takeRole(state)
    } catch (problem) {
      if (!isOutOfSpace(problem)) throw problem
      this.#around.logger.warn(`the disk is too full to take a role for ${this.name}`, { problem })
      this.#around.clock.after(FULL_DISK_RETRY_MS, () => void this.#enqueue(() => this.#settle(state)))
    }
  }

  async #takeRole(state: PartitionState): Promise<void> {
    if (this.#state !== state || this.#role.type !== 'settling') return // newer metadata stands behind this in the queue
    const log = this.#log ?? (await this.#openLog())
    // What was appended under the former leadership must be in the file before it is counted or cut off.
    await this.#lastWritten
    const leads = state.leader === this.#around.brokerId
    if (leads) await log.ready()
    // KIP-101: where the epoch began must survive us, also when nothing is ever appended in it.
    if (leads && this.#isStillSettling(state)) await log.startEpoch(state.leaderEpoch)
    const latest = this.#state
    if (latest === undefined || !this.#isStillSettling(state)) return
    if (leads) this.#lead(log, latest)
    else {
      this.#settleWaits('NOT_LEADER_OR_FOLLOWER')
      this.#role = { type: 'follower', leaderEpoch: latest.leaderEpoch, leaderId: latest.leader, log }
      this.#around.roleTaken(this)
    }
  }

  async #openLog(): Promise<PartitionLog> {
    const log = await this.#around.openLog(this)
    log.onAppended(() => {
      this.leadership?.advance()
      this.#wake('logEnd')
    })
    log.onUndone(logEndOffset => this.#forgetAbove(logEndOffset))
    log.onFailure(failure => this.#goOffline(failure))
    this.#log = log
    return log
  }

  /** The disk had no room for what was appended last: its offsets go to other records, which must not answer for it. */
  #forgetAbove(logEndOffset: number): void {
    this.#appendedEnd = Math.min(this.#appendedEnd, logEndOffset)
    for (const wait of this.#waits ?? []) {
      if (wait.requiredOffset <= logEndOffset) continue
      this.#waits?.delete(wait)
      wait.settle('KAFKA_STORAGE_ERROR')
    }
  }

  #isStillSettling({ leader, leaderEpoch }: PartitionState): boolean {
    return this.#role.type === 'settling' && this.#state?.leader === leader && this.#state.leaderEpoch === leaderEpoch
  }

  #lead(log: PartitionLog, state: PartitionState): void {
    const advanced = (hasMoved: boolean) => {
      this.#settleCommitted()
      if (hasMoved) this.#wake('highWatermark')
    }
    const leadership = new Leadership(this, log, state, { around: this.#around, advanced })
    this.#role = { type: 'leader', leadership, log }
    this.#appendedEnd = 0
    this.#around.roleTaken(this)
    leadership.advance()
    this.#wakeAll()
  }

  /** This broker is no replica any more. Resolves to the log when nothing touches it any longer; it is the caller's to delete. */
  async remove(answer: ErrorName = 'UNKNOWN_TOPIC_OR_PARTITION'): Promise<PartitionLog | undefined> {
    this.#leaveRole({ type: 'gone' }, answer)
    await this.#tail
    return this.#log
  }

  #goOffline(failure: unknown): void {
    if (this.#role.type === 'gone' || this.#role.type === 'offline') return
    this.#leaveRole({ type: 'offline', failure }, 'KAFKA_STORAGE_ERROR')
    this.#around.failed(this, failure)
  }

  #leaveRole(next: Role, answer: ErrorName | undefined): void {
    const before = this.#role
    this.#role = next
    if (before.type === 'leader') before.leadership.end()
    if (before.type === 'leader' || before.type === 'follower') this.#around.roleLost(this)
    if (answer !== undefined) this.#settleWaits(answer)
    this.#wakeAll()
  }

  #enqueue(run: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(run).catch((failure: unknown) => {
      if (failure instanceof AssertionFailed) throw failure
      this.#goOffline(failure)
    })
    return this.#tail
  }

  /** Whether a request with that epoch (-1 is any) may be served by this broker as leader. Fencing comes before leadership (KIP-320). */
  checkLeader(currentLeaderEpoch: number): ErrorName {
    if (this.#role.type === 'offline') return 'KAFKA_STORAGE_ERROR'
    const known = this.#state?.leaderEpoch ?? -1
    if (currentLeaderEpoch >= 0 && currentLeaderEpoch < known) return 'FENCED_LEADER_EPOCH'
    if (currentLeaderEpoch > known) return 'UNKNOWN_LEADER_EPOCH'
    return this.#role.type === 'leader' ? 'NONE' : 'NOT_LEADER_OR_FOLLOWER'
  }

  /** As `checkLeader`, for what any replica may tell: a follower is as good. */
  checkReplica(currentLeaderEpoch: number): ErrorName {
    const error = this.checkLeader(currentLeaderEpoch)
    return error === 'NOT_LEADER_OR_FOLLOWER' && this.#role.type === 'follower' ? 'NONE' : error
  }

  /** Why an acks=-1 append would be refused now, whatever it holds. */
  appendRefusal(): ErrorName {
    const error = this.checkLeader(-1)
    return error === 'NONE' && this.leadership?.isUnderMinIsr === true ? 'NOT_ENOUGH_REPLICAS' : error
  }

  /** Decides at once. `written` tells when it is in the log; `whenCommitted` when it cannot be lost any more. */
  append(batch: Buffer, options: { acks: number; origin: 'client' | 'coordinator'; leaderEpoch?: number }): AppendResult {
    const error = options.acks === -1 ? this.appendRefusal() : this.checkLeader(-1)
    // Differs from Kafka: what is there already needs no more replicas than it has, only its turn to be committed. A producer that hears
    // NOT_ENOUGH_REPLICAS takes its batch for not stored, and may send it under another epoch (librdkafka does), which stores it twice.
    const refusal = error === 'NOT_ENOUGH_REPLICAS' ? error : undefined
    if (error !== 'NONE' && refusal === undefined) return { error }
    assert(this.#role.type === 'leader', 'only a leader may be appended to')
    const { leadership, log } = this.#role
    const { leaderEpoch } = leadership
    if (options.leaderEpoch !== undefined && options.leaderEpoch !== leaderEpoch) return { error: 'NOT_LEADER_OR_FOLLOWER' }
    const result = log.append(batch, { leaderEpoch, origin: options.origin, ...(refusal && { refusal }) })
    // Differs from Kafka: to a leader that was replaced without knowing, what its successor has taken is missing. To a producer, that is the end.
    if (result.error === 'OUT_OF_ORDER_SEQUENCE_NUMBER' && !this.#around.isInTouch()) return { error: 'NOT_LEADER_OR_FOLLOWER' }
    if (result.error === 'NONE') {
      // A failure comes through `onFailure` as well, so that here only the end of the writing counts.
      this.#lastWritten = result.written.then(NOTHING_MORE, NOTHING_MORE)
      this.#appendedEnd = Math.max(this.#appendedEnd, result.lastOffset + 1)
    }
    return result
  }

  /** The log end offset once all is written that was appended up to now. */
  get appendedEndOffset(): number {
    return Math.max(this.#appendedEnd, this.#log?.logEndOffset ?? 0)
  }

  /** Answers as soon as all below `requiredOffset` is committed, or this broker stops leading. Undefined when it was answered on the spot. */
  whenCommitted(requiredOffset: number, settle: (error: ErrorName) => void): CommitWait | undefined {
    const { leadership } = this
    const error = leadership === undefined ? this.#lossOfRole() : leadership.outcomeOf(requiredOffset)
    if (error !== undefined) {
      settle(error)
      return undefined
    }
    const wait: CommitWait = { requiredOffset, settle }
    ;(this.#waits ??= new Set()).add(wait)
    return wait
  }

  #lossOfRole(): ErrorName {
    return this.#role.type === 'offline' ? 'KAFKA_STORAGE_ERROR' : 'NOT_LEADER_OR_FOLLOWER'
  }

  /** False when it has been answered already. */
  stopWaiting(wait: CommitWait): boolean {
    return this.#waits?.delete(wait) ?? false
  }

  #settleCommitted(): void {
    const { leadership } = this
    if (leadership === undefined || this.#waits === undefined) return
    for (const wait of this.#waits) {
      const error = leadership.outcomeOf(wait.requiredOffset)
      if (error === undefined) continue
      this.#waits.delete(wait)
      wait.settle(error)
    }
  }

  #settleWaits(error: ErrorName): void {
    const waits = this.#waits ?? []
    this.#waits = undefined
    for (const wait of waits) wait.settle(error)
  }

  /** Checks a fetch and bounds what may be read. A follower's first look at this position (`isFirst`) also tells us how far it is. */
  planFetch(asked: FetchedPartition, reader: Reader, isFirst: boolean): FetchPlan {
    const { replica, readCommitted } = reader
    if (this.#role.type === 'follower' && mayReadFromFollowers(reader)) return this.#planFetchAsFollower(asked, reader)
    const error = this.checkLeader(asked.currentLeaderEpoch)
    if (error !== 'NONE') return { type: 'error', error }
    assert(this.#role.type === 'leader', 'only a leader is read from')
    const { leadership, log } = this.#role
    const { fetchOffset, lastFetchedEpoch } = asked
    if (replica !== undefined && !leadership.isFollowedBy(replica.id)) {
      // The follower may know of a reassignment that we have not heard of yet.
      return { type: 'error', error: asked.currentLeaderEpoch >= 0 ? 'UNKNOWN_LEADER_EPOCH' : 'NOT_LEADER_OR_FOLLOWER' }
    }
    // Before all else: what lies below the log start diverges from nothing.
    if (fetchOffset < log.logStartOffset) return { type: 'error', error: 'OFFSET_OUT_OF_RANGE' }
    if (lastFetchedEpoch >= 0) {
      const position =
        replica === undefined
          ? checkFetchPosition({ offset: fetchOffset, lastFetchedEpoch }, log.endOffsetFor(lastFetchedEpoch))
          : checkFollowerPosition({ ...asked, offset: fetchOffset }, log)
      if (position === 'OFFSET_OUT_OF_RANGE') return { type: 'error', error: position }
      if (position !== 'matches') return { type: 'diverging', end: position.diverging, log }
    }
    if (fetchOffset > log.logEndOffset) {
      // Differs from Kafka: a leader that has been out of touch may have been replaced, and its successor may have more. A client without leader
      // epochs, which would start over somewhere else, rather asks again.
      return { type: 'error', error: this.#around.isInTouch() ? 'OFFSET_OUT_OF_RANGE' : 'NOT_LEADER_OR_FOLLOWER' }
    }
    if (replica !== undefined && isFirst) {
      const noted = leadership.fetched(replica, asked)
      if (noted === 'stale') return { type: 'error', error: 'NOT_LEADER_OR_FOLLOWER' }
      if (noted === 'logStartMoved') this.#wake('lowWatermark')
    }
    if (replica !== undefined) {
      const hasNews = asked.logStartOffset < log.logStartOffset || asked.highWatermark < log.highWatermark
      const isHeldBack = !leadership.isInSync(replica.id) && this.#around.throttle.holdsBack(this.topic, this.index)
      return { type: 'read', from: fetchOffset, upTo: isHeldBack ? fetchOffset : log.logEndOffset, hasNews, log }
    }
    const preferredReadReplica = this.#around.preferredReplica(reader, leadership.ownView, () => leadership.followersWith(fetchOffset))
    if (preferredReadReplica !== undefined) return { type: 'elsewhere', preferredReadReplica, log }
    return { type: 'read', from: fetchOffset, upTo: readCommitted ? log.lastStableOffset : log.highWatermark, hasNews: false, log }
  }

  /**
   * Whether a follower that fetches as it did when it was told this would be told the same, in its session: nothing. Its fetch is noted then, if it
   * is a new one. What thousands of idle partitions cost at each fetch is this.
   */
  isIdleFor(
    replica: NonNullable<Reader['replica']>,
    asked: FetchedPartition,
    { told, isFirst }: { readonly told: { readonly highWatermark: number; readonly logStartOffset: number }; readonly isFirst: boolean },
  ): boolean {
    if (this.#role.type !== 'leader') return false
    const { leadership, log } = this.#role
    const { highWatermark, logStartOffset } = log
    if (highWatermark !== told.highWatermark || logStartOffset !== told.logStartOffset) return false
    if (asked.highWatermark < highWatermark || asked.logStartOffset < logStartOffset) return false
    if (asked.currentLeaderEpoch !== leadership.leaderEpoch || !leadership.isUpToDate(replica, asked)) return false
    if (isFirst) leadership.fetchedNothing(replica.id)
    return true
  }

  /** KIP-392: what a follower knows to be committed, it may show. */
  #planFetchAsFollower({ currentLeaderEpoch, fetchOffset }: FetchedPartition, { readCommitted }: Reader): FetchPlan {
    const error = this.checkReplica(currentLeaderEpoch)
    if (error !== 'NONE') return { type: 'error', error }
    assert(this.#role.type === 'follower', 'only followers are read from like this')
    const { log } = this.#role
    if (fetchOffset < log.logStartOffset || fetchOffset > log.logEndOffset) {
      // Differs from Kafka: a client without leader epochs may take this broker for the leader, and would start over somewhere else.
      return { type: 'error', error: currentLeaderEpoch >= 0 ? 'OFFSET_OUT_OF_RANGE' : 'NOT_LEADER_OR_FOLLOWER' }
    }
    // Only a log that is ready knows which transactions are open.
    if (readCommitted && !log.isReady) void this.#enqueue(() => readied(log)).then(() => log.isReady && this.#wake('highWatermark'))
    return { type: 'read', from: fetchOffset, upTo: readCommitted ? log.lastStableOffset : log.highWatermark, hasNews: false, log }
  }

  /** A follower was sent so much, and has to be held back if that was too fast. */
  sent(replicaId: number, bytes: number): void {
    if (this.leadership?.isInSync(replicaId) === false) this.#around.throttle.count(this.topic, this.index, bytes)
  }

  /** Deletes what is below, here at once and at the followers with their next fetch. */
  raiseLogStart(offset: number): void {
    this.#log?.raiseLogStartOffset(offset)
    this.#wake('logEnd')
  }

  /** Calls `wake` whenever the watched thing moves or the role changes, until the returned function is called. */
  watch(what: Watched, wake: () => void): () => void {
    const watchers = (this.#watchers ??= {})
    ;(watchers[what] ??= new Set()).add(wake)
    return () => this.unwatch(what, wake)
  }

  unwatch(what: Watched, wake: () => void): void {
    this.#watchers?.[what]?.delete(wake)
  }

  #wake(what: Watched): void {
    for (const wake of this.#watchers?.[what] ?? []) wake()
  }

  #wakeAll(): void {
    this.#wake('logEnd')
    this.#wake('highWatermark')
    this.#wake('lowWatermark')
  }

  /** Where to fetch from next; undefined unless this broker follows in that epoch. */
  fetchPosition(leaderEpoch: number): FollowedPosition | undefined {
    if (this.#role.type !== 'follower' || this.#role.leaderEpoch !== leaderEpoch) return undefined
    const { logEndOffset, logStartOffset, highWatermark, latestEpoch } = this.#role.log
    return { fetchOffset: logEndOffset, lastFetchedEpoch: latestEpoch ?? -1, logStartOffset, highWatermark }
  }

  /** Does what the leader of that epoch gives reason for; what comes too late for the epoch is dropped. */
  async follow(leaderEpoch: number, step: Following): Promise<ErrorName> {
    let error: ErrorName = 'NONE'
    await this.#enqueue(async () => {
      if (this.#role.type !== 'follower' || this.#role.leaderEpoch !== leaderEpoch) return
      const { log } = this.#role
      const { highWatermark } = log
      try {
        error = await follow(log, leaderEpoch, step, { name: this.name, logger: this.#around.logger })
      } catch (problem) {
        if (!isOutOfSpace(problem)) throw problem
        error = 'KAFKA_STORAGE_ERROR' // nothing was done; the next fetch gives reason to try again
      }
      // Consumers read here too. What is cut off below their position they have to hear of.
      if (log.highWatermark !== highWatermark || step.type !== 'append') this.#wake('highWatermark')
    })
    return this.#role.type === 'offline' ? 'KAFKA_STORAGE_ERROR' : error
  }
}

/** On a full disk it stays as it is: whoever reads next asks again. */
async function readied(log: PartitionLog): Promise<void> {
  try {
    await log.ready()
  } catch (problem) {
    if (!isOutOfSpace(problem)) throw problem
  }
}

/**
 * Differs from Kafka, where any consumer may that knows of racks: who says nothing of its rack was sent here by nobody, and would stay with a follower
 * that is cut off from its leader without noticing.
 */
function mayReadFromFollowers({ replica, rackId }: Reader): boolean {
  return replica === undefined && rackId !== ''
}
