import type { Uuid } from '../../base/uuid.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import { afterFetch, type FollowerProgress, unseenFollower } from './followerProgress.ts'
import { effectiveMinIsr, nextHighWatermark, produceOutcome } from './highWatermark.ts'
import {
  afterAlterPartition,
  type AlterPartitionOutcome,
  expandIsrIfCaughtUp,
  type InSyncReplicas,
  proposedIsr,
  shrinkIsrIfLagging,
} from './inSyncReplicas.ts'
import type { PartitionState, PartitionSurroundings } from './partitionSurroundings.ts'
import type { FollowerView } from './replicaSelector.ts'

export interface LedPartition {
  readonly topic: string
  readonly topicId: Uuid
  readonly index: number
  readonly name: string
}

/**
 * What the leader of a partition knows in one leader epoch: how far its followers are and who is in sync. Raises the high watermark of its log as
 * far as the rules allow, and proposes changes of the in-sync set. Ends with the epoch; the next one starts from what metadata says.
 */
export class Leadership {
  readonly leaderEpoch: number
  /** Until the high watermark is there, it is not known for certain what the leader before had committed. */
  readonly epochStartOffset: number
  readonly #partition: LedPartition
  readonly #log: PartitionLog
  readonly #around: PartitionSurroundings
  readonly #advanced: (hasMoved: boolean) => void
  readonly #followers: Map<number, FollowerProgress>
  #replicaCount: number
  #inSync: InSyncReplicas
  #isOver = false

  /** `advanced` is called whenever somebody who waits for commits should look again, with whether the high watermark has moved. */
  constructor(
    partition: LedPartition,
    log: PartitionLog,
    state: PartitionState,
    { around, advanced }: { around: PartitionSurroundings; advanced: (hasMoved: boolean) => void },
  ) {
    this.leaderEpoch = state.leaderEpoch
    this.epochStartOffset = log.logEndOffset
    this.#partition = partition
    this.#log = log
    this.#around = around
    this.#advanced = advanced
    const nowMs = around.clock.elapsed()
    const followers = state.replicas.filter(id => id !== around.brokerId)
    this.#followers = new Map(followers.map(id => [id, unseenFollower(state.isr.includes(id), nowMs)]))
    this.#replicaCount = state.replicas.length
    this.#inSync = { type: 'committed', isr: state.isr, partitionEpoch: state.partitionEpoch }
  }

  get isr(): readonly number[] {
    return this.#inSync.isr
  }

  get isUnderMinIsr(): boolean {
    return this.#inSync.isr.length < this.#minIsr
  }

  get #minIsr(): number {
    return effectiveMinIsr(this.#around.minInsyncReplicas(this.#partition.topic), this.#replicaCount)
  }

  isFollowedBy(replicaId: number): boolean {
    return this.#followers.has(replicaId)
  }

  isInSync(replicaId: number): boolean {
    return this.#inSync.isr.includes(replicaId)
  }

  /** This broker, among those whom a consumer may read from. */
  get ownView(): FollowerView {
    return { brokerId: this.#around.brokerId, logEndOffset: this.#log.logEndOffset, lastCaughtUpMs: this.#around.clock.elapsed() }
  }

  /** Followers in sync whose log contains the offset. Others may fall behind further, and their readers with them. */
  followersWith(offset: number): FollowerView[] {
    const found: FollowerView[] = []
    for (const [brokerId, { logStartOffset, logEndOffset, lastCaughtUpMs }] of this.#followers) {
      if (!this.isInSync(brokerId) || logEndOffset < offset || logStartOffset > offset) continue
      found.push({ brokerId, logEndOffset, lastCaughtUpMs })
    }
    return found
  }

  /** Metadata says something new of the same epoch. */
  adopt(state: PartitionState): void {
    const nowMs = this.#around.clock.elapsed()
    for (const id of this.#followers.keys()) if (!state.replicas.includes(id)) this.#followers.delete(id)
    for (const id of state.replicas) {
      if (id !== this.#around.brokerId && !this.#followers.has(id)) this.#followers.set(id, unseenFollower(state.isr.includes(id), nowMs))
    }
    this.#replicaCount = state.replicas.length
    // Not newer: an answer to AlterPartition was faster than the metadata, or a change of ours is still pending on it.
    if (state.partitionEpoch > this.#inSync.partitionEpoch) {
      this.#inSync = { type: 'committed', isr: state.isr, partitionEpoch: state.partitionEpoch }
    }
    this.advance()
  }

  /** What is proposed or answered from now on has no effect here. */
  end(): void {
    this.#isOver = true
  }

  /** Raises the high watermark as far as the rules allow. Harmless at any time. */
  advance(): void {
    if (this.#isOver) return
    const log = this.#log
    const highWatermark = nextHighWatermark({
      leaderId: this.#around.brokerId,
      leaderEndOffset: log.logEndOffset,
      highWatermark: log.highWatermark,
      inSync: this.#inSync,
      followers: this.#followers,
      isEligible: id => this.#around.isEligible(this.#partition, id, this.#followers.get(id)?.brokerEpoch ?? -1),
      minIsr: this.#minIsr,
      nowMs: this.#around.clock.elapsed(),
      maxLagMs: this.#around.maxLagMs,
    })
    const hasMoved = highWatermark > log.highWatermark
    if (hasMoved) log.advanceHighWatermark(highWatermark)
    this.#advanced(hasMoved)
  }

  /** Whether an acks=-1 append up to `requiredOffset` can be answered, and with what. */
  outcomeOf(requiredOffset: number): 'NONE' | 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' | undefined {
    return produceOutcome({ requiredOffset, highWatermark: this.#log.highWatermark, inSync: this.#inSync, minIsr: this.#minIsr })
  }

  /**
   * A follower fetches, and thereby says how far it is. `stale`: the fetch comes from an earlier life of that broker (KIP-903). `logStartMoved`: the
   * lowest log start may be another now.
   */
  fetched(
    replica: { id: number; brokerEpoch: number },
    asked: { fetchOffset: number; logStartOffset: number },
  ): 'stale' | 'logStartMoved' | 'noted' {
    const before = this.#followers.get(replica.id)
    const isStale = replica.brokerEpoch >= 0 && replica.brokerEpoch < this.#around.brokerEpochOf(replica.id)
    if (before === undefined || isStale) return 'stale'
    const progress = afterFetch(before, {
      fetchOffset: asked.fetchOffset,
      logStartOffset: asked.logStartOffset,
      brokerEpoch: replica.brokerEpoch,
      leaderEndOffset: this.#log.logEndOffset,
      nowMs: this.#around.clock.elapsed(),
    })
    this.#followers.set(replica.id, progress)
    const isExpanding = this.expandIsrIfCaughtUp(replica.id)
    if (progress.logEndOffset !== before.logEndOffset || isExpanding) this.advance()
    return progress.logStartOffset === before.logStartOffset ? 'noted' : 'logStartMoved'
  }

  /** Whether a follower that fetches as it did before has everything, and is where it should be. */
  isUpToDate(replica: { id: number; brokerEpoch: number }, asked: { fetchOffset: number; logStartOffset: number }): boolean {
    const progress = this.#followers.get(replica.id)
    return (
      progress !== undefined &&
      !this.#isOver &&
      this.#log.logEndOffset === asked.fetchOffset &&
      progress.logEndOffset === asked.fetchOffset &&
      progress.logStartOffset === asked.logStartOffset &&
      progress.brokerEpoch === replica.brokerEpoch &&
      replica.brokerEpoch >= this.#around.brokerEpochOf(replica.id) &&
      this.isInSync(replica.id)
    )
  }

  /** As `fetched`, for one that is up to date: only the time is news. */
  fetchedNothing(replicaId: number): void {
    const progress = this.#followers.get(replicaId)
    if (progress === undefined) return
    // In place: this happens to every idle partition several times a second. What the leader had then is what the follower has.
    progress.lastCaughtUpMs = progress.lastFetchMs = this.#around.clock.elapsed()
  }

  /** Proposes the follower for the in-sync set if it belongs there: after each of its fetches, and when it has become eligible meanwhile. */
  expandIsrIfCaughtUp(replicaId: number): boolean {
    const progress = this.#followers.get(replicaId)
    if (this.#isOver || progress === undefined) return false
    const expansion = expandIsrIfCaughtUp(this.#inSync, {
      replicaId,
      logEndOffset: progress.logEndOffset,
      highWatermark: this.#log.highWatermark,
      epochStartOffset: this.epochStartOffset,
      isEligible: this.#around.isEligible(this.#partition, replicaId, progress.brokerEpoch),
    })
    if (expansion !== undefined) this.#propose(expansion)
    return expansion !== undefined
  }

  /** To be called now and then, and after a change of min.insync.replicas. */
  shrinkIsrIfLagging(): void {
    this.advance()
    const shrunk = shrinkIsrIfLagging(this.#inSync, {
      leaderId: this.#around.brokerId,
      leaderEndOffset: this.#log.logEndOffset,
      followers: this.#followers,
      nowMs: this.#around.clock.elapsed(),
      maxLagMs: this.#around.maxLagMs,
    })
    if (shrunk !== undefined && !this.#isOver) this.#propose(shrunk)
  }

  /** The lowest log start among this broker and its living followers: what was deleted up to there is gone everywhere (KIP-107). */
  lowWatermark(isAlive: (brokerId: number) => boolean): number {
    let lowest = this.#log.logStartOffset
    for (const [id, { logStartOffset }] of this.#followers) if (isAlive(id)) lowest = Math.min(lowest, logStartOffset)
    return lowest
  }

  #propose(next: InSyncReplicas): void {
    const { leaderEpoch } = this
    const { topicId, index, name } = this.#partition
    const { partitionEpoch } = next
    this.#inSync = next
    this.#around.news.tell('asking for another in-sync set of', name, { from: next.isr, to: proposedIsr(next), leaderEpoch })
    const isWanted = () => !this.#isOver && this.#inSync.type !== 'committed' && this.#inSync.partitionEpoch === partitionEpoch
    this.#around.propose({
      topicId,
      partition: index,
      leaderEpoch,
      partitionEpoch,
      isr: proposedIsr(next).map(brokerId => ({ brokerId, brokerEpoch: this.#memberEpoch(brokerId) })),
      isWanted,
      answered: outcome => (isWanted() ? this.#proposalAnswered(outcome) : 'done'),
    })
  }

  #memberEpoch(id: number): number {
    return id === this.#around.brokerId ? this.#around.brokerEpochOf(id) : (this.#followers.get(id)?.brokerEpoch ?? -1)
  }

  #proposalAnswered(outcome: AlterPartitionOutcome): 'done' | 'retry' {
    const { next, retry } = afterAlterPartition(this.#inSync, outcome)
    this.#inSync = next
    if (outcome.error === 'NONE') {
      this.#around.news.tell('there is another in-sync set of', this.#partition.name, {
        isr: next.isr,
        partitionEpoch: next.partitionEpoch,
      })
    }
    this.advance()
    return retry ? 'retry' : 'done'
  }
}
