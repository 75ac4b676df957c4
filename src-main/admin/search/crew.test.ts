import { beforeEach, describe, expect, it } from 'vitest'
import { AUTO_FORMATS } from '../../contract/formats.ts'
import type { Clock } from '../../env/env.ts'
import { SearchCrew } from './crew.ts'
import type { ScanBytes, WorkerListeners, WorkerRequest } from './searchWorkers.ts'

interface Scripted {
  readonly listeners: WorkerListeners
  readonly requests: WorkerRequest[]
  readonly closed: { readonly isReusable: boolean }[]
}

let opened: Scripted[]
let heard: string[]
let ring: (() => void) | undefined
const clock: Clock = {
  now: () => 0,
  elapsed: () => 0,
  after: (_, run) => {
    ring = run
    return { cancel: () => (ring = undefined) }
  },
}

beforeEach(() => {
  opened = []
  heard = []
})

function crewOf(size: number): SearchCrew {
  const workers = {
    parallelism: size,
    open: (_: string, listeners: WorkerListeners) => {
      const worker: Scripted = { listeners, requests: [], closed: [] }
      opened.push(worker)
      return {
        post: (request: WorkerRequest) => worker.requests.push(request),
        close: (how: { isReusable: boolean }) => worker.closed.push(how),
      }
    },
  }
  const task = {
    filter: { kind: 'text', text: 'x', isCaseSensitive: true, where: ['value'] },
    fromMs: null,
    toMs: null,
    columns: [],
    topic: 'orders',
    formats: AUTO_FORMATS,
    schemas: null,
  } as const
  return new SearchCrew(
    clock,
    { workers, size, task: { ...task, filter: { ...task.filter, where: ['value'] } } },
    {
      report: () => heard.push('report'),
      finished: section => heard.push(`finished ${section}`),
      ended: why => heard.push(typeof why === 'string' ? why : why.failure.message),
      stirred: () => undefined,
    },
  )
}

const work = (id: number, length: number): ScanBytes => ({
  type: 'scanBytes',
  bytes: new Uint8Array(length),
  sections: [{ id, partition: 0, from: 0, to: 1, at: 0, length }],
})
const look = (times: number) => {
  for (let time = 0; time < times; time++) ring?.()
}
const ready = () => {
  for (const { listeners } of opened) listeners.answer({ type: 'ready' })
}

describe('the workers of a search', () => {
  it('get work where there is least of it', async () => {
    const crew = crewOf(2)
    ready()
    await crew.ready
    crew.scan(work(1, 100))
    crew.scan(work(2, 10))
    crew.scan(work(3, 10))
    expect(opened.map(({ requests }) => requests.length)).toEqual([2, 3])
    expect(crew.load).toBe(120)
    opened[0]!.listeners.answer({ type: 'finished', id: 1, isMissing: false })
    crew.scan(work(4, 10))
    expect(opened.map(({ requests }) => requests.length)).toEqual([3, 3])
    expect(heard).toEqual(['finished 1'])
  })

  it('are too slow when one says nothing for long while it has work; without work they may be silent', () => {
    const crew = crewOf(2)
    ready()
    look(50)
    expect(heard).toEqual([])
    crew.scan(work(1, 100))
    look(7)
    opened[0]!.listeners.answer({ type: 'report', id: 1, upTo: 1, rows: [], records: 1, bytes: 1, failures: 0, firstFailure: null })
    look(7)
    expect(heard).toEqual(['report'])
    look(1)
    expect(heard).toEqual(['report', 'tooSlow'])
    expect(opened.map(({ closed }) => closed)).toEqual([[{ isReusable: false }], [{ isReusable: true }]])
  })

  it('are given back once, and those with work left not at all', () => {
    const crew = crewOf(2)
    ready()
    crew.scan(work(1, 100))
    crew.close()
    crew.close()
    expect(opened.map(({ closed }) => closed)).toEqual([[{ isReusable: false }], [{ isReusable: true }]])
    opened[0]!.listeners.answer({ type: 'finished', id: 1, isMissing: false })
    expect(heard).toEqual([])
  })

  it('tell why a filter cannot be understood, and that one of them is gone', async () => {
    const crew = crewOf(1)
    opened[0]!.listeners.answer({ type: 'invalidFilter', problem: 'no' })
    await expect(crew.ready).rejects.toMatchObject({ code: 'INVALID_FILTER', details: { problem: 'no' } })
    const other = crewOf(1)
    opened[1]!.listeners.ended('tooMuchMemory')
    await expect(other.ready).rejects.toThrow('tooMuchMemory')
    expect(heard).toEqual(['tooMuchMemory'])
  })
})
