import type { BufferPool } from '../base/bufferPool.ts'
import { type Address, type Env, NetworkError } from '../env/env.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../protocol/schema.ts'
import { KafkaConnection, type SendOptions } from './client.ts'

export interface PeerLinkOptions {
  readonly clientId: string
  readonly connectTimeoutMs?: number
  /** Before the second try to connect; doubles with each one that fails. */
  readonly backoffMs?: number
  readonly maxBackoffMs?: number
  /** For large answers. */
  readonly memory?: BufferPool
}

export interface PeerSendOptions extends Pick<SendOptions, 'lent'> {
  readonly timeoutMs: number
}

const CONNECT_TIMEOUT_MS = 1_000
const BACKOFF_MS = 10
const MAX_BACKOFF_MS = 200

/**
 * One connection to one broker of our own cluster, made when it is needed and made anew when it was lost. The peer answers a connection's
 * requests in order, so that what must not wait behind a long poll needs a link of its own. A request that failed is never sent again.
 */
export class PeerLink {
  readonly to: Address
  readonly #env: Pick<Env, 'clock' | 'network'>
  readonly #options: PeerLinkOptions
  readonly #disconnectListeners: ((why: Error | undefined) => void)[] = []
  #connection: KafkaConnection | undefined
  #connecting: Promise<KafkaConnection> | undefined
  #failures = 0
  #notBefore = 0
  #isClosed = false

  constructor(env: Pick<Env, 'clock' | 'network'>, to: Address, options: PeerLinkOptions) {
    this.#env = env
    this.to = to
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen === true
  }

  /** Rejects with `NetworkError`. `timeoutMs` covers connecting, and waiting until it is time to try again after failures. */
  async send<A extends AnyApi>(api: A, request: RequestInput<A>, options: PeerSendOptions): Promise<ResponseOf<A>> {
    const { clock } = this.#env
    const { timeoutMs } = options
    if (this.#connection?.isOpen === true) return this.#connection.send(api, request, options)
    const deadline = clock.elapsed() + timeoutMs
    const connection = await this.#within(timeoutMs, (this.#connecting ??= this.#connect()))
    return connection.send(api, request, { ...options, timeoutMs: Math.max(1, deadline - clock.elapsed()) })
  }

  /** Called each time a connection that stood was lost, whoever ended it; not after `close`. */
  onDisconnect(listen: (why: Error | undefined) => void): void {
    this.#disconnectListeners.push(listen)
  }

  /** What was not answered yet fails, and so does all that is sent from now on. */
  close(): void {
    this.#isClosed = true
    this.#connection?.close()
  }

  async #connect(): Promise<KafkaConnection> {
    const { clientId, connectTimeoutMs = CONNECT_TIMEOUT_MS, backoffMs = BACKOFF_MS, maxBackoffMs = MAX_BACKOFF_MS } = this.#options
    const { clock } = this.#env
    try {
      await this.#until(this.#notBefore)
      this.#refuseWhenClosed()
      const connection = await KafkaConnection.open(this.#env, this.to, {
        clientId,
        connectTimeoutMs,
        requestTimeoutMs: connectTimeoutMs,
        negotiate: false,
        memory: this.#options.memory,
      })
      if (this.#isClosed) connection.close()
      this.#refuseWhenClosed()
      this.#failures = 0
      this.#connection = connection
      connection.onClose(why => {
        if (this.#connection === connection) this.#connection = undefined
        // A peer that accepts and hangs up at once must not be asked in a tight loop either.
        this.#notBefore = clock.elapsed() + backoffMs
        if (!this.#isClosed) for (const listen of this.#disconnectListeners) listen(why)
      })
      return connection
    } catch (problem) {
      this.#notBefore = clock.elapsed() + Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(this.#failures, 16))
      this.#failures += 1
      throw problem
    } finally {
      this.#connecting = undefined
    }
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new NetworkError('ECONNABORTED', `the link to ${this.to.host}:${this.to.port} is closed`)
  }

  #until(time: number): Promise<void> | undefined {
    const waitMs = time - this.#env.clock.elapsed()
    if (waitMs <= 0) return undefined
    return new Promise(resolve => {
      this.#env.clock.after(waitMs, resolve)
    })
  }

  #within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#env.clock.after(timeoutMs, () => {
        reject(new NetworkError('ETIMEDOUT', `no connection to ${this.to.host}:${this.to.port} within ${timeoutMs} ms`))
      })
      promise.finally(() => timer.cancel()).then(resolve, reject)
    })
  }
}
