import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { askOver } from '../contract/asker.ts'
import { STREAM_WINDOW, type Channel, type Frame } from '../contract/channel.ts'
import { frameFromText, frameToText } from '../contract/frameText.ts'
import { call, stream } from '../contract/operations.ts'
import { serveOver } from './router.ts'
import { toFailure } from './toFailure.ts'

const contract = {
  numbers: {
    double: call(z.object({ of: z.number() }), z.number()),
    fail: call(z.object({}), z.void()),
    count: stream(z.object({ to: z.number() }), z.number()),
  },
}

/** Until everything that was posted has arrived and been acted on: all of it happens in microtasks. */
async function quiet() {
  for (let turn = 0; turn < 2_000; turn++) await Promise.resolve()
}

/** Two ends of one wire. Frames go through text, as on a WebSocket, and arrive in a later turn. */
function wire(): { near: Channel; far: Channel; posted: Frame[] } {
  const posted: Frame[] = []
  const ends = [0, 1].map(() => ({ onFrame: (_: Frame): void => undefined, onClose: [] as (() => void)[], open: true }))
  const channel = (own: number): Channel => ({
    post: frame => {
      posted.push(frame)
      const text = frameToText(frame)
      queueMicrotask(() => {
        if (ends[own]!.open) ends[1 - own]!.onFrame(frameFromText(text))
      })
    },
    onFrame: listen => (ends[own]!.onFrame = listen),
    onClose: listen => ends[own]!.onClose.push(listen),
    close: () => {
      for (const end of ends) {
        end.open = false
        for (const listen of end.onClose) listen()
      }
    },
  })
  return { near: channel(0), far: channel(1), posted }
}

function served(seen: { produced: number; stopped: boolean } = { produced: 0, stopped: false }) {
  const { near, far, posted } = wire()
  serveOver(
    contract,
    {
      numbers: {
        double: async ({ of }) => of * 2,
        fail: async () => {
          throw Object.assign(new Error('no such topic'), { code: 'UNKNOWN_TOPIC_OR_PARTITION' })
        },
        async *count({ to }, signal) {
          try {
            for (let n = 1; n <= to && !signal.aborted; n++) {
              seen.produced = n
              yield n
            }
          } finally {
            seen.stopped = true
          }
        },
      },
    },
    far,
    toFailure,
  )
  return { bridge: askOver(contract, near), near, posted, seen }
}

describe('the bridge', () => {
  it('carries a call and its answer', async () => {
    expect(await served().bridge.numbers.double({ of: 21 })).toBe(42)
  })

  it('carries a failure with the code the renderer has a sentence for', async () => {
    await expect(served().bridge.numbers.fail({})).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', message: 'no such topic' })
  })

  it('refuses an input that is not what the contract says', async () => {
    await expect(served().bridge.numbers.double({ of: 'two' as unknown as number })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it.each(['constructor', '__proto__', 'unheardOf'])('refuses the operation %s, which nobody promised', async name => {
    const { near, posted } = served()
    near.post({ type: 'ask', id: 7, subject: 'numbers', operation: name, input: {} })
    await quiet()
    expect(posted.at(-1)).toMatchObject({ type: 'fail', id: 7, failure: { code: 'UNKNOWN_OPERATION' } })
  })

  it('carries every item of a stream, in order', async () => {
    const items = await Array.fromAsync(served().bridge.numbers.count({ to: 500 }, new AbortController().signal))
    expect(items).toEqual(Array.from({ length: 500 }, (_, index) => index + 1))
  })

  it('lets a source run no further ahead than the window', async () => {
    const { bridge, seen } = served()
    const items = bridge.numbers.count({ to: 10_000 }, new AbortController().signal)[Symbol.asyncIterator]()
    await items.next()
    await quiet()
    expect(seen.produced).toBeLessThanOrEqual(STREAM_WINDOW + 2)
    await items.return?.()
  })

  it('stops the source when the asker stops', async () => {
    const { bridge, seen } = served()
    const aborter = new AbortController()
    for await (const item of bridge.numbers.count({ to: 10_000 }, aborter.signal)) if (item === 10) aborter.abort()
    await quiet()
    expect(seen.stopped).toBe(true)
    expect(seen.produced).toBeLessThan(10_000)
  })

  it('fails what is open when the channel closes, and everything after', async () => {
    const { bridge, near, seen } = served()
    const items = bridge.numbers.count({ to: 10_000 }, new AbortController().signal)[Symbol.asyncIterator]()
    await items.next()
    near.close()
    await expect(Array.fromAsync({ [Symbol.asyncIterator]: () => items })).rejects.toMatchObject({ code: 'BRIDGE_CLOSED' })
    await expect(bridge.numbers.double({ of: 1 })).rejects.toMatchObject({ code: 'BRIDGE_CLOSED' })
    await quiet()
    expect(seen.stopped).toBe(true)
  })
})

describe('a frame as text', () => {
  it('keeps bytes', () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256)
    const frame: Frame = { type: 'answer', id: 1, value: { rows: [{ key: null, bytes }] } }
    expect(frameFromText(frameToText(frame))).toEqual(frame)
  })

  it.each(['', 'null', '[]', '{"type":"ask"}', '{"type":"hello","id":1}', '{"type":"ask","id":"1"}'])('refuses %s', text => {
    expect(() => frameFromText(text)).toThrow(SyntaxError)
  })
})
