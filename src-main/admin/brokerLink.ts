import { type Address, type Clock, type Connection, type Network, NetworkError, type Timer } from '../env/env.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../protocol/schema.ts'
import { KafkaConnection } from '../wire/client.ts'
import { KafkaError } from './kafkaError.ts'
import { sleep } from './waiting.ts'

/** What is asked may depend on the version in which it will be asked. */
export type Ask<A extends AnyApi> = (version: number) => RequestInput<A>

export interface AskOptions {
  /** For the answer, once connected. */
  readonly timeoutMs?: number
  /** Speak no newer version than this one. */
  readonly maxVersion?: number
}

/** A broker that is frozen accepts connections and says nothing: these few seconds are what it can cost. */
export const CONNECT_TIMEOUT_MS = 2_000
export const REQUEST_TIMEOUT_MS = 4_000
const IDLE_MS = 60_000

/** A larger answer is not one that we asked for: fetches are limited far below. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024
/** Whoever sends without waiting for answers waits for the network, or the memory would. */
const MAX_PENDING_BYTES = 1024 * 1024
const PENDING_LOOK_MS = 2

/**
 * One connection to one broker of any cluster, in versions that both sides speak: made when it is needed, made anew when it was lost, closed when
 * nobody used it for a while. The broker answers in order, so that whoever polls needs a link of its own. What failed is never sent again.
 */
export class BrokerLink {
  readonly to: Address
  readonly #env: { readonly clock: Clock; readonly network: Network }
  readonly #clientId: string
  #connection: KafkaConnection | undefined
  #connecting: Promise<KafkaConnection> | undefined
  /** Connected, while the broker has not said yet what it speaks. */
  #negotiating: Connection | undefined
  readonly #closed = Promise.withResolvers<never>()
  #isClosed = false
  #open = 0
  #idle: Timer | undefined
  #failedAt: number | undefined

  constructor(env: { readonly clock: Clock; readonly network: Network }, to: Address, { clientId }: { readonly clientId: string }) {
    this.#env = env
    this.to = to
    this.#clientId = clientId
    this.#closed.promise.catch(() => undefined) // of interest only to those who wait for a connection
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen === true
  }

  /** When it last failed to answer, in `elapsed` time; undefined when it answered since, or never was asked. */
  get failedAt(): number | undefined {
    return this.#failedAt
  }

  /** Whether the broker speaks any version of an API that we do. */
  async offers(api: AnyApi): Promise<boolean> {
    return (await this.#connected()).versionOf(api) !== undefined
  }

  /** Rejects with `NetworkError`, or with `KafkaError` UNSUPPORTED_VERSION when the broker speaks no version that we do. */
  async send<A extends AnyApi>(
    api: A,
    ask: Ask<A>,
    { timeoutMs = REQUEST_TIMEOUT_MS, maxVersion }: AskOptions = {},
  ): Promise<ResponseOf<A>> {
    this.#open += 1
    this.#idle?.cancel()
    try {
      const connection = await this.#connected()
      const offered = connection.versionOf(api)
      if (offered === undefined) {
        throw new KafkaError('UNSUPPORTED_VERSION', `${this.#name} speaks no version of ${api.name} that Trilog does`)
      }
      const version = Math.min(offered, maxVersion ?? offered)
      const answer = await connection.send(api, ask(version), { version, timeoutMs })
      this.#failedAt = undefined
      return answer
    } catch (problem) {
      if (problem instanceof NetworkError) this.#failedAt = this.#env.clock.elapsed()
      throw problem
    } finally {
      this.#open -= 1
      if (this.#open === 0 && this.isConnected) this.#idle = this.#env.clock.after(IDLE_MS, () => this.#connection?.close())
    }
  }

  /** Sends what has no answer: a Produce with acks=0. Resolves once the network has taken most of what was sent. */
  async tell<A extends AnyApi>(api: A, ask: Ask<A>): Promise<void> {
    this.#open += 1
    this.#idle?.cancel()
    try {
      const connection = await this.#connected()
      const version = connection.versionOf(api)
      if (version === undefined)
        throw new KafkaError('UNSUPPORTED_VERSION', `${this.#name} speaks no version of ${api.name} that Trilog does`)
      connection.sendOnly(api, ask(version), { version })
      while (connection.isOpen && connection.pendingBytes > MAX_PENDING_BYTES) await sleep(this.#env.clock, PENDING_LOOK_MS)
    } finally {
      this.#open -= 1
      if (this.#open === 0 && this.isConnected) this.#idle = this.#env.clock.after(IDLE_MS, () => this.#connection?.close())
    }
  }

  /** What was not answered yet fails, and so does all that is sent from now on. */
  close(): void {
    this.#isClosed = true
    this.#idle?.cancel()
    this.#closed.reject(this.#whyClosed())
    this.#negotiating?.destroy()
    this.#connection?.close()
  }

  get #name(): string {
    return `${this.to.host}:${this.to.port}`
  }

  async #connected(): Promise<KafkaConnection> {
    if (this.isConnected) return this.#connection!
    return Promise.race([(this.#connecting ??= this.#connect()), this.#closed.promise])
  }

  async #connect(): Promise<KafkaConnection> {
    const { network } = this.#env
    try {
      if (this.#isClosed) throw this.#whyClosed()
      this.#negotiating = await network.connect(this.to, { timeoutMs: CONNECT_TIMEOUT_MS })
      if (this.#isClosed) this.#negotiating.destroy()
      this.#connection = await KafkaConnection.over(this.#env, this.#negotiating, {
        clientId: this.#clientId,
        requestTimeoutMs: CONNECT_TIMEOUT_MS,
        maxResponseBytes: MAX_RESPONSE_BYTES,
        negotiate: true,
      })
      return this.#connection
    } finally {
      this.#negotiating = undefined
      this.#connecting = undefined
    }
  }

  #whyClosed(): NetworkError {
    return new NetworkError('ECONNABORTED', `the link to ${this.#name} is closed`)
  }
}
