import type { BufferPool, Loan } from '../base/bufferPool.ts'
import type { Address, Connection, Env, Timer } from '../env/env.ts'
import { NetworkError } from '../env/env.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import { correlationIdOf, decodeResponse, encodeRequest } from '../protocol/header.ts'
import { ApiVersions, type ApiVersionsResponse } from '../protocol/messages/apiVersions.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../protocol/schema.ts'
import { BadFrameSize, FrameReader } from './frameReader.ts'

export interface KafkaConnectionOptions {
  readonly clientId: string
  readonly requestTimeoutMs: number
  /** Whether to ask the broker what it speaks. Without, every request goes out in our newest version: between brokers of one cluster. */
  readonly negotiate: boolean
  /** A larger answer closes the connection. */
  readonly maxResponseBytes?: number
  /** For large answers. */
  readonly memory?: BufferPool | undefined
  /** What a broker's operator sees of us (KIP-511). */
  readonly software?: { readonly name: string; readonly version: string }
}

export interface SendOptions {
  readonly version?: number
  readonly timeoutMs?: number
  /** Told before the answer of memory that the answer's bytes lie in, if that can go back once nobody looks at them any more. */
  readonly lent?: (memory: Loan) => void
}

interface Waiting {
  readonly api: AnyApi
  readonly version: number
  readonly timer: Timer
  readonly lent: SendOptions['lent']
  readonly resolve: (body: never) => void
  readonly reject: (why: Error) => void
}

const MAX_RESPONSE_BYTES = 1024 * 1024 * 1024
const UNSUPPORTED_VERSION = 35
const NONE = 0

/**
 * The client's end of a connection. Requests are pipelined; answers find their request by correlation id. Every failure, a request that is not
 * answered in time included, closes the connection and fails all that was sent on it: whether those were carried out is not known.
 */
export class KafkaConnection {
  readonly remote: Address
  readonly #clock: Env['clock']
  readonly #connection: Connection
  readonly #options: KafkaConnectionOptions
  readonly #reader: FrameReader
  readonly #waiting = new Map<number, Waiting>()
  readonly #closeListeners: ((why: Error | undefined) => void)[] = []
  #versions: ReadonlyMap<number, readonly [first: number, last: number]> | undefined
  #correlationId = 0
  #closedBecause: NetworkError | undefined
  #supported: ApiVersionsResponse | undefined

  static async open(
    env: Pick<Env, 'clock' | 'network'>,
    to: Address,
    options: KafkaConnectionOptions & { readonly connectTimeoutMs: number },
  ): Promise<KafkaConnection> {
    return KafkaConnection.over(env, await env.network.connect(to, { timeoutMs: options.connectTimeoutMs }), options)
  }

  /** Speaks over a connection that somebody else made: through TLS, through a tunnel. Must be called in the turn in which it was handed over. */
  static async over(env: Pick<Env, 'clock'>, connection: Connection, options: KafkaConnectionOptions): Promise<KafkaConnection> {
    const opened = new KafkaConnection(env, connection, options)
    if (options.negotiate) await opened.#negotiate()
    return opened
  }

  private constructor({ clock }: Pick<Env, 'clock'>, connection: Connection, options: KafkaConnectionOptions) {
    this.remote = connection.remote
    this.#clock = clock
    this.#connection = connection
    this.#options = options
    this.#reader = new FrameReader(options.maxResponseBytes ?? MAX_RESPONSE_BYTES, options.memory)
    connection.onData(
      chunk => this.#read(chunk),
      () => this.#reader.room,
    )
    connection.onClose(why => this.#closed(new NetworkError('ECONNRESET', `${this.#name} closed the connection`, why), why))
  }

  get isOpen(): boolean {
    return this.#closedBecause === undefined
  }

  /** What the broker said it speaks; undefined without negotiation. */
  get supported(): ApiVersionsResponse | undefined {
    return this.#supported
  }

  /** The newest version that both sides speak; undefined when there is none. */
  versionOf(api: AnyApi): number | undefined {
    const [first, last] = api.versions
    if (this.#versions === undefined) return last
    const offered = this.#versions.get(api.key)
    if (offered === undefined) return undefined
    const version = Math.min(last, offered[1])
    return version >= Math.max(first, offered[0]) ? version : undefined
  }

  send<A extends AnyApi>(api: A, request: RequestInput<A>, options: SendOptions = {}): Promise<ResponseOf<A>> {
    return new Promise((resolve, reject) => {
      const version = this.#writable(api, options.version)
      const timeoutMs = options.timeoutMs ?? this.#options.requestTimeoutMs
      const correlationId = this.#write(api, version, request)
      const timer = this.#clock.after(timeoutMs, () => {
        this.#fail(new NetworkError('ETIMEDOUT', `${this.#name} did not answer ${api.name} within ${timeoutMs} ms`))
      })
      this.#waiting.set(correlationId, { api, version, timer, lent: options.lent, resolve, reject })
    })
  }

  /** For requests that have no answer: Produce with acks=0. Throws when the connection is closed. */
  sendOnly<A extends AnyApi>(api: A, request: RequestInput<A>, options: Pick<SendOptions, 'version'> = {}): void {
    this.#write(api, this.#writable(api, options.version), request)
  }

  /** Bytes that wait for the broker to take them. */
  get pendingBytes(): number {
    return this.#connection.pendingBytes
  }

  /** Called once, whoever closed it; with the reason when it was not `close`. Called at once when it is closed already. */
  onClose(listen: (why: Error | undefined) => void): void {
    if (this.#closedBecause === undefined) this.#closeListeners.push(listen)
    else listen(this.#closedBecause)
  }

  /** What was not answered yet fails. */
  close(): void {
    this.#closed(new NetworkError('ECONNABORTED', `the connection to ${this.#name} was closed`), undefined)
    this.#connection.destroy()
  }

  get #name(): string {
    return `${this.remote.host}:${this.remote.port}`
  }

  #writable(api: AnyApi, wanted: number | undefined): number {
    if (this.#closedBecause !== undefined) throw this.#closedBecause
    const version = wanted ?? this.versionOf(api)
    if (version === undefined) throw new NetworkError('UNSUPPORTED_VERSION', `${this.#name} speaks no version of ${api.name} that we do`)
    return version
  }

  #write<A extends AnyApi>(api: A, version: number, request: RequestInput<A>): number {
    const correlationId = this.#correlationId
    const chunks = encodeRequest(api, version, correlationId, this.#options.clientId, request)
    this.#correlationId = (correlationId + 1) & 0x7fff_ffff
    this.#connection.write(chunks)
    return correlationId
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader.push(chunk, (frame, memory) => this.#answered(frame, memory))
    } catch (problem) {
      if (!(problem instanceof BadFrameSize) && !(problem instanceof MalformedMessage)) throw problem
      this.#fail(new NetworkError('EPROTO', `${this.#name} sent what is no answer: ${problem.message}`, problem))
    }
  }

  #answered(frame: Buffer, memory: Loan | undefined): void {
    if (!this.isOpen) return
    const correlationId = correlationIdOf(frame)
    const waiting = this.#waiting.get(correlationId)
    if (waiting === undefined) {
      this.#fail(new NetworkError('EPROTO', `${this.#name} answered a request that was not sent (${correlationId})`))
      return
    }
    const { api, version, lent } = waiting
    const { body } = decodeResponse(api, isRefusedNegotiation(api, frame) ? 0 : version, frame)
    this.#waiting.delete(correlationId)
    waiting.timer.cancel()
    if (memory !== undefined) lent?.(memory)
    waiting.resolve(body as never)
  }

  async #negotiate(): Promise<void> {
    const { name, version: softwareVersion } = this.#options.software ?? { name: 'trilog', version: 'unknown' }
    const ask = (version: number) =>
      this.send(ApiVersions, { clientSoftwareName: name, clientSoftwareVersion: softwareVersion }, { version })
    try {
      let version = ApiVersions.versions[1]
      let answer = await ask(version)
      if (answer.errorCode === UNSUPPORTED_VERSION) {
        const offered = answer.apiKeys.find(each => each.apiKey === ApiVersions.key)
        version = Math.min(version, offered?.maxVersion ?? 0)
        answer = await ask(version)
      }
      if (answer.errorCode !== NONE) throw new NetworkError('EPROTO', `${this.#name} refused ApiVersions with error ${answer.errorCode}`)
      this.#supported = answer
      this.#versions = new Map(answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion]]))
    } catch (problem) {
      this.close()
      throw problem
    }
  }

  #fail(why: NetworkError): void {
    this.#closed(why, why)
    this.#connection.destroy()
  }

  #closed(failure: NetworkError, why: Error | undefined): void {
    if (this.#closedBecause !== undefined) return
    this.#closedBecause = failure
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const each of waiting) {
      each.timer.cancel()
      each.reject(failure)
    }
    for (const listen of this.#closeListeners.splice(0)) listen(why)
  }
}

/** KIP-511: a broker that does not speak the version in which it was asked answers in version 0's layout. */
function isRefusedNegotiation(api: AnyApi, frame: Buffer): boolean {
  return api.key === ApiVersions.key && frame.length >= 6 && frame.readInt16BE(4) === UNSUPPORTED_VERSION
}
