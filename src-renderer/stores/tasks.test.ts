import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useTasksStore } from './tasks.ts'

describe('what is under way', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    setActivePinia(createPinia())
  })
  afterEach(() => void vi.useRealTimers())

  it('is shown when it takes longer than a second, and no longer than it takes', async () => {
    const tasks = useTasksStore()
    const { promise, resolve } = Promise.withResolvers<number>()
    const run = tasks.run('Copying', async (_, task) => {
      task.report(0.5, 'half')
      return promise
    })
    expect(tasks.shown).toEqual([])
    vi.advanceTimersByTime(1_000)
    expect(tasks.shown).toMatchObject([{ title: 'Copying', progress: 0.5, detail: 'half' }])
    resolve(7)
    expect(await run).toBe(7)
    expect(tasks.all).toEqual([])
  })

  it('is told to stop', async () => {
    const tasks = useTasksStore()
    const run = tasks.run('Copying', signal => new Promise<string>(resolve => signal.addEventListener('abort', () => resolve('stopped'))))
    vi.advanceTimersByTime(1_000)
    tasks.shown[0]?.cancel?.()
    expect(await run).toBe('stopped')
  })

  it('is over when it fails', async () => {
    const tasks = useTasksStore()
    await expect(tasks.run('Copying', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(tasks.all).toEqual([])
  })
})
