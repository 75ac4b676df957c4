import type { Logger } from '../base/logger.ts'
import { type Address, type Clock, type Env, NetworkError } from '../env/env.ts'
import { errorCode } from '../protocol/errors.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../protocol/schema.ts'
import { PeerLink } from '../wire/peerLink.ts'
import { Sleep } from './sleep.ts'

/** Where the active controller is, as far as this process knows: the leader of its quorum. */
export interface ControllerWhereabouts {
  /** Its CONTROLLER endpoint; undefined while there is none. */
  address(): Address | undefined
  onChange(listen: () => void): void
}

export interface ControllerLinkOptions {
  readonly clientId: string
  readonly whereabouts: ControllerWhereabouts
  /** For requests that name no time of their own. */
  readonly requestTimeoutMs: number
  readonly logger: Logger
}

const FIRST_BACKOFF_MS = 10
const LAST_BACKOFF_MS = 200

/**
 * One connection to the active controller, wherever it is at the moment. Tries again when the connection breaks or the other side is no longer the
 * controller, until the time is over: requests must bear being carried out twice. Answers come in the order of the requests, so that what must
 * not wait behind others has a link of its own.
 */
export class ControllerLink {
  readonly #env: Pick<Env, 'clock' | 'network'>
  readonly #clock: Clock
  readonly #options: ControllerLinkOptions
  readonly #pause: Sleep
  #link: PeerLink | undefined
  /** Counts the controllers that there have been. */
  #moves = 0
  #isClosed = false

  constructor(env: Pick<Env, 'clock' | 'network'>, options: ControllerLinkOptions) {
    this.#env = env
    this.#clock = env.clock
    this.#options = options
    this.#pause = new Sleep(env.clock)
    options.whereabouts.onChange(() => this.#moved())
  }

  /** Throws `NetworkError` when there was no answer from a controller in time. */
  async send<A extends AnyApi>(api: A, request: RequestInput<A>, options: { readonly timeoutMs?: number } = {}): Promise<ResponseOf<A>> {
    const { requestTimeoutMs, logger } = this.#options
    const deadlineMs = this.#clock.elapsed() + (options.timeoutMs ?? requestTimeoutMs)
    let problem: unknown = 'no controller is known'
    let moves = this.#moves
    for (let tries = 0; ; tries++) {
      const leftMs = deadlineMs - this.#clock.elapsed()
      if (this.#isClosed) throw new NetworkError('ECONNABORTED', 'the link to the controller is closed')
      if (leftMs <= 0) throw new NetworkError('ETIMEDOUT', `the controller did not answer ${api.name} in time`, problem)
      const link = this.#currentLink()
      if (link !== undefined) {
        try {
          const response = await link.send(api, request, { timeoutMs: leftMs })
          if (!isFromNoController(response)) return response
          problem = 'it is not the controller'
        } catch (error) {
          if (!(error instanceof NetworkError)) throw error
          problem = error
        }
        logger.debug(`trying ${api.name} again`, { problem })
      }
      // A controller that is new may be ready in a moment, however long the one before kept us waiting.
      if (moves !== this.#moves) tries = 0
      moves = this.#moves
      await this.#pause.for(Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(tries, 8), leftMs))
    }
  }

  close(): void {
    this.#isClosed = true
    this.#link?.close()
    this.#pause.wake()
  }

  #currentLink(): PeerLink | undefined {
    const address = this.#options.whereabouts.address()
    if (address === undefined) return undefined
    if (this.#link?.to.host === address.host && this.#link.to.port === address.port) return this.#link
    this.#link?.close()
    this.#link = new PeerLink(this.#env, address, { clientId: this.#options.clientId })
    return this.#link
  }

  /**
   * What is under way to the former controller fails, and goes to the new one. That may have the same address: of a process that was started again, the
   * connections that its machine took with it say nothing to anybody.
   */
  #moved(): void {
    if (this.#isClosed) return
    this.#moves++
    if (this.#options.whereabouts.address() !== undefined) {
      this.#link?.close()
      this.#link = undefined
    }
    this.#pause.wake()
  }
}

const NOT_CONTROLLER = errorCode('NOT_CONTROLLER')

/** APIs differ in where their errors stand, but a broker that is not the controller says so everywhere. */
function isFromNoController(response: unknown): boolean {
  if (typeof response !== 'object' || response === null) return false
  for (const [name, value] of Object.entries(response)) {
    if (name === 'errorCode' && value === NOT_CONTROLLER) return true
    if (Array.isArray(value) && isFromNoController(value[0])) return true
  }
  return false
}
