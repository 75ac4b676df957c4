import type { Loan } from '../base/bufferPool.ts'
import type { RequestHeader } from '../protocol/header.ts'
import type { AnyApi } from '../protocol/schema.ts'
import type { Call } from './handler.ts'

/** What all calls of one connection have in common. */
export interface CallOrigin extends Pick<Call, 'clientHost' | 'listener' | 'principal' | 'connectionId' | 'closed'> {
  /** One of them needs no more than its answer. */
  goOn(): void
}

/** One request from its turn to its answer. */
export class ServedCall implements Call {
  readonly api: AnyApi
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string
  /** When it had its turn. */
  readonly begunAtMs: number
  /** Of the request, when it was begun beside others; 0 when it was alone. */
  readonly overlapBytes: number
  readonly #memory: Loan | undefined
  isDecided = false
  isAnswered = false
  answer: unknown
  /** What was asked for with `whenSent`. */
  sent: (() => void) | undefined
  readonly #origin: CallOrigin

  constructor(
    origin: CallOrigin,
    api: AnyApi,
    header: RequestHeader,
    at: { readonly begunAtMs: number; readonly overlapBytes: number; readonly memory: Loan | undefined },
  ) {
    this.#origin = origin
    this.api = api
    this.apiVersion = header.apiVersion
    this.correlationId = header.correlationId
    this.clientId = header.clientId
    this.begunAtMs = at.begunAtMs
    this.overlapBytes = at.overlapBytes
    this.#memory = at.memory
  }

  get clientHost(): string {
    return this.#origin.clientHost
  }

  get listener(): string {
    return this.#origin.listener
  }

  get principal(): string {
    return this.#origin.principal
  }

  get connectionId(): number {
    return this.#origin.connectionId
  }

  get closed(): AbortSignal {
    return this.#origin.closed
  }

  decided(): void {
    this.isDecided = true
    this.#origin.goOn()
  }

  spent(): void {
    this.#memory?.giveBack()
  }

  whenSent(run: () => void): void {
    this.sent = run
  }
}
