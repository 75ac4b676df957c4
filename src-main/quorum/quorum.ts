import type { Logger } from '../base/logger.ts'
import type { Uuid } from '../base/uuid.ts'
import type { Address, Env } from '../env/env.ts'
import { BeginQuorumEpoch } from '../protocol/messages/beginQuorumEpoch.ts'
import { EndQuorumEpoch } from '../protocol/messages/endQuorumEpoch.ts'
import { Fetch, type FetchRequest } from '../protocol/messages/fetch.ts'
import type { ErrorName } from '../protocol/errors.ts'
import type { MetadataRecordInput } from '../protocol/messages/metadataRecords.ts'
import { FetchSnapshot, type FetchSnapshotRequest } from '../protocol/messages/fetchSnapshot.ts'
import { UpdateRaftVoter, type UpdateRaftVoterRequest } from '../protocol/messages/updateRaftVoter.ts'
import { Vote } from '../protocol/messages/vote.ts'
import type { AnyApi, RequestInput, ResponseInput, ResponseOf } from '../protocol/schema.ts'
import { CommittedLog } from './committedLog.ts'
import { QuorumDriver, type FetchPosition, type SnapshotPosition } from './driver.ts'
import { joinAnswerFrom, joinRequest, joinRequestFrom, joinResponse } from './joinMessages.ts'
import { MetadataFetches } from './metadataFetches.ts'
import {
  type Addressee,
  answerFrom,
  beginEpochRequest,
  endEpochRequest,
  type FetchAnswer,
  fetchAnswerFrom,
  fetchRequest,
  voteRequest,
} from './messages.ts'
import { PendingAppends, NotLeader } from './pendingAppends.ts'
import { describeQuorum, type QuorumDescription, ReplicaActivity } from './quorumDescription.ts'
import type { QuorumConfig } from './quorumConfig.ts'
import { type QuorumLog, QuorumLogView } from './quorumLog.ts'
import { type CommittedBatch, MAX_METADATA_BATCH_BYTES, metadataBatch } from './records.ts'
import { openingState } from './snapshots/openingState.ts'
import { SnapshotFetches } from './snapshots/snapshotFetches.ts'
import { type LoadedSnapshot, SnapshotFiles } from './snapshots/snapshotFiles.ts'
import { type SnapshotPieceAnswer, snapshotPieceAnswerFrom, snapshotPieceRequest } from './snapshots/snapshotMessages.ts'
import { SnapshotTaker } from './snapshots/snapshotTaker.ts'
import {
  type Epoch,
  type JoinRequest,
  majorityOf,
  type NodeId,
  type QuorumAnswer,
  type QuorumRequest,
  type QuorumState,
  type RoleName,
  type Standing,
} from './state.ts'
import { initialState } from './step.ts'
import { VoteFile } from './voteFile.ts'

export { NotLeader } from './pendingAppends.ts'
export type { CommittedBatch } from './records.ts'
export type { LoadedSnapshot } from './snapshots/snapshotFiles.ts'
export { defaultQuorumConfig, type QuorumConfig } from './quorumConfig.ts'

/**
 * How a node of the quorum reaches another. Rejects when there is no answer in time. A Fetch or a FetchSnapshot may take long and must not hold up the
 * others.
 */
export type SendToPeer = <A extends AnyApi>(to: NodeId, api: A, request: RequestInput<A>, timeoutMs: number) => Promise<ResponseOf<A>>

export interface QuorumOptions {
  readonly nodeId: NodeId
  readonly clusterId: string
  readonly directoryId: Uuid
  /** All of them, with where peers reach them. A node that is not among them is an observer: it follows, and takes part in nothing. */
  readonly voters: ReadonlyMap<NodeId, Address>
  /** Of `__cluster_metadata-0`; opened and closed by the caller. */
  readonly log: QuorumLog
  /** Where `quorum-state` and the snapshots lie. */
  readonly directory: string
  readonly config: QuorumConfig
  readonly send: SendToPeer
  /**
   * Records that add up to what the `onCommitted` and `onSnapshot` listeners were given so far, whatever they are given while it is read. Without it this
   * node writes no snapshots of its own, and keeps its log.
   */
  readonly state?: () => Iterable<MetadataRecordInput>
  readonly logger: Logger
  /** This node cannot take part any more (its disk failed, or a bug was found): the process should end. Without it, the error is thrown to nobody. */
  readonly onFailure?: (cause: Error) => void
}

export interface Leadership {
  readonly leaderId: NodeId | undefined
  readonly epoch: Epoch
}

/** How long a leader that leaves waits for the others to hear of it. */
const FAREWELL_MS = 500

/**
 * One voter of the metadata quorum, or one observer of it: KRaft, that is Raft in which followers fetch (KIP-595, KIP-996). What it guarantees: one
 * leader per epoch; what is committed is committed for ever and the same for all, also when disks are lost (see `Standing`); none of it rests on time.
 */
export class Quorum {
  readonly nodeId: NodeId
  readonly #env: Pick<Env, 'clock' | 'random' | 'disk'>
  readonly #options: QuorumOptions
  readonly #voteFile: VoteFile
  readonly #committed: CommittedLog
  readonly #appends = new PendingAppends()
  readonly #fetches: MetadataFetches
  readonly #activity: ReplicaActivity
  readonly #snapshots: SnapshotFiles
  readonly #snapshotFetches: SnapshotFetches
  readonly #snapshotTaker: SnapshotTaker | undefined
  readonly #leaderListeners: ((leader: Leadership) => void)[] = []
  readonly #ownEpochListeners: ((epoch: Epoch) => void)[] = []
  readonly #committedListeners: ((batch: CommittedBatch) => void)[] = []
  readonly #snapshotListeners: ((snapshot: LoadedSnapshot) => void)[] = []
  #driver: QuorumDriver | undefined
  #told: Leadership = { leaderId: undefined, epoch: -1 }
  #committedOwnEpoch = -1
  #isNewcomer = false

  constructor(env: Pick<Env, 'clock' | 'random' | 'disk'>, options: QuorumOptions) {
    this.nodeId = options.nodeId
    this.#env = env
    this.#options = options
    this.#voteFile = new VoteFile(env, options.directory)
    this.#activity = new ReplicaActivity(env.clock)
    this.#committed = new CommittedLog(options.log, {
      deliver: (batch, sizeInBytes) => {
        for (const listen of this.#committedListeners) listen(batch)
        const { lastOffset, epoch, timestamp } = batch
        this.#snapshotTaker?.delivered({ endOffset: lastOffset + 1, epoch, timestamp }, sizeInBytes)
      },
      onDelivered: offset => {
        this.#tellWhenOwnEpochIsCommitted()
        this.#appends.committedBelow(offset)
      },
      onFailure: cause => this.#fail(cause),
    })
    this.#fetches = new MetadataFetches(env, {
      clusterId: options.clusterId,
      log: options.log,
      activity: this.#activity,
      driver: () => this.#driver,
    })
    const { log, config, logger, clusterId, state } = options
    const files = new SnapshotFiles(env, options.directory, logger)
    this.#snapshots = files
    this.#snapshotFetches = new SnapshotFetches({ clusterId, files, driver: () => this.#driver })
    const onFailure = (cause: unknown): void => this.#fail(cause)
    this.#snapshotTaker = state && new SnapshotTaker(env, { files, log, config, logger, state, onFailure })
  }

  /** Reads the vote and takes part from then on. Resolves before there is a leader. Listeners are to be there before. */
  async start(): Promise<void> {
    const { log, voters, nodeId, directoryId, config, logger } = this.#options
    const vote = await this.#voteFile.restore()
    const snapshot = await openingState(log, this.#snapshots, logger)
    if (snapshot !== undefined) await this.#committed.skipTo(snapshot.endOffset, () => this.#deliverSnapshot(snapshot))
    const lastEpoch = Math.max(log.latestEpoch ?? 0, new QuorumLogView(log, this.#snapshots).lastEpoch)
    const self = { id: nodeId, directoryId }
    const state = initialState(self, [...voters.keys()], { vote, lastEpoch, highWatermark: snapshot?.endOffset ?? 0 })
    this.#isNewcomer = state.standing === 'newcomer'
    if (this.#isNewcomer) logger.info('this voter has an empty disk: it votes once it has learnt what it may have forgotten')
    this.#driver = new QuorumDriver(
      this.#env,
      {
        log,
        voteFile: this.#voteFile,
        config,
        logger,
        send: (to, request) => this.#send(to, request),
        fetch: (from, position) => this.#fetch(from, position),
        snapshots: this.#snapshots,
        fetchSnapshotPiece: (from, position) => this.#fetchSnapshotPiece(from, position),
        onSnapshot: (each, replaceLog) =>
          this.#committed.skipTo(each.endOffset, async () => {
            await replaceLog()
            this.#deliverSnapshot(each)
          }),
        onTurn: each => this.#afterTurn(each),
        onCommit: highWatermark => this.#committed.advance(highWatermark),
        onNews: () => this.#fetches.wake(),
        onFailure: cause => this.#fail(cause),
      },
      state,
    )
    this.#told = { leaderId: undefined, epoch: state.epoch }
    // The log stands still then, and so would the cluster's metadata: another disk may have room.
    log.onFull(() => this.resign())
    this.#driver.start()
  }

  /** A leader says goodbye first, so that the others elect the next one at once. */
  async stop(): Promise<void> {
    const driver = this.#driver
    if (driver === undefined || driver.isStopped) return
    this.#options.log.stopWaiting()
    this.#voteFile.stopWaiting()
    driver.post({ type: 'resign' })
    await driver.stop(FAREWELL_MS)
    await this.#committed.stop()
    await this.#snapshotTaker?.stop()
    this.#appends.lost(new NotLeader(this.nodeId))
  }

  /** Gives up leading, if this node does; another is elected. */
  resign(): void {
    this.#driver?.post({ type: 'resign' })
  }

  get epoch(): Epoch {
    return this.#driver?.state.epoch ?? -1
  }

  get role(): RoleName {
    return this.#driver?.state.role.type ?? 'unattached'
  }

  get standing(): Standing | undefined {
    return this.#driver?.state.standing
  }

  /** Whether this voter may not promise anything yet, having lost its disk (see `Standing`). False once it is on the new disk that it may. */
  get isNewcomer(): boolean {
    return this.#isNewcomer
  }

  /** Who leads `epoch`, as far as this node knows; nobody during an election. */
  get leaderId(): NodeId | undefined {
    return this.#driver === undefined || this.#driver.isStopped ? undefined : leaderOf(this.#driver.state)
  }

  /** What is below is committed; until a leader told, what a snapshot has, or 0. */
  get highWatermark(): number {
    return this.#driver?.state.highWatermark ?? 0
  }

  get logEndOffset(): number {
    return this.#options.log.logEndOffset
  }

  /** As leader: the offset that the first record of the next `append` gets. */
  get nextOffset(): number {
    return this.#driver?.nextOffset ?? 0
  }

  /** As leader: all that was committed before this epoch is known to be, and was delivered to the listeners of this node. */
  get hasCommittedOwnEpoch(): boolean {
    const driver = this.#driver
    if (driver?.leadingEpoch === undefined) return false
    const { role } = driver.state
    return role.type === 'leader' && this.#committed.deliveredOffset > role.epochStartOffset
  }

  /**
   * Whether this node, if it believes to lead, has heard a majority so lately that those would hardly have elected another. Nothing that must not go
   * wrong may rest on it: it is a matter of time.
   */
  get isSureToLead(): boolean {
    const state = this.#driver?.state
    if (state?.role.type !== 'leader') return true
    // Who gives up a leader that does not answer has waited for longer.
    return this.#activity.heardWithin(this.#options.config.fetchTimeoutMs / 2, state.voters) + 1 >= majorityOf(state)
  }

  /** Called whenever leader or epoch changed; as leader not before records can be appended. */
  onLeaderChange(listen: (leader: Leadership) => void): void {
    this.#leaderListeners.push(listen)
  }

  /** Called once in each epoch that this node leads, when `hasCommittedOwnEpoch` has become true: all earlier metadata was delivered before. */
  onOwnEpochCommitted(listen: (epoch: Epoch) => void): void {
    this.#ownEpochListeners.push(listen)
  }

  /** Every committed batch of metadata, in order, from the first one on, or from behind the snapshot that `onSnapshot` told of. */
  onCommitted(listen: (batch: CommittedBatch) => void): void {
    this.#committedListeners.push(listen)
  }

  /**
   * What all committed batches below its `endOffset` add up to, instead of the batches: when this node starts, and whenever it is so far behind that its
   * leader does not have them any more. It replaces all that the listener was given before; it never covers less.
   */
  onSnapshot(listen: (snapshot: LoadedSnapshot) => void): void {
    this.#snapshotListeners.push(listen)
  }

  /**
   * Appends the records as one batch, committed together or not at all. Throws `NotLeader` unless this node leads. `committed` resolves after the
   * batch was delivered to this node's listeners, and rejects with `NotLeader` when leadership is lost first: then it is open whether it took effect.
   */
  append(records: readonly MetadataRecordInput[]): { readonly lastOffset: number; readonly committed: Promise<void> } {
    const { log } = this.#options
    const driver = this.#driver
    const epoch = driver?.leadingEpoch
    if (driver === undefined || epoch === undefined) throw new NotLeader(this.nodeId)
    const batch = metadataBatch(records, epoch, this.#env.clock.now())
    if (batch.length > MAX_METADATA_BATCH_BYTES) throw new RangeError(`${batch.length} bytes are too many for one batch of metadata`)
    const appended = log.append(batch, { leaderEpoch: epoch, origin: 'quorum' })
    if (appended.error !== 'NONE') throw new Error(`the metadata log refused a batch: ${appended.error}`)
    const committed = this.#appends.add(appended.lastOffset)
    driver.appended(appended)
    return { lastOffset: appended.lastOffset, committed }
  }

  /** A connection to or from a peer closed. If it leads, it may be gone: this node asks the others, and a leader that is there stays. */
  peerDisconnected(peer: NodeId): void {
    this.#driver?.post({ type: 'peerDisconnected', peer })
  }

  /** Answers a Fetch of `__cluster_metadata`: at once when there is something to say, else when there is, or after its `maxWaitMs`. */
  fetchMetadata(request: FetchRequest): Promise<ResponseInput<typeof Fetch>> {
    return this.#fetches.answer(request)
  }

  /** Answers a FetchSnapshot of `__cluster_metadata`. */
  fetchSnapshot(request: FetchSnapshotRequest): Promise<ResponseInput<typeof FetchSnapshot>> {
    return this.#snapshotFetches.answer(request)
  }

  /** A peer's Vote, BeginQuorumEpoch or EndQuorumEpoch. `undefined` once stopped. */
  async answer(request: QuorumRequest): Promise<QuorumAnswer | undefined> {
    const reply = await this.#driver?.ask({ type: 'request', request })
    return reply?.type === 'answer' ? reply.answer : undefined
  }

  /**
   * Answers an UpdateRaftVoter. As leader: once a record is committed that was appended after this request came, which is what a newcomer waits for (see
   * `Standing`).
   */
  async updateVoter(request: UpdateRaftVoterRequest): Promise<ResponseInput<typeof UpdateRaftVoter>> {
    const { clusterId, voters, logger, config } = this.#options
    const { leaderId, epoch } = this
    const answer = (error: ErrorName): ResponseInput<typeof UpdateRaftVoter> =>
      joinResponse(error, { leaderId, epoch }, leaderId === undefined ? undefined : voters.get(leaderId))
    const asked = joinRequestFrom(request, clusterId)
    if (typeof asked === 'string') return answer(asked)
    if (!voters.has(asked.voter.id)) return answer('VOTER_NOT_FOUND')
    if (asked.epoch !== epoch) return answer(asked.epoch < epoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH')
    try {
      const { committed } = this.append([{ type: 'NoOpRecord' }])
      this.#activity.joins(asked.voter)
      const isCommitted = await this.#within(config.requestTimeoutMs / 2, committed)
      if (isCommitted) logger.info('a voter comes back with an empty disk', { ...asked.voter })
      return answer(isCommitted ? 'NONE' : 'REQUEST_TIMED_OUT')
    } catch (problem) {
      if (!(problem instanceof NotLeader)) throw problem
      return answer('NOT_LEADER_OR_FOLLOWER')
    }
  }

  #within(ms: number, done: Promise<void>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const timer = this.#env.clock.after(ms, () => resolve(false))
      done.then(() => resolve(true), reject).finally(() => timer.cancel())
    })
  }

  /** Whom requests have to name to be answered here. */
  get addressee(): Addressee {
    const { nodeId, clusterId, directoryId } = this.#options
    return { nodeId, clusterId, directoryId }
  }

  /** For DescribeQuorum. Only the leader knows how far the others are. */
  describe(): QuorumDescription {
    const { voters, log } = this.#options
    return describeQuorum(this.#driver?.state, { voters, logEndOffset: log.logEndOffset, activity: this.#activity })
  }

  #afterTurn(state: QuorumState): void {
    this.#isNewcomer = state.standing === 'newcomer'
    const leaderId = leaderOf(state)
    if (leaderId === this.#told.leaderId && state.epoch === this.#told.epoch) return
    const wasLeading = this.#told.leaderId === this.nodeId
    this.#told = { leaderId, epoch: state.epoch }
    this.#options.logger.info(leaderId === undefined ? 'the quorum has no leader' : 'the quorum has a leader', { ...this.#told })
    if (wasLeading) this.#appends.lost(new NotLeader(this.nodeId, this.#told))
    if (leaderId === this.nodeId) this.#activity.reset()
    for (const listen of this.#leaderListeners) listen(this.#told)
    this.#tellWhenOwnEpochIsCommitted()
  }

  #tellWhenOwnEpochIsCommitted(): void {
    const { epoch } = this
    if (epoch === this.#committedOwnEpoch || this.#told.epoch !== epoch || !this.hasCommittedOwnEpoch) return
    this.#committedOwnEpoch = epoch
    for (const listen of this.#ownEpochListeners) listen(epoch)
  }

  async #send(to: NodeId, request: QuorumRequest | JoinRequest): Promise<QuorumAnswer | undefined> {
    const { send, clusterId, voters, nodeId, config } = this.#options
    const from = { clusterId, address: voters.get(nodeId) }
    const timeoutMs = config.requestTimeoutMs
    switch (request.type) {
      case 'vote':
        return answerFrom(await send(to, Vote, voteRequest(request, to, clusterId), timeoutMs))
      case 'beginEpoch':
        return answerFrom(await send(to, BeginQuorumEpoch, beginEpochRequest(request, to, from), timeoutMs))
      case 'endEpoch':
        return answerFrom(await send(to, EndQuorumEpoch, endEpochRequest(request, from), timeoutMs))
      case 'join':
        return joinAnswerFrom(await send(to, UpdateRaftVoter, joinRequest(request, from), timeoutMs))
    }
  }

  async #fetch(from: NodeId, position: FetchPosition): Promise<FetchAnswer | undefined> {
    const { send, clusterId, directoryId, config } = this.#options
    // An empty fetch must come back well before the fetch timeout: it is also how this node hears that its leader lives.
    const maxWaitMs = position.isUrgent ? 0 : Math.floor(Math.min(config.fetchMaxWaitMs, config.fetchTimeoutMs / 4))
    const asked = { replicaId: this.#replicaId, directoryId, clusterId, ...position, maxWaitMs, maxBytes: config.fetchMaxBytes }
    return fetchAnswerFrom(
      await send(from, Fetch, fetchRequest(asked), maxWaitMs + Math.min(config.requestTimeoutMs, config.fetchTimeoutMs / 2)),
    )
  }

  async #fetchSnapshotPiece(from: NodeId, position: SnapshotPosition): Promise<SnapshotPieceAnswer | undefined> {
    const { send, clusterId, directoryId, config } = this.#options
    const asked = { replicaId: this.#replicaId, directoryId, clusterId, ...position, maxBytes: config.fetchSnapshotMaxBytes }
    return snapshotPieceAnswerFrom(await send(from, FetchSnapshot, snapshotPieceRequest(asked), config.requestTimeoutMs), position)
  }

  /** A newcomer fetches as nobody in particular, so that what it has does not count. */
  get #replicaId(): NodeId {
    return this.standing === 'newcomer' ? -1 : this.nodeId
  }

  #deliverSnapshot(snapshot: LoadedSnapshot): void {
    this.#snapshotTaker?.replaced()
    for (const listen of this.#snapshotListeners) listen(snapshot)
  }

  #fail(cause: unknown): void {
    const failure = cause instanceof Error ? cause : new Error('the quorum failed', { cause })
    this.#options.logger.error('this node cannot take part in the quorum any more', { cause: failure })
    this.#appends.lost(new NotLeader(this.nodeId))
    void this.#driver?.stop(0)
    const { onFailure } = this.#options
    if (onFailure !== undefined) return onFailure(failure)
    queueMicrotask(() => {
      throw failure
    })
  }
}

function leaderOf({ role, self }: QuorumState): NodeId | undefined {
  return role.type === 'leader' ? self.id : role.type === 'follower' ? role.leaderId : undefined
}
