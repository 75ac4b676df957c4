import { z } from 'zod'
import { BridgeError, STREAM_WINDOW, type Channel, type Failure, type Frame } from '../contract/channel.ts'
import type { Contract, Operation, ServedContract } from '../contract/operations.ts'

/** Questions of one channel that may be open at once; a page that asks more has lost count. */
const OPEN_QUESTIONS = 256

/**
 * The answering end of a channel. Inputs are parsed on arrival, because a channel may carry a stranger's words.
 * When the channel closes, every stream it asked for is aborted.
 */
export function serveOver<C extends Contract>(
  contract: C,
  services: ServedContract<C>,
  channel: Channel,
  toFailure: (error: unknown) => Failure,
): void {
  const open = new Map<number, OpenQuestion>()

  channel.onClose(() => {
    for (const question of open.values()) question.aborter.abort()
    open.clear()
  })
  channel.onFrame(frame => {
    switch (frame.type) {
      case 'ask':
        void answer(frame)
        break
      case 'stop':
        open.get(frame.id)?.aborter.abort()
        break
      case 'more':
        open.get(frame.id)?.taken(frame.taken)
        break
      case 'answer':
      case 'item':
      case 'end':
      case 'fail':
        break // only this end says these
    }
  })

  async function answer(ask: Extract<Frame, { type: 'ask' }>): Promise<void> {
    const { id } = ask
    if (open.has(id) || open.size >= OPEN_QUESTIONS) {
      channel.post({
        type: 'fail',
        id,
        failure: { code: 'TOO_MANY_QUESTIONS', message: `More than ${OPEN_QUESTIONS} questions are open`, details: {} },
      })
      return
    }
    const question = new OpenQuestion()
    open.set(id, question)
    try {
      const { operation, serve } = find(contract, services, ask.subject, ask.operation)
      const input = parseInput(operation, ask)
      if (operation.kind === 'call')
        channel.post({ type: 'answer', id, value: await (serve as (input: unknown) => Promise<unknown>)(input) })
      else {
        const items = (serve as (input: unknown, signal: AbortSignal) => AsyncIterable<unknown>)(input, question.aborter.signal)
        for await (const value of items) {
          if (question.aborter.signal.aborted) break
          channel.post({ type: 'item', id, value })
          await question.roomForMore()
        }
        channel.post({ type: 'end', id })
      }
    } catch (error) {
      channel.post({ type: 'fail', id, failure: error instanceof BridgeError ? failureOf(error) : toFailure(error) })
    } finally {
      open.delete(id)
    }
  }
}

/** One stream's count of items under way, and how it is told to stop. */
class OpenQuestion {
  readonly aborter = new AbortController()
  #underWay = 0
  #wake: (() => void) | undefined

  constructor() {
    this.aborter.signal.addEventListener('abort', () => this.#wake?.())
  }

  taken(count: number) {
    this.#underWay = Math.max(0, this.#underWay - Math.max(0, count))
    if (this.#underWay < STREAM_WINDOW) this.#wake?.()
  }

  async roomForMore(): Promise<void> {
    this.#underWay += 1
    if (this.#underWay < STREAM_WINDOW || this.aborter.signal.aborted) return
    await new Promise<void>(resolve => (this.#wake = resolve))
    this.#wake = undefined
  }
}

function find(
  contract: Contract,
  services: ServedContract<Contract>,
  subject: string,
  name: string,
): { operation: Operation; serve: unknown } {
  const operations = Object.hasOwn(contract, subject) ? contract[subject] : undefined
  const operation = operations !== undefined && Object.hasOwn(operations, name) ? operations[name] : undefined
  const service = services[subject]
  if (operation === undefined || service === undefined) {
    throw new BridgeError({ code: 'UNKNOWN_OPERATION', message: `There is no operation ${subject}.${name}`, details: {} })
  }
  return { operation, serve: (service[name] as unknown as (...given: never[]) => unknown).bind(service) }
}

function parseInput(operation: Operation, ask: Extract<Frame, { type: 'ask' }>): unknown {
  const parsed = operation.input.safeParse(ask.input)
  if (parsed.success) return parsed.data
  const why = z.prettifyError(parsed.error)
  throw new BridgeError({
    code: 'INVALID_INPUT',
    message: `${ask.subject}.${ask.operation} was asked with a wrong input: ${why}`,
    details: { why },
  })
}

const failureOf = (error: BridgeError): Failure => ({ code: error.code, message: error.message, details: error.details })
