import { describe, expect, it } from 'vitest'
import { latencyBucket } from '../base/latencyBuckets.ts'
import type { ApiStats, StatsTold } from '../server/config.ts'
import { RequestHistory } from './requestHistory.ts'

/** All requests took 2 ms. */
const asked = (api: string, requests: number, errors = 0): ApiStats => ({
  api,
  askedBy: 'clients',
  requests,
  errors,
  firstBucket: latencyBucket(2),
  buckets: [requests],
})
const told = (atMs: number, apis: readonly ApiStats[], given: Partial<StatsTold> = {}): StatsTold => ({
  type: 'stats',
  atMs,
  bytesIn: 0,
  bytesOut: 0,
  requests: 0,
  memoryBytes: 1_000,
  cpuMs: 0,
  partitions: [],
  folders: [],
  apis,
  ...given,
})

describe('what a broker was asked lately', () => {
  it('is nothing before it has told anything', () => {
    expect(new RequestHistory().rates()).toMatchObject({ atMs: null, apis: [] })
  })

  it('is the difference of its totals, second by second', () => {
    const history = new RequestHistory()
    history.told(told(0, [asked('Produce', 100, 7)]))
    history.told(told(500, [asked('Produce', 110, 7)]))
    history.told(told(1_000, [asked('Produce', 120, 8)], { cpuMs: 250 }))
    history.told(told(2_000, [asked('Produce', 420, 8)], { cpuMs: 1_250 }))
    const { apis, cpuPercent, windowMs } = history.rates()
    expect(apis).toMatchObject([{ api: 'Produce', perSecond: 300, requests: 320, errors: 1, history: [20, 300] }])
    expect(apis[0]!.p50Ms).toBeCloseTo(2, 0)
    expect(cpuPercent).toEqual([25, 100])
    expect(windowMs).toBe(2_000)
  })

  it('goes back a minute and no further, and leaves out what nobody asked in it', () => {
    const history = new RequestHistory()
    for (let second = 0; second <= 100; second++) {
      history.told(told(second * 1_000, second === 1 ? [asked('Metadata', 5)] : [asked('Fetch', second)]))
    }
    const { apis, windowMs } = history.rates()
    expect(apis.map(({ api, requests }) => [api, requests])).toEqual([['Fetch', 60]])
    expect(apis[0]!.history).toHaveLength(60)
    expect(windowMs).toBe(60_000)
  })

  it('begins anew with a new process, whose totals begin at nothing', () => {
    const history = new RequestHistory()
    history.told(told(0, [asked('Fetch', 1_000)]))
    history.begin()
    history.told(told(5_000, [asked('Fetch', 3)]))
    history.told(told(6_000, [asked('Fetch', 4)]))
    expect(history.rates().apis).toMatchObject([{ requests: 1 }])
  })
})
