import { assert } from '../base/assert.ts'
import type { Logger } from '../base/logger.ts'
import type { Env, Timer } from '../env/env.ts'
import type { SnapshotId } from '../protocol/files/fileNames.ts'
import { isOutOfSpace } from '../storage/outOfSpace.ts'
import type { FetchAnswer } from './messages.ts'
import { electionWaitMs, type QuorumConfig } from './quorumConfig.ts'
import { type QuorumLog, QuorumLogView } from './quorumLog.ts'
import { leaderChangeBatch } from './records.ts'
import type {
  Effect,
  Epoch,
  FetchVerdict,
  JoinRequest,
  LeaderAndEpoch,
  NodeId,
  QuorumAnswer,
  QuorumEvent,
  QuorumRequest,
  QuorumState,
} from './state.ts'
import { step } from './step.ts'
import { DamagedSnapshot } from './snapshots/snapshotContent.ts'
import type { LoadedSnapshot, SnapshotFiles } from './snapshots/snapshotFiles.ts'
import type { SnapshotPieceAnswer } from './snapshots/snapshotMessages.ts'
import type { VoteFile } from './voteFile.ts'

/** What the driver is given to act with. */
export interface DriverParts {
  readonly log: QuorumLog
  readonly voteFile: VoteFile
  readonly snapshots: SnapshotFiles
  readonly config: QuorumConfig
  readonly logger: Logger
  /** `undefined` is an answer that makes no sense. */
  readonly send: (to: NodeId, request: QuorumRequest | JoinRequest) => Promise<QuorumAnswer | undefined>
  readonly fetch: (from: NodeId, position: FetchPosition) => Promise<FetchAnswer | undefined>
  readonly fetchSnapshotPiece: (from: NodeId, position: SnapshotPosition) => Promise<SnapshotPieceAnswer | undefined>
  /** The snapshot takes the place of all that was delivered; while `replaceLog` runs, nobody reads the log. */
  readonly onSnapshot: (snapshot: LoadedSnapshot, replaceLog: () => Promise<void>) => Promise<void>
  /** After each turn that changed something. */
  readonly onTurn: (state: QuorumState) => void
  readonly onCommit: (highWatermark: number) => void
  /** The log got longer, or who leads changed: parked fetches look again. */
  readonly onNews: () => void
  /** The node cannot go on: nothing is decided any more. */
  readonly onFailure: (cause: Error) => void
}

export interface FetchPosition {
  readonly epoch: Epoch
  readonly fetchOffset: number
  readonly lastFetchedEpoch: Epoch
  readonly logStartOffset: number
  readonly highWatermark: number
  /** The answer decides whether a newcomer becomes a voter: not to be kept waiting for records. */
  readonly isUrgent: boolean
}

export interface SnapshotPosition {
  readonly epoch: Epoch
  readonly id: SnapshotId
  readonly position: number
}

/** What the event's sender gets to hear. */
export type Reply =
  | { readonly type: 'answer'; readonly answer: QuorumAnswer }
  | { readonly type: 'answerFetch'; readonly verdict: FetchVerdict; readonly leader: LeaderAndEpoch }

interface Turn {
  readonly event: QuorumEvent
  readonly reply: ((reply: Reply | undefined) => void) | undefined
  /** False: the event is not true any more. */
  readonly isCurrent: () => boolean
}

/** How long to wait after a snapshot turned out damaged, or found no room: soon it will not be otherwise. */
const SNAPSHOT_RETRY_MS = 1_000

type TimerName = 'election' | 'checkQuorum' | 'announce' | 'fetchBackoff'

/**
 * Does what `step` decides: one event at a time, each effect awaited before the next. That order is the durability rule: a vote is on disk before
 * it is on the wire, records are synced before the fetch that tells the leader of them. Only sends, fetches and the leader's own syncs run beside
 * the turns, and come back as events.
 */
export class QuorumDriver {
  state: QuorumState
  /** The epoch whose LeaderChange record is in the log, while we lead it: from then on records may be appended. */
  leadingEpoch: Epoch | undefined
  /** While leading: the offset that the next append gets. */
  nextOffset = 0
  readonly logView: QuorumLogView
  readonly #env: Pick<Env, 'clock' | 'random'>
  readonly #parts: DriverParts
  readonly #queue: Turn[] = []
  readonly #timers = new Map<TimerName, Timer>()
  /** Requests under way, so that a leader who leaves can wait until it was heard. */
  readonly #sending = new Set<Promise<void>>()
  #turning: Promise<void> | undefined
  #isStopped = false
  /** Counts fetches: only the newest one's answer is taken. */
  #fetches = 0
  /** When the last append has reached the log. */
  #written: Promise<void> = Promise.resolve()
  #syncing: Promise<void> | undefined
  #syncAgain = false
  /** Known to be on disk. What a log holds when it is opened need not be. */
  #syncedEndOffset = -1

  constructor(env: Pick<Env, 'clock' | 'random'>, parts: DriverParts, state: QuorumState) {
    this.#env = env
    this.#parts = parts
    this.state = state
    this.logView = new QuorumLogView(parts.log, parts.snapshots)
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  start(): void {
    this.#armElectionTimer({ type: 'armElectionTimer', wait: { type: 'campaign', attempt: 0 } })
  }

  post(event: QuorumEvent): void {
    this.#enqueue({ event, reply: undefined, isCurrent: always })
  }

  /** Resolves with what the event is answered; `undefined` when this node has stopped. */
  ask(event: QuorumEvent): Promise<Reply | undefined> {
    return new Promise(resolve => {
      if (this.#isStopped) resolve(undefined)
      else this.#enqueue({ event, reply: resolve, isCurrent: always })
    })
  }

  /** The caller appended to the log as leader: syncs it soon, together with what is appended until then. */
  appended({ lastOffset, written }: { readonly lastOffset: number; readonly written: Promise<void> }): void {
    this.nextOffset = lastOffset + 1
    const afterThose = Promise.all([this.#written, written]).then(() => this.#parts.onNews())
    this.#written = afterThose
    afterThose.catch((cause: unknown) => this.#fail(cause))
    this.#sync()
  }

  /** Finishes the turn it is in and does no other. */
  async stop(withinMs: number): Promise<void> {
    await this.#turning
    await this.#within(withinMs, Promise.all(this.#sending))
    this.#halt()
    await this.#turning
    await this.#syncing
  }

  #enqueue(turn: Turn): void {
    if (this.#isStopped) return
    this.#queue.push(turn)
    this.#turning ??= this.#takeTurns().finally(() => {
      this.#turning = undefined
    })
  }

  async #takeTurns(): Promise<void> {
    // Gives the caller of `post` its turn first, so that no effect happens inside another part's call.
    await Promise.resolve()
    for (let turn = this.#queue.shift(); turn !== undefined; turn = this.#queue.shift()) {
      try {
        await this.#take(turn)
      } catch (cause) {
        turn.reply?.(undefined)
        this.#fail(cause)
      }
    }
  }

  async #take({ event, reply, isCurrent }: Turn): Promise<void> {
    if (this.#isStopped || !isCurrent()) return reply?.(undefined)
    const before = this.state
    const [next, effects] = step(before, event, this.logView)
    this.state = next
    if (next.role.type !== 'leader') this.leadingEpoch = undefined // at once: an append between two effects must be refused
    for (const effect of effects) {
      const performed = this.#perform(effect, reply)
      if (performed !== undefined) await performed
      if (this.#isStopped) return reply?.(undefined)
    }
    if (next !== before) this.#parts.onTurn(next)
  }

  #perform(effect: Effect, reply: Turn['reply']): Promise<void> | undefined {
    switch (effect.type) {
      case 'persistVote':
        return this.#parts.voteFile.write(effect.vote)
      case 'send':
        return this.#send(effect.to, effect.request)
      case 'answer':
      case 'answerFetch':
        return void reply?.(effect)
      case 'armElectionTimer':
        return this.#armElectionTimer(effect)
      case 'cancelElectionTimer':
        return this.#cancel('election')
      case 'armCheckQuorumTimer':
        return this.#arm('checkQuorum', 1.5 * this.#parts.config.fetchTimeoutMs, { type: 'checkQuorumTimeout' })
      case 'armAnnounceTimer':
        return this.#arm('announce', this.#parts.config.fetchTimeoutMs / 2, { type: 'announceTimeout' })
      case 'startLeading':
        return this.#startLeading(effect)
      case 'stopLeading':
        return this.#stopLeading()
      case 'fetch':
        return this.#fetchFrom(effect)
      case 'replicate':
        return this.#replicate(effect)
      case 'truncate':
        return this.#truncate(effect.to)
      case 'fetchSnapshotPiece':
        return this.#fetchSnapshotPiece(effect)
      case 'keepSnapshotPiece':
        return this.#keepSnapshotPiece(effect)
      case 'commit':
        this.#parts.log.advanceHighWatermark(effect.highWatermark)
        this.#parts.onCommit(effect.highWatermark)
        return this.#parts.onNews() as undefined
    }
  }

  #send(to: NodeId, request: QuorumRequest | JoinRequest): undefined {
    const sending = this.#exchange(to, request).finally(() => this.#sending.delete(sending))
    this.#sending.add(sending)
  }

  async #exchange(to: NodeId, request: QuorumRequest | JoinRequest): Promise<void> {
    const isVote = request.type === 'vote'
    let answer: QuorumAnswer | undefined
    try {
      answer = await this.#parts.send(to, request)
    } catch (cause) {
      this.#parts.logger.debug('a quorum request was not answered', { to, request: request.type, cause })
    }
    if (answer === undefined) {
      if (isVote) this.post({ type: 'voteFailed', from: to, epoch: request.epoch, preVote: request.preVote })
    } else if (isVote) this.post({ type: 'voteAnswered', from: to, epoch: request.epoch, preVote: request.preVote, answer })
    else if (request.type === 'join' && answer.error === 'NONE') this.post({ type: 'welcomed', from: to, epoch: request.epoch })
    else this.post({ type: 'leaderHeardOf', from: to, leader: answer })
  }

  async #startLeading({ epoch, grantingVoters }: Extract<Effect, { type: 'startLeading' }>): Promise<void> {
    const { log } = this.#parts
    const { self, voters, role } = this.state
    await log.startEpoch(epoch)
    assert(role.type === 'leader' && role.epochStartOffset === log.logEndOffset, 'the log rests while an epoch begins')
    const batch = leaderChangeBatch({ leaderId: self.id, leaderEpoch: epoch, voters, grantingVoters, timestamp: this.#env.clock.now() })
    const appended = log.append(batch, { leaderEpoch: epoch, origin: 'quorum' })
    if (appended.error !== 'NONE') throw new Error(`the log refused the LeaderChange record: ${appended.error}`)
    this.leadingEpoch = epoch
    this.appended(appended)
  }

  async #stopLeading(): Promise<void> {
    this.#cancel('checkQuorum')
    this.#cancel('announce')
    this.#parts.onNews()
    // What was appended last has to be in the log before this node compares it with a candidate's, or truncates it.
    await this.#written
    await this.#syncing
  }

  #sync(): void {
    if (this.#syncing !== undefined) {
      this.#syncAgain = true
      return
    }
    this.#syncing = this.#syncUntilQuiet()
      .catch((cause: unknown) => this.#fail(cause))
      .finally(() => {
        this.#syncing = undefined
      })
  }

  /** While one sync runs the next appends gather, and share the one after it. */
  async #syncUntilQuiet(): Promise<void> {
    const { epoch } = this.state
    do {
      this.#syncAgain = false
      await this.#written
      const endOffset = await this.#flush()
      this.post({ type: 'synced', epoch, endOffset })
    } while (this.#syncAgain)
  }

  async #flush(): Promise<number> {
    const endOffset = this.#parts.log.logEndOffset
    await this.#parts.log.flush()
    this.#syncedEndOffset = endOffset
    return endOffset
  }

  async #fetchFrom({ from, epoch, when }: Extract<Effect, { type: 'fetch' }>): Promise<void> {
    this.#cancel('fetchBackoff')
    const number = ++this.#fetches
    // To fetch from an offset is to say that all before is on disk: also what this node wrote while it led, or found when it started.
    if (this.#syncedEndOffset < this.#parts.log.logEndOffset) await this.#flush()
    const go = (): void => void this.#exchangeFetch(number, from, epoch)
    if (when === 'now') go()
    else this.#timers.set('fetchBackoff', this.#env.clock.after(this.#parts.config.retryBackoffMs, go))
  }

  async #exchangeFetch(number: number, from: NodeId, epoch: Epoch): Promise<void> {
    const isCurrent = (): boolean => number === this.#fetches
    const { logView, state } = this
    const { role, standing } = state
    const mayFetch = role.type === 'follower' || (role.type === 'unattached' && standing === 'observer')
    if (this.#isStopped || !isCurrent() || !mayFetch || state.epoch !== epoch) return
    const { endOffset: fetchOffset, lastEpoch: lastFetchedEpoch, startOffset: logStartOffset } = logView
    const isUrgent = standing === 'newcomer' && role.type === 'follower' && role.isWelcome === true
    const position = { epoch, fetchOffset, lastFetchedEpoch, logStartOffset, highWatermark: state.highWatermark, isUrgent }
    assert(this.#syncedEndOffset >= position.fetchOffset, 'a follower fetches from where its log is synced to')
    let answer: FetchAnswer | undefined
    try {
      answer = await this.#parts.fetch(from, position)
    } catch (cause) {
      this.#parts.logger.debug('a metadata fetch was not answered', { from, cause })
    }
    const event: QuorumEvent =
      answer === undefined ? { type: 'fetchFailed', from, epoch } : { type: 'fetchAnswered', from, epoch, ...answer }
    this.#enqueue({ event, reply: undefined, isCurrent })
  }

  async #replicate({ records, epoch, leaderHighWatermark }: Extract<Effect, { type: 'replicate' }>): Promise<void> {
    const { log, logger } = this.#parts
    const { error } = await log.appendAsFollower(records, { leaderEpoch: epoch })
    if (error === 'KAFKA_STORAGE_ERROR') throw new Error('the metadata log cannot be written')
    if (error !== 'NONE') {
      logger.warn('the quorum leader sent records that do not fit', { error, epoch })
      const { role } = this.state
      if (role.type === 'follower') this.post({ type: 'fetchFailed', from: role.leaderId, epoch })
      return
    }
    await this.#flush()
    this.#parts.onNews()
    this.post({ type: 'replicated', epoch, leaderHighWatermark })
  }

  #fetchSnapshotPiece({ from, epoch, id, position }: Omit<Extract<Effect, { type: 'fetchSnapshotPiece' }>, 'type'>): undefined {
    const number = ++this.#fetches
    void this.#exchangeSnapshotPiece(number, from, { epoch, id, position })
  }

  async #exchangeSnapshotPiece(number: number, from: NodeId, { epoch, id, position }: SnapshotPosition): Promise<void> {
    const { fetchSnapshotPiece, logger } = this.#parts
    let answer: SnapshotPieceAnswer | undefined
    try {
      answer = await fetchSnapshotPiece(from, { epoch, id, position })
    } catch (cause) {
      logger.debug('a fetch of a snapshot was not answered', { from, cause })
    }
    const event: QuorumEvent =
      answer === undefined ? { type: 'fetchFailed', from, epoch } : { type: 'snapshotPieceAnswered', from, epoch, id, position, ...answer }
    this.#enqueue({ event, reply: undefined, isCurrent: () => number === this.#fetches })
  }

  async #keepSnapshotPiece({ bytes, isLast, ...piece }: Extract<Effect, { type: 'keepSnapshotPiece' }>): Promise<void> {
    const { id, epoch, from, position } = piece
    try {
      await this.#parts.snapshots.receive(id, position, bytes)
      if (isLast) await this.#installSnapshot(id, epoch)
      else this.#fetchSnapshotPiece({ from, epoch, id, position: position + bytes.length })
    } catch (cause) {
      this.#snapshotFailed(cause)
    }
  }

  async #installSnapshot(id: SnapshotId, epoch: Epoch): Promise<void> {
    const { snapshots, log, logger, onSnapshot } = this.#parts
    const { endOffset } = id
    const snapshot = await snapshots.finishReceiving(id)
    logger.info('a snapshot takes the place of the metadata log', { endOffset, epoch: id.epoch, logEndOffset: log.logEndOffset })
    await onSnapshot(snapshot, () => log.truncateFullyAndStartAt(endOffset))
    this.#syncedEndOffset = endOffset
    this.post({ type: 'snapshotInstalled', epoch, id })
  }

  /** What a snapshot from elsewhere may meet is no reason to end: it is fetched once more, later. */
  #snapshotFailed(cause: unknown): void {
    if (!(cause instanceof DamagedSnapshot) && !isOutOfSpace(cause)) throw cause
    this.#parts.logger.warn('a snapshot of the metadata could not be fetched', { cause })
    const { role, epoch } = this.state
    if (role.type !== 'follower') return
    const number = ++this.#fetches
    const from = role.leaderId
    const again = (): void =>
      this.#enqueue({ event: { type: 'fetchFailed', from, epoch }, reply: undefined, isCurrent: () => number === this.#fetches })
    this.#cancel('fetchBackoff')
    this.#timers.set('fetchBackoff', this.#env.clock.after(SNAPSHOT_RETRY_MS, again))
  }

  async #truncate(to: number): Promise<void> {
    const { log, logger } = this.#parts
    logger.info('the metadata log is cut off where it leaves the leader’s', { from: log.logEndOffset, to })
    await log.truncateTo(to)
    this.#syncedEndOffset = -1 // a truncation has to be synced as well: a crash must not bring back what was cut off
  }

  #armElectionTimer({ wait }: Extract<Effect, { type: 'armElectionTimer' }>): undefined {
    return this.#arm('election', electionWaitMs(wait, this.#parts.config, this.#env.random), { type: 'electionTimeout' })
  }

  #arm(name: TimerName, delayMs: number, event: QuorumEvent): undefined {
    this.#cancel(name)
    const timer: Timer = this.#env.clock.after(delayMs, () => {
      // While it waits for its turn the reason may go: what was heard meanwhile arms or cancels the timer.
      this.#enqueue({ event, reply: undefined, isCurrent: () => this.#timers.get(name) === timer })
    })
    this.#timers.set(name, timer)
  }

  #cancel(name: TimerName): undefined {
    this.#timers.get(name)?.cancel()
    this.#timers.delete(name)
  }

  #within(ms: number, promise: Promise<unknown>): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#env.clock.after(ms, resolve)
      void promise.finally(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  #fail(cause: unknown): void {
    if (this.#isStopped) return
    this.#halt()
    this.#parts.onFailure(cause instanceof Error ? cause : new Error('the quorum failed', { cause }))
  }

  #halt(): void {
    this.#isStopped = true
    this.leadingEpoch = undefined
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    for (const { reply } of this.#queue.splice(0)) reply?.(undefined)
    this.#parts.onNews()
  }
}

function always(): boolean {
  return true
}
