import { assert } from '../base/assert.ts'
import type { Logger } from '../base/logger.ts'
import type { Uuid } from '../base/uuid.ts'
import type { Env, Timer } from '../env/env.ts'
import { applyRecords } from '../metadata/delta.ts'
import { METADATA_VERSION_FEATURE } from '../metadata/features.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { errorCode, type ErrorName } from '../protocol/errors.ts'
import type { BrokerHeartbeat, BrokerHeartbeatRequest } from '../protocol/messages/brokerHeartbeat.ts'
import type { BrokerRegistration, BrokerRegistrationRequest } from '../protocol/messages/brokerRegistration.ts'
import type { MetadataRecord } from '../protocol/messages/metadataRecords.ts'
import type { UnregisterBroker, UnregisterBrokerRequest } from '../protocol/messages/unregisterBroker.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import { NotLeader, type Quorum } from '../quorum/quorum.ts'
import { BrokerSessions } from './brokerSessions.ts'
import type { ControllerConfig } from './controllerConfig.ts'
import { type ControllerState, type Decision, refusal, refused } from './decision.ts'
import { changesToPreferred } from './elections.ts'
import { firstRecords } from './firstRecords.ts'
import { decideFencing, decideHeartbeat, decideRegistration, decideUnregistration } from './registrations.ts'

/** What a controller needs of the quorum. */
export type MetadataQuorum = Pick<
  Quorum,
  'nodeId' | 'epoch' | 'leaderId' | 'nextOffset' | 'append' | 'onLeaderChange' | 'onOwnEpochCommitted'
>

export interface ControllerOptions {
  readonly quorum: MetadataQuorum
  /** Of this process, as its broker registers it: a broker of this node under another one is the process that was before, and is dead. */
  readonly incarnationId: Uuid
  /** What is committed, as this process knows it. Everything that was delivered by the quorum is in it when a leadership becomes known. */
  readonly committed: () => MetadataImage
  readonly config: ControllerConfig
  readonly logger: Logger
}

/** What exists only while this controller is the active one. */
interface Active {
  readonly epoch: number
  /** Committed or not: all that was decided. */
  readonly image: MetadataImage
  readonly sessions: BrokerSessions
  /** Settles with the newest records. */
  newest: Promise<void>
  rebalance: Timer | undefined
}

/** Leaders that return to preferred replicas at a time. */
const MAX_REBALANCED = 1000

/**
 * The controller of one process. It is active while its node leads the metadata quorum, and there it decides, one request at a time, on the newest
 * state, committed or not; makes the decision part of that state; and answers once it is committed. When the node stops leading, all that is dropped:
 * whatever was committed is in the log, and the next controller reads it there.
 */
export class Controller {
  readonly #env: Pick<Env, 'clock' | 'random'>
  readonly #options: ControllerOptions
  /** When connections to peers were last seen to close, by `elapsed`. */
  readonly #disconnected = new Map<number, number>()
  #active: Active | undefined
  #stopped = false

  /** Listens to the quorum from the start, so make it before the quorum starts. */
  constructor(env: Pick<Env, 'clock' | 'random'>, options: ControllerOptions) {
    this.#env = env
    this.#options = options
    options.quorum.onLeaderChange(({ leaderId, epoch }) => {
      if (this.#active !== undefined && (leaderId !== options.quorum.nodeId || epoch !== this.#active.epoch)) this.#deactivate()
    })
    options.quorum.onOwnEpochCommitted(epoch => this.#activate(epoch))
  }

  get isActive(): boolean {
    return this.#active !== undefined
  }

  /** The epoch in which this controller decides; undefined while it does not. */
  get activeEpoch(): number | undefined {
    return this.#active?.epoch
  }

  /** Decides nothing any more. */
  stop(): void {
    this.#stopped = true
    this.#deactivate()
  }

  /**
   * Decides, and resolves with the reply once the decision, and everything it may have been based on, is committed. `refuse` makes the reply for when
   * this controller is not the active one, or ceases to be before the commit: then it is open whether the decision took effect.
   */
  async decide<Reply>(decide: (state: ControllerState) => Decision<Reply>, refuse: (error: ErrorName) => Reply): Promise<Reply> {
    const active = this.#active
    if (active === undefined) return refuse('NOT_CONTROLLER')
    const { records, reply } = decide(this.#stateOf(active))
    return (await this.#commit(active, records)) ? reply : refuse('NOT_CONTROLLER')
  }

  /** A broker registers. */
  async register(request: BrokerRegistrationRequest, connectionId: number): Promise<ResponseInput<typeof BrokerRegistration>> {
    const { brokerId } = request
    const reply = await this.decide<ResponseInput<typeof BrokerRegistration>>(
      state => {
        const { sessions } = this.#active!
        const decision = decideRegistration(state, request, sessions.isValid(brokerId))
        if (decision.reply.errorCode === 0) {
          sessions.forget(brokerId)
          sessions.heartbeat(brokerId, { connectionId, metadataOffset: -1 })
        }
        return decision
      },
      error => ({ throttleTimeMs: 0, errorCode: errorCode(error) }),
    )
    if (reply.errorCode === 0) this.#options.logger.info('a broker registered', { brokerId, brokerEpoch: reply.brokerEpoch })
    return reply
  }

  /** A broker says that it lives and what it wants. */
  async heartbeat(request: BrokerHeartbeatRequest, connectionId: number): Promise<ResponseInput<typeof BrokerHeartbeat>> {
    const { brokerId, currentMetadataOffset: metadataOffset } = request
    return this.decide<ResponseInput<typeof BrokerHeartbeat>>(
      state => {
        const { sessions, image } = this.#active!
        const activeBrokers = [...image.brokers.keys()].filter(id => image.isActive(id))
        const progress = sessions.shutdownProgress(brokerId, activeBrokers)
        const { records, reply } = decideHeartbeat(state, request, progress)
        const { next, failed, ...answer } = reply
        if (answer.errorCode === 0) {
          sessions.heartbeat(brokerId, { connectionId, metadataOffset })
          if (records.length > 0 && failed.length > 0) this.#options.logger.warn('log folders of a broker failed', { brokerId, failed })
          if (records.length > 0) this.#options.logger.info('a broker changed its state', { brokerId, state: next })
          if (next === 'controlledShutdown' && records.length > 0) {
            sessions.movedLeaderships(brokerId, state.nextOffset + records.length - 1)
          } else if (next === 'controlledShutdown' && progress.controlledShutdownOffset === undefined) {
            // Another controller moved them, at an offset that only it knew: no later than now.
            sessions.movedLeaderships(brokerId, image.lastAppliedOffset)
          }
        }
        return { records, reply: answer }
      },
      error => ({ throttleTimeMs: 0, errorCode: errorCode(error), shouldShutDown: false }),
    )
  }

  /** A broker is removed for good. */
  async unregister(request: UnregisterBrokerRequest): Promise<ResponseInput<typeof UnregisterBroker>> {
    const { brokerId } = request
    const reply = await this.decide<ResponseInput<typeof UnregisterBroker>>(
      state => {
        const decision = decideUnregistration(state, request)
        if (decision.reply.errorCode === 0) this.#active!.sessions.forget(brokerId)
        return decision
      },
      error => ({ throttleTimeMs: 0, ...refused(refusal(error)) }),
    )
    if (reply.errorCode === 0) this.#options.logger.warn('a broker was removed for good', { brokerId })
    return reply
  }

  /** A connection to this process closed. When a broker's heartbeats came over it, that broker is fenced unless it shows up again very soon. */
  connectionClosed(connectionId: number): void {
    this.#active?.sessions.connectionClosed(connectionId)
  }

  /** A peer's process seems to be gone. Should this controller become the active one soon, it does not give that broker a whole session's time. */
  peerDisconnected(nodeId: number): void {
    this.#disconnected.set(nodeId, this.#env.clock.elapsed())
  }

  #stateOf({ image, sessions }: Active): ControllerState {
    const { quorum, config } = this.#options
    const isHeard = (brokerId: number) => brokerId === quorum.nodeId || sessions.isValid(brokerId)
    // The quorum's own records lie between ours: only it knows where the next one will be.
    return { image, nextOffset: quorum.nextOffset, isHeard, settings: config, random: this.#env.random }
  }

  /** Makes records part of the newest state and resolves with whether they, and all before them, were committed. */
  async #commit(active: Active, records: readonly MetadataRecord[]): Promise<boolean> {
    if (records.length > 0 && !this.#append(active, records)) return false
    try {
      await active.newest
      return true
    } catch (error) {
      if (error instanceof NotLeader) return false
      throw error
    }
  }

  #append(active: Active, records: readonly MetadataRecord[]): boolean {
    try {
      const { lastOffset, committed } = this.#options.quorum.append(records)
      active.newest = committed
      active.image.lastAppliedOffset = lastOffset
    } catch (error) {
      if (!(error instanceof NotLeader)) throw error
      if (this.#active === active) this.#deactivate()
      return false
    }
    applyRecords(active.image, records)
    active.image.lastAppliedEpoch = active.epoch
    return true
  }

  /** For what nobody waits for. Lost leadership is no failure: the next controller comes to the same conclusion. */
  #appendUnasked(active: Active, records: readonly MetadataRecord[]): void {
    if (records.length > 0 && this.#append(active, records)) active.newest.catch(() => this.#options.logger.debug('not committed in time'))
  }

  #activate(epoch: number): void {
    const { quorum, committed, config, logger } = this.#options
    if (this.#stopped || quorum.leaderId !== quorum.nodeId || quorum.epoch !== epoch) return
    this.#deactivate()
    const image = committed().clone()
    const sessions = new BrokerSessions(this.#env.clock, config, brokerId => this.#fence(brokerId))
    const active: Active = { epoch, image, sessions, newest: Promise.resolve(), rebalance: undefined }
    assert(image.lastAppliedOffset < quorum.nextOffset, 'the committed metadata is all of this log')
    this.#active = active
    logger.info('this controller is active', { epoch, metadataOffset: image.lastAppliedOffset })

    if (!image.features.has(METADATA_VERSION_FEATURE)) this.#appendUnasked(active, firstRecords(config))
    this.#fenceFormerLife(active)
    if (this.#active !== active) return
    for (const { brokerId } of image.unfencedBrokers()) sessions.expect(brokerId, { isSuspect: this.#wasDisconnectedLately(brokerId) })
    if (config.autoLeaderRebalanceEnable) this.#rebalanceLater(active)
  }

  /**
   * The process that was this node before is dead, which no other controller needs to have noticed. First of all it is fenced: were another broker
   * fenced before, a dead one might stay behind as the last in-sync replica, and what it had not synced, and others have, would be lost.
   */
  #fenceFormerLife(active: Active): void {
    const { quorum, incarnationId, logger } = this.#options
    const known = active.image.brokers.get(quorum.nodeId)
    if (known === undefined || known.incarnationId === incarnationId) return
    const records = decideFencing(this.#stateOf(active), known.brokerId)
    if (records.length > 0) logger.warn('the former life of this broker is fenced', { brokerId: known.brokerId })
    this.#appendUnasked(active, records)
  }

  #wasDisconnectedLately(nodeId: number): boolean {
    const at = this.#disconnected.get(nodeId)
    return at !== undefined && this.#env.clock.elapsed() - at < this.#options.config.brokerSessionTimeoutMs
  }

  #deactivate(): void {
    if (this.#active === undefined) return
    this.#active.sessions.close()
    this.#active.rebalance?.cancel()
    this.#options.logger.info('this controller is not active any more', { epoch: this.#active.epoch })
    this.#active = undefined
  }

  #fence(brokerId: number): void {
    const active = this.#active
    if (active === undefined) return
    const records = decideFencing(this.#stateOf(active), brokerId)
    if (records.length > 0) this.#options.logger.warn('a broker is not heard of and is fenced', { brokerId })
    this.#appendUnasked(active, records)
  }

  #rebalanceLater(active: Active): void {
    active.rebalance = this.#env.clock.after(this.#options.config.leaderImbalanceCheckIntervalMs, () => {
      const changes = changesToPreferred(active.image, MAX_REBALANCED, this.#options.config.staticConfigs)
      if (changes.length > 0) this.#options.logger.info('leaders return to their preferred replicas', { partitions: changes.length })
      this.#appendUnasked(active, changes)
      if (this.#active === active) this.#rebalanceLater(active)
    })
  }
}
