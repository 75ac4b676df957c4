import { assert, AssertionFailed } from '../../base/assert.ts'
import type { Logger } from '../../base/logger.ts'
import type { Uuid } from '../../base/uuid.ts'
import type { Clock } from '../../env/env.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import type { AppendResult, PartitionLog } from '../../storage/partitionLog.ts'
import type { IsrProposal } from './alterPartition.ts'
import { afterFetch, type FollowerProgress, unseenFollower } from './followerProgress.ts'
import { effectiveMinIsr, nextHighWatermark, produceOutcome } from './highWatermark.ts'
import {
  afterAlterPartition,
  type AlterPartitionOutcome,
  expandIsrIfCaughtUp,
  type InSyncReplicas,
  maximalIsr,
  proposedIsr,
  shrinkIsrIfLagging,
} from './inSyncReplicas.ts'
import { checkFetchPosition, type EpochEnd, truncationOffset } from './truncation.ts'

/** What metadata says of a partition, copied at the moment it was said. */
export interface PartitionState {
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** -1 when there is none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
}

/**
 * What this broker is for a partition.
 *
 *   settling --(log open, epoch start recorded)--> leader | follower
 *   leader, follower --(metadata with another leader epoch)--> settling
 *   any --(disk failed)--> offline;   any --(no replica any more)--> gone
 */
type Role =
  | { readonly type: 'settling' }
  | { readonly type: 'leader'; readonly leaderEpoch: number; readonly epochStartOffset: number }
  | { readonly type: 'follower'; readonly leaderEpoch: number; readonly leaderId: number }
  | { readonly type: 'offline' }
  | { readonly type: 'gone' }

/** What a partition asks of the broker around it. */
export interface PartitionSurroundings {
  readonly brokerId: number
  readonly clock: Clock
  readonly maxLagMs: number
  readonly logger: Logger
  openLog(partition: Partition): Promise<PartitionLog>
  /** Registered and unfenced, not shutting down, and of that broker epoch (-1 is any). */
  isEligible(replicaId: number, brokerEpoch: number): boolean
  /** The epoch under which a broker is registered; -1 when it is not. */
  brokerEpochOf(brokerId: number): number
  /** min.insync.replicas of the topic as configured. */
  minInsyncReplicas(topic: string): number
  propose(proposal: IsrProposal): void
  /** Called in the turn in which the role is taken, and in the turn in which metadata ends it. */
  roleTaken(partition: Partition): void
  roleLost(partition: Partition): void
  failed(partition: Partition, failure: unknown): void
}

export interface FetchedPartition {
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
  readonly partitionMaxBytes: number
}

export interface Reader {
  /** The follower that fetches; undefined for consumers. */
  readonly replica: { readonly id: number; readonly brokerEpoch: number } | undefined
  readonly readCommitted: boolean
}

/** What a fetch from one partition comes to before anything is read. */
export type FetchPlan =
  | { readonly type: 'error'; readonly error: Exclude<ErrorName, 'NONE'> }
  | { readonly type: 'diverging'; readonly end: EpochEnd; readonly log: PartitionLog }
  | {
      readonly type: 'read'
      readonly from: number
      readonly upTo: number
      /** There is something to tell even without records: a follower keeps what the leader has given up. */
      readonly isLogStartNews: boolean
      readonly log: PartitionLog
    }

/** An acks=-1 append that waits for the high watermark. */
export interface CommitWait {
  readonly requiredOffset: number
  readonly settle: (error: ErrorName) => void
}

export type Watched = 'logEnd' | 'highWatermark' | 'lowWatermark'

const NOTHING_MORE = () => undefined

/** One partition of which this broker is a replica: role, in-sync set, high watermark, and those who wait for one of these to change. */
export class Partition {
  readonly topic: string
  readonly topicId: Uuid
  readonly index: number
  readonly #around: PartitionSurroundings
  #state: PartitionState | undefined
  #role: Role = { type: 'settling' }
  #log: PartitionLog | undefined
  #followers = new Map<number, FollowerProgress>()
  #inSync: InSyncReplicas = { type: 'committed', isr: [], partitionEpoch: -1 }
  #waits = new Set<CommitWait>()
  readonly #watchers: Readonly<Record<Watched, Set<() => void>>> = { logEnd: new Set(), highWatermark: new Set(), lowWatermark: new Set() }
  /** Everything that opens, truncates or appends as a follower, one after another. */
  #tail: Promise<void> = Promise.resolve()
  #lastWritten: Promise<void> | undefined
  #appendedEnd = 0

  constructor(identity: { topic: string; topicId: Uuid; index: number }, around: PartitionSurroundings) {
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

  get isLeader(): boolean {
    return this.#role.type === 'leader'
  }

  get isOffline(): boolean {
    return this.#role.type === 'offline'
  }

  /** The epoch in which this broker leads or follows; undefined while it does neither. */
  get leaderEpoch(): number | undefined {
    return this.#role.type === 'leader' || this.#role.type === 'follower' ? this.#role.leaderEpoch : undefined
  }

  /** The leader that this broker follows. */
  get followedLeader(): number | undefined {
    return this.#role.type === 'follower' ? this.#role.leaderId : undefined
  }

  /** Resolves when a leadership that metadata already announced has been taken; undefined when there is nothing to wait for. */
  get settling(): Promise<void> | undefined {
    return this.#role.type === 'settling' && this.#state?.leader === this.#around.brokerId ? this.#tail : undefined
  }

  get inSyncReplicas(): readonly number[] {
    return this.#role.type === 'leader' ? this.#inSync.isr : (this.#state?.isr ?? [])
  }

  get followers(): ReadonlyMap<number, FollowerProgress> {
    return this.#followers
  }

  get #minIsr(): number {
    return effectiveMinIsr(this.#around.minInsyncReplicas(this.topic), this.#state?.replicas.length ?? 1)
  }

  /** Takes what metadata says. Old news is ignored; another leader epoch ends the present role at once and begins the next behind the log. */
  apply(state: PartitionState): void {
    const known = this.#state
    if (this.#role.type === 'gone' || this.#role.type === 'offline') return
    if (known !== undefined && (state.partitionEpoch < known.partitionEpoch || state.leaderEpoch < known.leaderEpoch)) return
    this.#state = state
    const leads = state.leader === this.#around.brokerId
    if (this.#role.type === 'leader' && leads && this.#role.leaderEpoch === state.leaderEpoch) return this.#adoptIsr(state)
    if (this.#role.type === 'follower' && !leads && known?.leader === state.leader && this.#role.leaderEpoch === state.leaderEpoch) return
    if (this.#role.type !== 'settling') this.#endRole({ keepWaits: leads })
    void this.#enqueue(() => this.#settle(state))
  }

  #adoptIsr(state: PartitionState): void {
    const now = this.#around.clock.elapsed()
    for (const id of this.#followers.keys()) if (!state.replicas.includes(id)) this.#followers.delete(id)
    for (const id of state.replicas) {
      if (id !== this.#around.brokerId && !this.#followers.has(id)) this.#followers.set(id, unseenFollower(state.isr.includes(id), now))
    }
    // Not newer: an answer to AlterPartition was faster than the metadata, or a change of ours is still pending on it.
    if (state.partitionEpoch > this.#inSync.partitionEpoch) {
      this.#inSync = { type: 'committed', isr: state.isr, partitionEpoch: state.partitionEpoch }
    }
    this.#advance()
  }

  #endRole({ keepWaits }: { keepWaits: boolean }): void {
    this.#role = { type: 'settling' }
    this.#around.roleLost(this)
    // As leader again, the same records are still there, and the wait goes on under the new epoch.
    if (!keepWaits) this.#settleAll('NOT_LEADER_OR_FOLLOWER')
    this.#wakeAll()
  }

  async #settle(state: PartitionState): Promise<void> {
    if (this.#state !== state || this.#role.type !== 'settling') return // newer metadata stands behind this in the queue
    if (this.#log === undefined) {
      this.#log = await this.#around.openLog(this)
      this.#log.onAppended(() => this.#logEndMoved())
      this.#log.onFailure(failure => this.#goOffline(failure))
    }
    // What was appended under the former leadership must be in the file before it is counted or cut off.
    await this.#lastWritten
    const latest = this.#state
    if (latest?.leaderEpoch !== state.leaderEpoch || latest.leader !== state.leader || this.#role.type !== 'settling') return
    if (latest.leader !== this.#around.brokerId) {
      this.#settleAll('NOT_LEADER_OR_FOLLOWER')
      this.#role = { type: 'follower', leaderEpoch: latest.leaderEpoch, leaderId: latest.leader }
      this.#around.roleTaken(this)
      return
    }
    // KIP-101: where the epoch began must survive us, also when nothing is ever appended in it.
    await this.#log.startEpoch(state.leaderEpoch)
    this.#lead(state.leaderEpoch)
  }

  #lead(leaderEpoch: number): void {
    const state = this.#state
    if (state?.leaderEpoch !== leaderEpoch || this.#role.type !== 'settling' || this.#log === undefined) return
    const now = this.#around.clock.elapsed()
    this.#role = { type: 'leader', leaderEpoch, epochStartOffset: this.#log.logEndOffset }
    this.#appendedEnd = 0
    this.#followers = new Map(
      state.replicas.filter(id => id !== this.#around.brokerId).map(id => [id, unseenFollower(state.isr.includes(id), now)]),
    )
    this.#inSync = { type: 'committed', isr: state.isr, partitionEpoch: state.partitionEpoch }
    this.#around.roleTaken(this)
    this.#advance()
    this.#wakeAll()
  }

  /** This broker is no replica any more. Resolves to the log when nothing touches it any longer; it is the caller's to delete. */
  async remove(answer: ErrorName = 'UNKNOWN_TOPIC_OR_PARTITION'): Promise<PartitionLog | undefined> {
    const hadRole = this.#role.type === 'leader' || this.#role.type === 'follower'
    this.#role = { type: 'gone' }
    if (hadRole) this.#around.roleLost(this)
    this.#settleAll(answer)
    this.#wakeAll()
    await this.#tail
    return this.#log
  }

  #goOffline(failure: unknown): void {
    if (this.#role.type === 'gone' || this.#role.type === 'offline') return
    const hadRole = this.#role.type !== 'settling'
    this.#role = { type: 'offline' }
    if (hadRole) this.#around.roleLost(this)
    this.#settleAll('KAFKA_STORAGE_ERROR')
    this.#wakeAll()
    this.#around.failed(this, failure)
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

  /** Decides at once. `written` tells when it is in the log; `whenCommitted` when it cannot be lost any more. */
  append(batch: Buffer, options: { acks: number; origin: 'client' | 'coordinator'; leaderEpoch?: number }): AppendResult {
    const error = this.checkLeader(-1)
    if (error !== 'NONE') return { error }
    const { leaderEpoch } = this.#role as Extract<Role, { type: 'leader' }>
    if (options.leaderEpoch !== undefined && options.leaderEpoch !== leaderEpoch) return { error: 'NOT_LEADER_OR_FOLLOWER' }
    if (options.acks === -1 && this.#inSync.isr.length < this.#minIsr) return { error: 'NOT_ENOUGH_REPLICAS' }
    assert(this.#log !== undefined, 'a leader has a log')
    const result = this.#log.append(batch, { leaderEpoch, origin: options.origin })
    if (result.error === 'NONE') {
      // A failure comes through `onFailure` as well, so that here only the end of the writing counts.
      this.#lastWritten = result.written.then(NOTHING_MORE, NOTHING_MORE)
      this.#appendedEnd = Math.max(this.#appendedEnd, result.lastOffset + 1)
    }
    return result
  }

  /** Why an acks=-1 append would be refused now, whatever it holds. */
  appendRefusal(): ErrorName {
    const error = this.checkLeader(-1)
    if (error !== 'NONE') return error
    return this.#inSync.isr.length < this.#minIsr ? 'NOT_ENOUGH_REPLICAS' : 'NONE'
  }

  /** The log end offset once all is written that was appended up to now. */
  get appendedEndOffset(): number {
    return Math.max(this.#appendedEnd, this.#log?.logEndOffset ?? 0)
  }

  /** Answers as soon as all below `requiredOffset` is committed, or this broker stops leading. Undefined when it was answered on the spot. */
  whenCommitted(requiredOffset: number, settle: (error: ErrorName) => void): CommitWait | undefined {
    const wait: CommitWait = { requiredOffset, settle }
    if (this.#role.type !== 'leader') {
      settle(this.#role.type === 'offline' ? 'KAFKA_STORAGE_ERROR' : 'NOT_LEADER_OR_FOLLOWER')
      return undefined
    }
    this.#waits.add(wait)
    this.#settleCommitted()
    return this.#waits.has(wait) ? wait : undefined
  }

  /** False when it has been answered already. */
  stopWaiting(wait: CommitWait): boolean {
    return this.#waits.delete(wait)
  }

  #settleCommitted(): void {
    if (this.#waits.size === 0 || this.#log === undefined) return
    const { highWatermark } = this.#log
    const minIsr = this.#minIsr
    for (const wait of this.#waits) {
      const error = produceOutcome({ requiredOffset: wait.requiredOffset, highWatermark, inSync: this.#inSync, minIsr })
      if (error === undefined) continue
      this.#waits.delete(wait)
      wait.settle(error)
    }
  }

  #settleAll(error: ErrorName): void {
    const waits = this.#waits
    this.#waits = new Set()
    for (const wait of waits) wait.settle(error)
  }

  #logEndMoved(): void {
    this.#advance()
    this.#wake('logEnd')
  }

  /** Raises the high watermark as far as the rules allow, and answers those who waited for it. Harmless at any time. */
  #advance(): void {
    if (this.#role.type !== 'leader' || this.#log === undefined) return
    const log = this.#log
    const now = this.#around.clock.elapsed()
    const highWatermark = nextHighWatermark({
      leaderId: this.#around.brokerId,
      leaderEndOffset: log.logEndOffset,
      highWatermark: log.highWatermark,
      inSync: this.#inSync,
      followers: this.#followers,
      isEligible: id => this.#around.isEligible(id, this.#followers.get(id)?.brokerEpoch ?? -1),
      minIsr: this.#minIsr,
      nowMs: now,
      maxLagMs: this.#around.maxLagMs,
    })
    const moved = highWatermark > log.highWatermark
    if (moved) log.advanceHighWatermark(highWatermark)
    this.#settleCommitted()
    if (moved) this.#wake('highWatermark')
  }

  /** Called for every leader now and then, and after a config change. */
  shrinkIsrIfLagging(): void {
    if (this.#role.type !== 'leader' || this.#log === undefined) return
    this.#advance()
    const next = shrinkIsrIfLagging(this.#inSync, {
      leaderId: this.#around.brokerId,
      leaderEndOffset: this.#log.logEndOffset,
      followers: this.#followers,
      nowMs: this.#around.clock.elapsed(),
      maxLagMs: this.#around.maxLagMs,
    })
    if (next !== undefined) this.#propose(next)
  }

  #propose(next: InSyncReplicas): void {
    if (this.#role.type !== 'leader') return
    const { leaderEpoch } = this.#role
    const { partitionEpoch } = next
    this.#inSync = next
    this.#around.logger.info(`asking for another in-sync set of ${this.name}`, { from: next.isr, to: proposedIsr(next), leaderEpoch })
    const isWanted = (): boolean =>
      this.#role.type === 'leader' &&
      this.#role.leaderEpoch === leaderEpoch &&
      this.#inSync.type !== 'committed' &&
      this.#inSync.partitionEpoch === partitionEpoch
    this.#around.propose({
      topicId: this.topicId,
      partition: this.index,
      leaderEpoch,
      partitionEpoch,
      isr: proposedIsr(next).map(id => ({ brokerId: id, brokerEpoch: this.#memberEpoch(id) })),
      isWanted,
      answered: outcome => (isWanted() ? this.#proposalAnswered(outcome) : 'done'),
    })
  }

  #memberEpoch(id: number): number {
    if (id === this.#around.brokerId) return this.#around.brokerEpochOf(id)
    return this.#followers.get(id)?.brokerEpoch ?? -1
  }

  #proposalAnswered(outcome: AlterPartitionOutcome): 'done' | 'retry' {
    const { next, retry } = afterAlterPartition(this.#inSync, outcome)
    this.#inSync = next
    if (outcome.error === 'NONE')
      this.#around.logger.info(`in-sync set of ${this.name} is`, { isr: next.isr, partitionEpoch: next.partitionEpoch })
    this.#advance()
    return retry ? 'retry' : 'done'
  }

  /** Checks a fetch and bounds what may be read. A follower's first look at this position (`isFirst`) also tells us how far it is. */
  planFetch(asked: FetchedPartition, reader: Reader, isFirst: boolean): FetchPlan {
    const error = this.checkLeader(asked.currentLeaderEpoch)
    if (error !== 'NONE') return { type: 'error', error }
    const log = this.#log
    assert(log !== undefined, 'a leader has a log')
    const { replica } = reader
    if (replica !== undefined && !this.#followers.has(replica.id)) {
      // The follower may know of a reassignment that we have not heard of yet.
      return { type: 'error', error: asked.currentLeaderEpoch >= 0 ? 'UNKNOWN_LEADER_EPOCH' : 'NOT_LEADER_OR_FOLLOWER' }
    }
    if (asked.lastFetchedEpoch >= 0) {
      const position = checkFetchPosition(
        { offset: asked.fetchOffset, lastFetchedEpoch: asked.lastFetchedEpoch },
        log.endOffsetFor(asked.lastFetchedEpoch),
      )
      if (position === 'OFFSET_OUT_OF_RANGE') return { type: 'error', error: position }
      if (position !== 'matches') return { type: 'diverging', end: position.diverging, log }
    }
    if (asked.fetchOffset < log.logStartOffset || asked.fetchOffset > log.logEndOffset)
      return { type: 'error', error: 'OFFSET_OUT_OF_RANGE' }
    if (replica !== undefined && isFirst && !this.#followerFetched(replica, asked, log)) {
      return { type: 'error', error: 'NOT_LEADER_OR_FOLLOWER' }
    }
    const upTo = replica !== undefined ? log.logEndOffset : reader.readCommitted ? log.lastStableOffset : log.highWatermark
    const isLogStartNews = replica !== undefined && asked.logStartOffset < log.logStartOffset
    return { type: 'read', from: asked.fetchOffset, upTo, isLogStartNews, log }
  }

  /** False when the fetch comes from an earlier life of that broker (KIP-903). */
  #followerFetched(replica: { id: number; brokerEpoch: number }, asked: FetchedPartition, log: PartitionLog): boolean {
    if (this.#role.type !== 'leader') return false
    if (replica.brokerEpoch >= 0 && replica.brokerEpoch < this.#around.brokerEpochOf(replica.id)) return false
    const before = this.#followers.get(replica.id)
    assert(before !== undefined, 'the follower was looked up')
    const now = this.#around.clock.elapsed()
    const progress = afterFetch(before, {
      fetchOffset: asked.fetchOffset,
      logStartOffset: asked.logStartOffset,
      brokerEpoch: replica.brokerEpoch,
      leaderEndOffset: log.logEndOffset,
      nowMs: now,
    })
    this.#followers.set(replica.id, progress)
    const isExpanding = this.expandIsrIfCaughtUp(replica.id)
    if (progress.logEndOffset !== before.logEndOffset || isExpanding) this.#advance()
    if (progress.logStartOffset !== before.logStartOffset) this.#wake('lowWatermark')
    return true
  }

  /** Proposes the follower for the in-sync set if it belongs there: after each of its fetches, and when it has become eligible meanwhile. */
  expandIsrIfCaughtUp(replicaId: number): boolean {
    const progress = this.#followers.get(replicaId)
    if (this.#role.type !== 'leader' || this.#log === undefined || progress === undefined) return false
    const expansion = expandIsrIfCaughtUp(this.#inSync, {
      replicaId,
      logEndOffset: progress.logEndOffset,
      highWatermark: this.#log.highWatermark,
      epochStartOffset: this.#role.epochStartOffset,
      isEligible: this.#around.isEligible(replicaId, progress.brokerEpoch),
    })
    if (expansion !== undefined) this.#propose(expansion)
    return expansion !== undefined
  }

  /** Where the epoch began in which this broker leads: until the high watermark is there, offsets at the end are not known for certain. */
  get epochStartOffset(): number | undefined {
    return this.#role.type === 'leader' ? this.#role.epochStartOffset : undefined
  }

  get isUnderMinIsr(): boolean {
    return this.#role.type === 'leader' && maximalIsr(this.#inSync).length < this.#minIsr
  }

  /** Deletes what is below, here at once and at the followers with their next fetch. */
  raiseLogStart(offset: number): void {
    this.#log?.raiseLogStartOffset(offset)
    this.#wake('logEnd')
  }

  /** The lowest log start among this broker and its living followers: what was deleted up to there is gone everywhere (KIP-107). */
  lowWatermark(isAlive: (brokerId: number) => boolean): number {
    let lowest = this.#log?.logStartOffset ?? -1
    for (const [id, { logStartOffset }] of this.#followers) if (isAlive(id)) lowest = Math.min(lowest, logStartOffset)
    return lowest
  }

  /** Calls `wake` whenever the watched thing moves or the role changes, until the returned function is called. */
  watch(what: Watched, wake: () => void): () => void {
    this.#watchers[what].add(wake)
    return () => this.#watchers[what].delete(wake)
  }

  #wake(what: Watched): void {
    for (const wake of this.#watchers[what]) wake()
  }

  #wakeAll(): void {
    this.#wake('logEnd')
    this.#wake('highWatermark')
    this.#wake('lowWatermark')
  }

  /** Where to fetch from next; undefined unless this broker follows in that epoch. */
  fetchPosition(leaderEpoch: number): { fetchOffset: number; lastFetchedEpoch: number; logStartOffset: number } | undefined {
    if (this.#role.type !== 'follower' || this.#role.leaderEpoch !== leaderEpoch || this.#log === undefined) return undefined
    const { logEndOffset, logStartOffset, latestEpoch } = this.#log
    return { fetchOffset: logEndOffset, lastFetchedEpoch: latestEpoch ?? -1, logStartOffset }
  }

  /** Appends what the leader of that epoch sent; outdated answers are dropped. */
  appendFetched(
    leaderEpoch: number,
    fetched: { fetchOffset: number; records: Buffer; highWatermark: number; logStartOffset: number },
  ): Promise<ErrorName> {
    return this.#asFollower(leaderEpoch, async log => {
      if (fetched.records.length > 0) {
        if (log.logEndOffset !== fetched.fetchOffset) return 'NONE' // answered for a position that has been left since
        const baseOffset = Number(fetched.records.readBigInt64BE(0))
        // The leader's log may start inside of a batch (DeleteRecords); an empty log takes over the whole batch.
        const startsInside = baseOffset < log.logEndOffset && log.logStartOffset === log.logEndOffset
        if (startsInside) await log.truncateFullyAndStartAt(baseOffset)
        const result = await log.appendAsFollower(fetched.records, { leaderEpoch, leaderLogStartOffset: fetched.logStartOffset })
        if (result.error !== 'NONE') return result.error
      } else if (fetched.logStartOffset > log.logStartOffset && fetched.logStartOffset <= log.logEndOffset) {
        log.raiseLogStartOffset(fetched.logStartOffset)
      }
      log.advanceHighWatermark(Math.min(fetched.highWatermark, log.logEndOffset))
      return 'NONE'
    })
  }

  /** The leader said where its log for an epoch ends and ours goes on otherwise. */
  truncateToDivergence(leaderEpoch: number, leader: EpochEnd): Promise<ErrorName> {
    return this.#asFollower(leaderEpoch, async log => {
      const { logEndOffset, highWatermark } = log
      const offset = truncationOffset({ leader, own: log.endOffsetFor(leader.epoch), logEndOffset, highWatermark })
      this.#around.logger.info(`cutting ${this.name} back to its leader's log`, { offset, logEndOffset, highWatermark, leader })
      await log.truncateTo(offset)
      return 'NONE'
    })
  }

  truncateTo(leaderEpoch: number, offset: number): Promise<ErrorName> {
    return this.#asFollower(leaderEpoch, async log => {
      this.#around.logger.warn(`the leader of ${this.name} has less than we: cutting`, { offset, logEndOffset: log.logEndOffset })
      await log.truncateTo(offset)
      return 'NONE'
    })
  }

  restartAt(leaderEpoch: number, offset: number): Promise<ErrorName> {
    return this.#asFollower(leaderEpoch, async log => {
      this.#around.logger.warn(`the leader of ${this.name} starts behind our end: starting anew`, {
        offset,
        logEndOffset: log.logEndOffset,
      })
      await log.truncateFullyAndStartAt(offset)
      return 'NONE'
    })
  }

  async #asFollower(leaderEpoch: number, run: (log: PartitionLog) => Promise<ErrorName>): Promise<ErrorName> {
    let error: ErrorName = 'NONE'
    await this.#enqueue(async () => {
      if (this.#role.type !== 'follower' || this.#role.leaderEpoch !== leaderEpoch || this.#log === undefined) return
      error = await run(this.#log)
    })
    return this.#role.type === 'offline' ? 'KAFKA_STORAGE_ERROR' : error
  }
}
