import { describe, expect, it } from 'vitest'
import { partitionsListed, SampledRate } from './replicationThrottle.ts'

describe('the list of throttled replicas', () => {
  it.each([
    { text: '', listed: new Set<number>() },
    { text: '*', listed: 'all' },
    { text: '0:1,1:2,2:1', listed: new Set([0, 2]) },
    { text: ' 3:1 ', listed: new Set([3]) },
  ])('"$text" names for broker 1 $listed', ({ text, listed }) => expect(partitionsListed(text, 1)).toEqual(listed))
})

describe('a rate over three samples of a second', () => {
  const rateOf = (...added: [atMs: number, bytes: number][]) => {
    const rate = new SampledRate({ samples: 3, sampleMs: 1000 })
    for (const [atMs, bytes] of added) rate.add(atMs, bytes)
    return rate
  }

  it('is measured since the oldest sample began, and over one whole sample at least', () => {
    expect(rateOf([0, 100]).perSecond(10)).toBe(100)
    expect(rateOf([0, 100], [500, 100]).perSecond(2000)).toBe(100)
  })

  it('forgets samples that are too old', () => expect(rateOf([0, 100], [1500, 100]).perSecond(3000)).toBeCloseTo(100 / 1.5))

  it.each([
    { given: 'within the limit', limit: 100, nowMs: 1000, waitMs: 0 },
    { given: 'above it', limit: 50, nowMs: 1000, waitMs: 1000 },
    { given: 'far above it: until all is forgotten', limit: 1, nowMs: 1000, waitMs: 2000 },
    { given: 'a limit of nothing', limit: 0, nowMs: 1000, waitMs: 2000 },
  ])('tells how long to wait: $given', ({ limit, nowMs, waitMs }) => expect(rateOf([0, 100]).untilWithin(nowMs, limit)).toBe(waitMs))
})
