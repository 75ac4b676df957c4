import { AssertionFailed } from '../base/assert.ts'
import type { BufferPool, Loan } from '../base/bufferPool.ts'
import type { Logger } from '../base/logger.ts'
import type { Connection, Env, Timer } from '../env/env.ts'
import { encodeResponse } from '../protocol/header.ts'
import { ApiVersions } from '../protocol/messages/apiVersions.ts'
import { BadFrameSize, FrameReader } from './frameReader.ts'
import { closeConnection, noResponse, type BoundHandler } from './handler.ts'
import { openRequest } from './openRequest.ts'
import type { OverlapBudget } from './overlapBudget.ts'
import type { RequestCounts } from './requestCounts.ts'
import { type CallOrigin, ServedCall } from './servedCall.ts'

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
  /** For clients that do not wait for answers; without it, each request waits for the answer to the one before. */
  readonly overlap?: OverlapBudget
  /** How long a request may take to arrive, counted from its first byte. */
  readonly frameTimeoutMs?: number
  readonly log: Logger
  readonly onClose?: (connection: ServedConnection) => void
  readonly stats?: WireStats
  /** For large requests. */
  readonly memory?: BufferPool
}

/** A whole request, and its memory if that can go back. */
interface Parked {
  readonly frame: Buffer
  readonly memory: Loan | undefined
}

const FRAME_TIMEOUT_MS = 30_000
/** At the beginning of each request. */
const API_KEY_BYTES = 2

let connections = 0

/**
 * Answers the requests of one connection in order: the next one is looked at when the answer to the one before is on its way. Only a request of the
 * same API as the one before may be looked at when that is decided (see `Call.decided`) and waits for nothing but its answer: a producer need not wait
 * for the replicas with every batch. Differs from Kafka, which begins nothing before it has answered. Reading stops as soon as one more request is
 * whole, so that what a client can make us hold is bounded by two of its largest requests and the `overlap`.
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
  #parked: Parked[] = []
  #next = 0
  /** What is under way, in the order of its answers. */
  #calls: ServedCall[] = []
  #overlapBytes = 0
  #isGoingOn = false
  readonly #origin: CallOrigin
  #isPaused = false
  #check: Timer | undefined
  #activeAt: number
  #frameBeganAt: number | undefined

  constructor({ clock }: Pick<Env, 'clock'>, connection: Connection, options: ServeOptions) {
    this.#clock = clock
    this.#connection = connection
    this.#options = options
    this.remote = connection.remote
    this.#reader = new FrameReader(options.maxRequestBytes, options.memory)
    this.#activeAt = clock.elapsed()
    this.#origin = {
      clientHost: connection.remote.host,
      listener: options.listener,
      principal: 'User:ANONYMOUS',
      connectionId: this.id,
      closed: this.#closed.signal,
      goOn: () => this.#goOn(),
    }
    connection.onData(
      chunk => this.#read(chunk),
      () => this.#reader.room,
    )
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
      this.#reader.push(chunk, (frame, memory) => {
        this.#parked.push({ frame, memory })
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
    if (this.#isGoingOn) return
    this.#isGoingOn = true
    try {
      while (this.isOpen && this.#next < this.#parked.length && this.#mayBegin(this.#parked[this.#next]!.frame)) {
        const next = this.#parked[this.#next]!
        this.#next += 1
        if (this.#next === this.#parked.length) {
          this.#parked = []
          this.#next = 0
        }
        this.#begin(next)
      }
    } finally {
      this.#isGoingOn = false
    }
    this.#readOrPause()
  }

  /** Whoever may has its bytes in the budget, too. */
  #mayBegin(frame: Buffer): boolean {
    const { maxPendingResponseBytes, overlap } = this.#options
    if (this.#connection.pendingBytes > maxPendingResponseBytes) return false
    const last = this.#calls.at(-1)
    if (last === undefined) return true
    if (!last.isDecided || overlap === undefined || frame.length < API_KEY_BYTES || frame.readInt16BE(0) !== last.api.key) return false
    return overlap.take(frame.length, this.#calls.length, this.#overlapBytes)
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

  #begin({ frame, memory }: Parked): void {
    const { handlers, listener, stats, overlap } = this.#options
    const overlapBytes = this.#calls.length === 0 ? 0 : frame.length
    if (stats !== undefined) stats.requests += 1
    const opened = openRequest(frame, handlers, listener)
    if (opened.type !== 'request') {
      if (overlapBytes > 0) overlap?.give(overlapBytes)
      if (opened.type === 'refused') this.#refuse(opened.reason)
      else this.#write(encodeResponse(ApiVersions, 0, opened.header.correlationId, opened.answer))
      return
    }
    const { handler, header, body } = opened
    const call = new ServedCall(this.#origin, handler.api, header, { begunAtMs: this.#clock.elapsed(), overlapBytes, memory })
    this.#calls.push(call)
    this.#overlapBytes += overlapBytes
    try {
      const answer = handler.answer(body, call)
      if (isPromise(answer)) this.#answerLater(call, answer)
      else this.#answered(call, answer)
    } catch (problem) {
      this.#failed(call, problem)
    }
  }

  #answerLater(call: ServedCall, answer: PromiseLike<unknown>): void {
    void answer.then(
      value => {
        this.#answered(call, value)
        this.#goOn()
      },
      (problem: unknown) => this.#failed(call, problem),
    )
  }

  /** Sends it, and what was answered behind it, when everything before it is sent. */
  #answered(call: ServedCall, answer: unknown): void {
    const nowMs = this.#clock.elapsed()
    // A long answer, such as a fetch that waits, is no idleness.
    this.#activeAt = nowMs
    this.#options.stats?.byApi?.answered(call.api, nowMs - call.begunAtMs, answer)
    call.answer = answer
    call.isAnswered = true
    for (let first = this.#calls[0]; first?.isAnswered === true; first = this.#calls[0]) {
      this.#calls.shift()
      this.#giveBack(first)
      try {
        this.#send(first)
      } catch (problem) {
        this.#failed(first, problem)
      }
    }
  }

  #giveBack({ overlapBytes }: ServedCall): void {
    if (overlapBytes === 0) return
    this.#overlapBytes -= overlapBytes
    this.#options.overlap?.give(overlapBytes)
  }

  #send({ api, apiVersion, correlationId, answer, sent }: ServedCall): void {
    if (!this.isOpen || answer === noResponse) return
    if (answer === closeConnection) {
      this.#connection.end()
      this.#ended()
      return
    }
    this.#write(encodeResponse(api, apiVersion, correlationId, answer as never), sent)
  }

  #write(chunks: readonly Buffer[], sent?: () => void): void {
    const { stats } = this.#options
    if (stats !== undefined) for (const chunk of chunks) stats.bytesOut += chunk.length
    this.#connection.write(chunks, sent)
  }

  /** A handler broke. No answer fits all APIs, so the client learns by losing the connection. */
  #failed({ api, apiVersion, clientId, begunAtMs, isAnswered }: ServedCall, problem: unknown): void {
    if (problem instanceof AssertionFailed) throw problem
    const { log, listener, stats } = this.#options
    if (!isAnswered) stats?.byApi?.failed(api, this.#clock.elapsed() - begunAtMs)
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
      } else if (this.#calls.length === 0 && now - this.#activeAt >= idleTimeoutMs) this.close()
      else this.#watch()
    })
  }

  #ended(): void {
    if (!this.isOpen) return
    this.#closed.abort()
    this.#check?.cancel()
    this.#parked = []
    this.#next = 0
    for (const call of this.#calls.splice(0)) this.#giveBack(call)
    this.#options.onClose?.(this)
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
