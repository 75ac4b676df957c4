import type { Logger } from '../base/logger.ts'
import type { Uuid } from '../base/uuid.ts'
import type { Clock, Env } from '../env/env.ts'
import { type SupportedFeature, supportedFeatures } from '../metadata/features.ts'
import type { BrokerEndpoint } from '../metadata/image.ts'
import { errorMessage, errorName } from '../protocol/errors.ts'
import { BrokerHeartbeat, type BrokerHeartbeatResponse } from '../protocol/messages/brokerHeartbeat.ts'
import { BrokerRegistration } from '../protocol/messages/brokerRegistration.ts'
import { ControllerLink, type ControllerWhereabouts } from './controllerLink.ts'
import { Sleep } from './sleep.ts'

export interface BrokerLifecycleOptions {
  readonly brokerId: number
  readonly clusterId: string
  /** New with every start of the process. */
  readonly incarnationId: Uuid
  readonly endpoints: readonly BrokerEndpoint[]
  readonly rack: string | undefined
  /** Of the log folders that work. */
  readonly directoryIds: () => readonly Uuid[]
  /** Under which the process was registered when it last stopped cleanly; -1 when it did not (KIP-966). */
  readonly previousBrokerEpoch: number
  readonly heartbeatIntervalMs: number
  readonly registrationTimeoutMs: number
  /** How long the controller may not hear of a log folder that failed, before this broker had better end: the folder's leaders do not move. */
  readonly logDirFailureTimeoutMs: number
  readonly whereabouts: ControllerWhereabouts
  /** Offset of the newest metadata that this broker has applied. */
  readonly metadataOffset: () => number
  /** False keeps the broker fenced: it has not caught up with its own registration, its logs are not in place, or the quorum cannot count on it. */
  readonly isReady: () => boolean
  readonly logger: Logger
}

/**
 * A broker's standing with the controller.
 *
 *   starting --registered--> fenced --caught up--> unfenced --shutDown--> shuttingDown --> stopped
 *   fenced, unfenced --STALE_BROKER_EPOCH--> starting (the registration is gone: another begins)
 */
export type BrokerStanding = 'starting' | 'fenced' | 'unfenced' | 'shuttingDown' | 'stopped'

/** While the answer to the next heartbeat changes something for this broker, it does not wait for a whole interval. */
const IMPATIENT_MS = 20
const RETRY_MS = 50
/** With Kafka's defaults, and with ours, a session lasts a little longer than so many heartbeats. */
const IN_TOUCH_INTERVALS = 3

/**
 * Registers this broker, keeps the registration alive, and ends it in good order. All of it goes over one connection that carries nothing else:
 * when it closes, the controller knows that the process is gone.
 */
export class BrokerLifecycle {
  readonly #clock: Clock
  readonly #options: BrokerLifecycleOptions
  readonly #link: ControllerLink
  readonly #pause: Sleep
  readonly #listeners: ((standing: BrokerStanding) => void)[] = []
  #standing: BrokerStanding = 'starting'
  #brokerEpoch = -1
  #isRegistered = false
  /** When the heartbeat was sent that was last answered well; undefined while the controller holds this broker for gone. */
  #answeredMs: number | undefined
  /** Since when it is answered again, after a time without. */
  #backSinceMs = -Infinity
  #wasUnfenced = false
  #wantsShutDown = false
  #onAnswer: (() => void) | undefined
  #offlineDirectories: readonly Uuid[] = []
  /** Since when the controller has not heard of all of them; undefined when it has. */
  #untoldSinceMs: number | undefined
  #running: Promise<void> | undefined

  constructor(env: Pick<Env, 'clock' | 'network'>, options: BrokerLifecycleOptions) {
    this.#clock = env.clock
    this.#options = options
    this.#pause = new Sleep(env.clock)
    this.#link = new ControllerLink(env, {
      clientId: `broker-${options.brokerId}-heartbeat`,
      whereabouts: options.whereabouts,
      requestTimeoutMs: Math.max(1000, 2 * options.heartbeatIntervalMs),
      logger: options.logger,
    })
    // A new controller knows us from the log, but must hear soon that we live.
    options.whereabouts.onChange(() => this.hurry())
  }

  get standing(): BrokerStanding {
    return this.#standing
  }

  /** Of the present registration, or the last one while there is none; -1 before the first. */
  get brokerEpoch(): number {
    return this.#brokerEpoch
  }

  /**
   * Whether the controller has answered lately: not so long ago that it may have fenced us without our knowing. Who was out of touch is in touch again
   * once the metadata has had time to arrive, too: until then it may believe to lead what others lead.
   */
  get isInTouch(): boolean {
    return this.#isAnswered() && this.#clock.elapsed() - this.#backSinceMs >= this.#options.heartbeatIntervalMs
  }

  /** Whoever answered may not have been the controller any more: only the next answer counts. */
  doubt(): void {
    this.#answeredMs = undefined
    this.hurry()
  }

  onStanding(listen: (standing: BrokerStanding) => void): void {
    this.#listeners.push(listen)
  }

  /** Begins to register; returns at once. The promise of `ended` rejects when the controller will never have this broker. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Resolves when the broker has stopped; rejects when the cluster refuses it for good. */
  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve()
  }

  /** Sends the next heartbeat now: something has changed that the controller should hear of, or may answer differently. */
  hurry(): void {
    this.#pause.wake()
  }

  /** These log folders have failed: all of them, also those of which it was said before. */
  reportOffline(directoryIds: readonly Uuid[]): void {
    this.#offlineDirectories = directoryIds
    this.#untoldSinceMs ??= this.#clock.elapsed()
    this.hurry()
  }

  /**
   * Hands over leaderships and resolves when the controller lets the broker go; false when it did not within `timeoutMs`, or when no controller
   * has answered for `silenceMs`: with too few voters left there will be none.
   */
  async shutDown({ timeoutMs, silenceMs }: { readonly timeoutMs: number; readonly silenceMs: number }): Promise<boolean> {
    if (this.#standing === 'starting' || this.#running === undefined) {
      this.stop()
      return true
    }
    this.#wantsShutDown = true
    this.#setStanding('shuttingDown')
    this.hurry()
    let isGivenUp = false
    const giveUp = () => {
      isGivenUp = true
      this.stop()
    }
    const timer = this.#clock.after(timeoutMs, giveUp)
    let silence = this.#clock.after(silenceMs, giveUp)
    this.#onAnswer = () => {
      silence.cancel()
      silence = this.#clock.after(silenceMs, giveUp)
    }
    await this.#running
    this.#onAnswer = undefined
    timer.cancel()
    silence.cancel()
    return !isGivenUp
  }

  /** Says nothing more to the controller, from now on. */
  stop(): void {
    if (this.#standing === 'stopped') return
    this.#setStanding('stopped')
    this.#link.close()
    this.hurry()
  }

  #setStanding(standing: BrokerStanding): void {
    if (this.#standing === standing || this.#standing === 'stopped') return
    this.#standing = standing
    for (const listen of this.#listeners) listen(standing)
  }

  async #run(): Promise<void> {
    while (this.#standing !== 'stopped') {
      this.#requireToldInTime()
      if (!this.#isRegistered) await this.#register()
      else await this.#heartbeat()
    }
  }

  #requireToldInTime(): void {
    const { logDirFailureTimeoutMs } = this.#options
    if (this.#untoldSinceMs === undefined || this.#clock.elapsed() - this.#untoldSinceMs <= logDirFailureTimeoutMs) return
    throw new Error(`the controller could not be told for ${logDirFailureTimeoutMs} ms that a log folder has failed`)
  }

  async #register(): Promise<void> {
    const { brokerId, clusterId, incarnationId, endpoints, rack, directoryIds, previousBrokerEpoch, logger } = this.#options
    const offline = this.#offlineDirectories
    try {
      const response = await this.#link.send(
        BrokerRegistration,
        {
          brokerId,
          clusterId,
          incarnationId,
          listeners: endpoints.map(({ name, host, port, securityProtocol }) => ({ name, host, port, securityProtocol })),
          features: supportedFeatures.map(featureRange),
          rack: rack ?? null,
          logDirs: directoryIds(),
          previousBrokerEpoch,
        },
        { timeoutMs: this.#options.registrationTimeoutMs },
      )
      const error = errorName(response.errorCode)
      if (error === 'NONE') {
        this.#brokerEpoch = response.brokerEpoch
        this.#isRegistered = true
        logger.info(`registered with the controller`, { brokerEpoch: response.brokerEpoch })
        this.#told(offline)
        if (!this.#wantsShutDown) this.#setStanding('fenced')
        return
      }
      if (FATAL.has(error)) throw new Error(`the cluster refuses this broker: ${error}. ${errorMessage(error) ?? ''}`)
      // A former life of this broker is still counted as alive, or the controller is not ready.
      logger.debug('not registered yet', { error })
    } catch (error) {
      if (this.#standing === 'stopped') return
      if (!isNetworkFailure(error)) throw error
      logger.warn('cannot reach a controller to register with', { error })
    }
    await this.#sleep(RETRY_MS)
  }

  async #heartbeat(): Promise<void> {
    const { brokerId, metadataOffset, isReady, heartbeatIntervalMs, logger } = this.#options
    const brokerEpoch = this.#brokerEpoch
    const askedMs = this.#clock.elapsed()
    const offline = this.#offlineDirectories
    // Until our own registration is here, there is nothing to be unfenced for.
    const wantFence = !isReady() || metadataOffset() < brokerEpoch
    let response: BrokerHeartbeatResponse
    try {
      response = await this.#link.send(BrokerHeartbeat, {
        brokerId,
        brokerEpoch,
        currentMetadataOffset: metadataOffset(),
        wantFence,
        wantShutDown: this.#wantsShutDown,
        offlineLogDirs: offline,
      })
    } catch (error) {
      if (this.#isStopped()) return
      if (!isNetworkFailure(error)) throw error
      logger.warn('the controller does not answer heartbeats', { error })
      return this.#sleep(RETRY_MS)
    }
    const error = errorName(response.errorCode)
    if (error === 'STALE_BROKER_EPOCH' || error === 'BROKER_ID_NOT_REGISTERED') {
      logger.warn('the registration is gone: registering again', { brokerEpoch, error })
      this.#isRegistered = false
      if (!this.#wantsShutDown) this.#setStanding('starting')
      return
    }
    if (error !== 'NONE') {
      logger.warn('the controller refused a heartbeat', { error })
      return this.#sleep(RETRY_MS)
    }
    this.#told(offline)
    this.#onAnswer?.()
    if (this.#wantsShutDown) {
      if (response.shouldShutDown) return this.stop()
      return this.#sleep(IMPATIENT_MS)
    }
    this.#answered(askedMs, response)
    this.#setStanding(response.isFenced ? 'fenced' : 'unfenced')
    return this.#sleep(response.isFenced ? IMPATIENT_MS : heartbeatIntervalMs)
  }

  #isAnswered(): boolean {
    const { heartbeatIntervalMs } = this.#options
    return this.#answeredMs !== undefined && this.#clock.elapsed() - this.#answeredMs <= IN_TOUCH_INTERVALS * heartbeatIntervalMs
  }

  /** When a broker is unfenced for the first time, it leads nothing yet. */
  #answered(askedMs: number, { isFenced }: BrokerHeartbeatResponse): void {
    const wasUnfencedBefore = this.#wasUnfenced
    this.#wasUnfenced ||= !isFenced
    if (wasUnfencedBefore && (isFenced || !this.#isAnswered())) this.#backSinceMs = this.#clock.elapsed()
    this.#answeredMs = isFenced ? undefined : askedMs
  }

  /** A heartbeat or a registration that said so was accepted. */
  #told(offline: readonly Uuid[]): void {
    if (offline === this.#offlineDirectories) this.#untoldSinceMs = undefined
  }

  #isStopped(): boolean {
    return this.#standing === 'stopped'
  }

  #sleep(delayMs: number): Promise<void> {
    return this.#isStopped() ? Promise.resolve() : this.#pause.for(delayMs)
  }
}

const FATAL: ReadonlySet<string> = new Set(['INCONSISTENT_CLUSTER_ID', 'INVALID_REGISTRATION', 'UNSUPPORTED_VERSION'])

function featureRange({ name, minVersion, maxVersion }: SupportedFeature): {
  name: string
  minSupportedVersion: number
  maxSupportedVersion: number
} {
  return { name, minSupportedVersion: minVersion, maxSupportedVersion: maxVersion }
}

function isNetworkFailure(error: unknown): boolean {
  return error instanceof Error && error.name === 'NetworkError'
}
