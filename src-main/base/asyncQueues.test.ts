import { beforeEach, describe, expect, it } from 'vitest'
import { latestOf, queueOf } from './asyncQueues.ts'

let aborter: AbortController
beforeEach(() => (aborter = new AbortController()))

/** What comes out until the queue ends. */
const all = <T>(items: AsyncIterable<T>) => Array.fromAsync(items)

describe('a queue', () => {
  it('gives what was offered, in order, before and while somebody waits', async () => {
    const queue = queueOf<number>(aborter.signal, 10)
    queue.offer(1)
    const items = queue[Symbol.asyncIterator]()
    expect(await items.next()).toEqual({ done: false, value: 1 })
    const second = items.next()
    queue.offer(2)
    queue.offer(3)
    expect(await second).toEqual({ done: false, value: 2 })
    expect(await items.next()).toEqual({ done: false, value: 3 })
  })

  it('drops the oldest beyond its capacity', async () => {
    const queue = queueOf<number>(aborter.signal, 3)
    for (let item = 1; item <= 10; item++) queue.offer(item)
    const taken: number[] = []
    for await (const item of queue) if (taken.push(item) === 3) aborter.abort()
    expect(taken).toEqual([8, 9, 10])
  })

  it('ends when its signal aborts: at once for who waits, at the next item for who does not', async () => {
    const queue = queueOf<number>(aborter.signal, 3)
    const waiting = all(queue)
    await Promise.resolve()
    aborter.abort()
    expect(await waiting).toEqual([])
    queue.offer(1)
    expect(await all(queue)).toEqual([])
  })

  it('is at its end when the signal was aborted before', async () => {
    aborter.abort()
    expect(await all(queueOf<number>(aborter.signal, 3))).toEqual([])
  })
})

describe('the latest of several states', () => {
  it('is all that a slow reader sees', async () => {
    const states = latestOf<string>(aborter.signal)
    const items = states[Symbol.asyncIterator]()
    for (const state of ['a', 'b', 'c']) states.offer(state)
    expect((await items.next()).value).toBe('c')
    const next = items.next()
    states.offer('d')
    expect((await next).value).toBe('d')
  })
})
