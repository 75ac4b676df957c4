import type { AnyApi, RequestOf, ResponseInput } from '../protocol/schema.ts'

/** What a handler may know of who asks, beside the request itself. */
export interface Call {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string
  /** The client's address, as it goes into group members and log lines. */
  readonly clientHost: string
  readonly listener: string
  /** Kafka's text form: `User:ANONYMOUS` until somebody authenticates. */
  readonly principal: string
  /** Unique within the process. */
  readonly connectionId: number
  /** Aborted once nobody waits for the answer any more. */
  readonly closed: AbortSignal
  /**
   * Everything that the request changes is decided, and only its answer waits. The next request of this API on the connection may begin; answers are
   * sent in the order of the requests all the same.
   */
  decided(): void
  /** Nothing looks at the bytes of the request any more: their memory may go round. */
  spent(): void
  /** Runs once nothing of the answer is needed any more: for memory that goes round. Never when the connection is lost before. */
  whenSent(run: () => void): void
}

/** The answer to a request that wants none: Produce with acks=0. */
export const noResponse: unique symbol = Symbol('noResponse')

/** Instead of an answer: what was asked leaves nothing to say to this client. */
export const closeConnection: unique symbol = Symbol('closeConnection')

export type Answer<A extends AnyApi> = ResponseInput<A> | typeof noResponse | typeof closeConnection

/** One API and how it is answered. Made with `handlerFor`, which checks that the two fit. */
export interface Handler<Parts> {
  readonly api: AnyApi
  readonly answer: (request: never, parts: Parts, call: Call) => unknown
}

/** A handler with its parts filled in, which is all that a connection has to know. */
export interface BoundHandler {
  readonly api: AnyApi
  readonly answer: (request: unknown, call: Call) => unknown
}

/** Declares handlers that are given `Parts`: the types of request and answer follow from the API. */
export function handlerFor<Parts>() {
  return <A extends AnyApi>(
    api: A,
    answer: (request: RequestOf<A>, parts: Parts, call: Call) => Answer<A> | Promise<Answer<A>>,
  ): Handler<Parts> => ({ api, answer: answer })
}

/** Gives handlers their parts. */
export function bind<Parts>(handlers: readonly Handler<Parts>[], parts: Parts): BoundHandler[] {
  return handlers.map(({ api, answer }) => ({ api, answer: (request, call) => answer(request as never, parts, call) }))
}

/** By API key, as a connection looks them up. An API that is answered twice is a mistake in a list. */
export function byApiKey(handlers: readonly BoundHandler[]): ReadonlyMap<number, BoundHandler> {
  const map = new Map<number, BoundHandler>()
  for (const handler of handlers) {
    if (map.has(handler.api.key)) throw new Error(`two handlers answer ${handler.api.name}`)
    map.set(handler.api.key, handler)
  }
  return map
}
