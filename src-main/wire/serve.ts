import { AssertionFailed } from '../base/assert.ts'
import type { Logger } from '../base/logger.ts'
import type { Connection, Env, Timer } from '../env/env.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import { decodeRequestBody, decodeRequestHeader, encodeResponse, type OpenedRequest } from '../protocol/header.ts'
import { ApiVersions } from '../protocol/messages/apiVersions.ts'
import { speaks, type AnyApi } from '../protocol/schema.ts'
import { BadFrameSize, FrameReader } from './frameReader.ts'
import { closeConnection, noResponse, type BoundHandler, type Call } from './handler.ts'
import type { RequestCounts } from './requestCounts.ts'

/** Counts of a listener or of a whole broker; connections add to them. */
export interface WireStats {
  requests: number
  /** Connections closed because of what they sent. */
  refused: number
  bytesIn: number
  bytesOut: number
  /** By API, where somebody wants to know. */
  readonly byApi?: RequestCounts
}

export interface ServeOptions {
  readonly listener: string
  readonly handlers: ReadonlyMap<number, BoundHandler>
  /** Kafka's `socket.request.max.bytes`. */
  readonly maxRequestBytes: number
  /** With more than this waiting for a slow reader, its next request waits too. */
  readonly maxPendingResponseBytes: number
  /** Kafka's `connections.max.idle.ms`. */
  readonly idleTimeoutMs: number
  /** How long a request may take to arrive, counted from its first byte. */
  readonly frameTimeoutMs?: number
  readonly log: Logger
  readonly onClose?: (connection: ServedConnection) => void
  readonly stats?: WireStats
}

const FRAME_TIMEOUT_MS = 30_000
const UNSUPPORTED_VERSION = 35

let connections = 0

/**
 * Answers the requests of one connection, strictly in order: the next one is looked at when the answer to the one before is on its way. Reading
 * stops as soon as one more request is whole, so that what a client can make us hold is bounded by two of its largest requests.
 */
export function serve(env: Pick<Env, 'clock'>, connection: Connection, options: ServeOptions): ServedConnection {
  return new ServedConnection(env, connection, options)
}

export class ServedConnection {
  /** Unique within the process. */
  readonly id = ++connections
  readonly remote: Connection['remote']
  readonly #clock: Env['clock']
  readonly #connection: Connection
  readonly #options: ServeOptions
  readonly #reader: FrameReader
  readonly #closed = new AbortController()

  /** Whole requests that wait for their turn, from `#next` on. */
  #parked: Buffer[] = []
  #next = 0
  #answering = false
  /** When what is answered now had its turn. */
  #begunAt = 0
  #isPaused = false
  #check: Timer | undefined
  #activeAt: number
  #frameBeganAt: number | undefined

  constructor({ clock }: Pick<Env, 'clock'>, connection: Connection, options: ServeOptions) {
    this.#clock = clock
    this.#connection = connection
    this.#options = options
    this.remote = connection.remote
    this.#reader = new FrameReader(options.maxRequestBytes)
    this.#activeAt = clock.elapsed()
    connection.onData(chunk => this.#read(chunk))
    connection.onClose(() => this.#ended())
    connection.onDrain(() => this.#goOn())
    this.#watch()
  }

  get isOpen(): boolean {
    return !this.#closed.signal.aborted
  }

  /** Sends what was answered, then ends. */
  end(): void {
    this.#connection.end()
  }

  /** At once. */
  close(): void {
    this.#connection.destroy()
    this.#ended()
  }

  #read(chunk: Buffer): void {
    if (!this.isOpen) return
    const { stats } = this.#options
    if (stats !== undefined) stats.bytesIn += chunk.length
    this.#activeAt = this.#clock.elapsed()
    try {
      this.#reader.push(chunk, frame => {
        this.#parked.push(frame)
        this.#frameBeganAt = undefined
      })
    } catch (problem) {
      if (!(problem instanceof BadFrameSize)) throw problem
      this.#refuse(problem.message)
      return
    }
    if (!this.#reader.isWithinFrame) this.#frameBeganAt = undefined
    else this.#frameBeganAt ??= this.#activeAt
    this.#goOn()
  }

  #goOn(): void {
    const { maxPendingResponseBytes } = this.#options
    while (
      this.isOpen &&
      !this.#answering &&
      this.#next < this.#parked.length &&
      this.#connection.pendingBytes <= maxPendingResponseBytes
    ) {
      const frame = this.#parked[this.#next]!
      this.#next += 1
      if (this.#next === this.#parked.length) {
        this.#parked = []
        this.#next = 0
      }
      this.#answer(frame)
    }
    this.#readOrPause()
  }

  /** Reading goes on during an answer, until the next request is whole: a large one arrives while the one before is written to disk. */
  #readOrPause(): void {
    if (!this.isOpen) return
    const enough = this.#next < this.#parked.length || this.#connection.pendingBytes > this.#options.maxPendingResponseBytes
    if (enough === this.#isPaused) return
    this.#isPaused = enough
    if (enough) this.#connection.pause()
    else {
      // What waited for us was not late by its sender's fault.
      this.#activeAt = this.#clock.elapsed()
      if (this.#frameBeganAt !== undefined) this.#frameBeganAt = this.#activeAt
      this.#connection.resume()
    }
  }

  #answer(frame: Buffer): void {
    const { handlers, listener, stats } = this.#options
    if (stats !== undefined) stats.requests += 1
    let request: OpenedRequest
    let body: unknown
    let handler: BoundHandler | undefined
    try {
      request = decodeRequestHeader(frame)
      const { apiKey, apiVersion } = request.header
      handler = handlers.get(apiKey)
      if (handler === undefined) {
        this.#refuse(`API ${apiKey} is not served on ${listener}`)
        return
      }
      if (!speaks(handler.api, apiVersion)) {
        if (apiKey === ApiVersions.key) this.#offerVersions(handler.api, request)
        else this.#refuse(`${handler.api.name} version ${apiVersion} is not served`)
        return
      }
      body = decodeRequestBody(handler.api, request)
    } catch (problem) {
      if (!(problem instanceof MalformedMessage)) throw problem
      this.#refuse(`malformed ${handler?.api.name ?? 'request header'}: ${problem.message}`)
      return
    }
    const { header } = request
    const call: Call = {
      apiVersion: header.apiVersion,
      correlationId: header.correlationId,
      clientId: header.clientId,
      clientHost: this.remote.host,
      listener,
      principal: 'User:ANONYMOUS',
      connectionId: this.id,
      closed: this.#closed.signal,
    }
    this.#answering = true
    this.#begunAt = this.#clock.elapsed()
    try {
      const answer = handler.answer(body, call)
      if (isPromise(answer)) this.#answerLater(handler.api, call, answer)
      else this.#send(handler.api, call, answer)
    } catch (problem) {
      this.#failed(handler.api, call, problem)
    }
  }

  #answerLater(api: AnyApi, call: Call, answer: PromiseLike<unknown>): void {
    void answer.then(
      value => {
        try {
          this.#send(api, call, value)
        } catch (problem) {
          this.#failed(api, call, problem)
        }
        this.#goOn()
      },
      (problem: unknown) => this.#failed(api, call, problem),
    )
  }

  #send(api: AnyApi, { apiVersion, correlationId }: Call, answer: unknown): void {
    this.#answering = false
    // A long answer, such as a fetch that waits, is no idleness.
    this.#activeAt = this.#clock.elapsed()
    this.#options.stats?.byApi?.answered(api, this.#activeAt - this.#begunAt, answer)
    if (!this.isOpen || answer === noResponse) return
    if (answer === closeConnection) {
      this.#connection.end()
      this.#ended()
      return
    }
    this.#write(encodeResponse(api, apiVersion, correlationId, answer as never))
  }

  #write(chunks: readonly Buffer[]): void {
    const { stats } = this.#options
    if (stats !== undefined) for (const chunk of chunks) stats.bytesOut += chunk.length
    this.#connection.write(chunks)
  }

  /** KIP-511: who asks in a version we do not speak gets version 0's layout, with the range in which to ask again. */
  #offerVersions(api: AnyApi, { header }: OpenedRequest): void {
    const [minVersion, maxVersion] = api.advertised
    const answer = { errorCode: UNSUPPORTED_VERSION, apiKeys: [{ apiKey: ApiVersions.key, minVersion, maxVersion }] }
    this.#write(encodeResponse(ApiVersions, 0, header.correlationId, answer))
  }

  /** A handler broke. No answer fits all APIs, so the client learns by losing the connection. */
  #failed(api: AnyApi, { apiVersion, clientId }: Call, problem: unknown): void {
    if (problem instanceof AssertionFailed) throw problem
    const { log, listener, stats } = this.#options
    if (this.#answering) stats?.byApi?.failed(api, this.#clock.elapsed() - this.#begunAt)
    log.error(`${api.name} failed, the connection is closed`, { listener, apiVersion, clientId, error: problem })
    this.close()
  }

  #refuse(reason: string): void {
    const { log, listener, stats } = this.#options
    if (stats !== undefined) stats.refused += 1
    log.warn('a client is disconnected for what it sent', { listener, reason, remote: `${this.remote.host}:${this.remote.port}` })
    this.close()
  }

  /** One timer per connection looks now and then, rather than one per request. */
  #watch(): void {
    const { idleTimeoutMs, frameTimeoutMs = FRAME_TIMEOUT_MS } = this.#options
    this.#check = this.#clock.after(Math.min(idleTimeoutMs, frameTimeoutMs) / 2, () => {
      const now = this.#clock.elapsed()
      if (!this.#isPaused && this.#frameBeganAt !== undefined && now - this.#frameBeganAt >= frameTimeoutMs) {
        this.#refuse(`a request was not complete after ${frameTimeoutMs} ms`)
      } else if (!this.#answering && now - this.#activeAt >= idleTimeoutMs) this.close()
      else this.#watch()
    })
  }

  #ended(): void {
    if (!this.isOpen) return
    this.#closed.abort()
    this.#check?.cancel()
    this.#parked = []
    this.#next = 0
    this.#options.onClose?.(this)
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
