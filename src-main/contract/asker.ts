import { BridgeError, type Channel, type Failure, type Frame } from './channel.ts'
import type { Contract, ServedContract } from './operations.ts'

const CLOSED: Failure = { code: 'BRIDGE_CLOSED', message: 'The connection to Trilog was closed', details: {} }

interface Listener {
  take(frame: Frame): void
}

/**
 * The asking end of a channel: an object with every operation of the contract.
 * A closed channel fails every pending call and ends every stream with `BRIDGE_CLOSED`; later questions fail at once.
 */
export function askOver<C extends Contract>(contract: C, channel: Channel): ServedContract<C> {
  const pending = new Map<number, Listener>()
  let nextId = 1
  let isClosed = false

  channel.onFrame(frame => pending.get(frame.id)?.take(frame))
  channel.onClose(() => {
    isClosed = true
    for (const [id, listener] of pending) listener.take({ type: 'fail', id, failure: CLOSED })
    pending.clear()
  })

  function ask(subject: string, operation: string, input: unknown): Promise<unknown> {
    if (isClosed) return Promise.reject(new BridgeError(CLOSED))
    const id = nextId++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    pending.set(id, {
      take: frame => {
        pending.delete(id)
        if (frame.type === 'answer') resolve(frame.value)
        else reject(new BridgeError(frame.type === 'fail' ? frame.failure : CLOSED))
      },
    })
    channel.post({ type: 'ask', id, subject, operation, input })
    return promise
  }

  async function* follow(subject: string, operation: string, input: unknown, signal: AbortSignal): AsyncGenerator {
    if (signal.aborted) return
    if (isClosed) throw new BridgeError(CLOSED)
    const id = nextId++
    const arrived: unknown[] = []
    let wake: (() => void) | undefined
    let failure: Failure | undefined
    let hasEnded = false

    const stirred = () => {
      wake?.()
      wake = undefined
    }
    const stop = () => {
      if (pending.delete(id) && !isClosed) channel.post({ type: 'stop', id })
      hasEnded = true
      stirred()
    }
    pending.set(id, {
      take: frame => {
        if (frame.type === 'item') arrived.push(frame.value)
        else {
          pending.delete(id)
          hasEnded = true
          if (frame.type === 'fail') failure = frame.failure
        }
        stirred()
      },
    })
    signal.addEventListener('abort', stop, { once: true })
    channel.post({ type: 'ask', id, subject, operation, input })
    try {
      while (!signal.aborted) {
        if (arrived.length > 0) {
          yield arrived.shift()
          if (pending.has(id)) channel.post({ type: 'more', id, taken: 1 })
        } else if (hasEnded) {
          if (failure !== undefined) throw new BridgeError(failure)
          return
        } else await new Promise<void>(resolve => (wake = resolve))
      }
    } finally {
      signal.removeEventListener('abort', stop)
      stop()
    }
  }

  const subjects = Object.entries(contract).map(([subject, operations]) => [
    subject,
    Object.fromEntries(
      Object.entries(operations).map(([name, operation]) => [
        name,
        operation.kind === 'call'
          ? (input: unknown) => ask(subject, name, input)
          : (input: unknown, signal: AbortSignal) => follow(subject, name, input, signal),
      ]),
    ),
  ])
  return Object.fromEntries(subjects) as ServedContract<C>
}
