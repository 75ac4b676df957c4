import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { aStream } from './aBridge.ts'
import { useStream } from './useStream.ts'

const settled = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

describe('a followed stream', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('gives its items until the scope ends', async () => {
    const stream = aStream<number>()
    const taken: number[] = []
    const scope = effectScope()
    scope.run(() => useStream(stream.open, item => taken.push(item)))
    stream.push(1)
    await settled()
    scope.stop()
    stream.push(2)
    await settled()
    expect(taken).toEqual([1])
  })

  it('says why it broke, and is opened again', async () => {
    const stream = aStream<number>()
    const taken: number[] = []
    const { failure } = effectScope().run(() => useStream(stream.open, item => taken.push(item)))!
    const cut = new Error('cut')
    stream.fail(cut)
    await settled()
    expect(failure.value).toBe(cut)
    stream.push(3)
    await vi.advanceTimersByTimeAsync(500)
    expect(taken).toEqual([3])
    expect(failure.value).toBeNull()
  })

  it('is another one when the key changes, and none while there is no key', async () => {
    const opened: (string | null)[] = []
    const key = ref<string | null>('orders')
    effectScope().run(() =>
      useStream(
        async function* (signal: AbortSignal) {
          opened.push(key.value)
          await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
          yield 0
        },
        () => undefined,
        { key: () => key.value },
      ),
    )
    key.value = null
    await nextTick()
    key.value = 'payments'
    await nextTick()
    await settled()
    expect(opened).toEqual(['orders', 'payments'])
  })
})
