import { describe, expect, it } from 'vitest'
import { type Counted, ratesBetween } from './topicRates.ts'

const at = (atMs: number, counts: Record<string, number | null>): Counted => ({ atMs, counts: new Map(Object.entries(counts)) })

describe('rates of topics', () => {
  it('are by how much a count grew in a second', () => {
    expect([...ratesBetween(at(1_000, { a: 100, b: 5 }), at(3_000, { a: 700, b: 5 }))]).toEqual([
      ['a', 300],
      ['b', 0],
    ])
  })

  it('are not there for what was not known before, is not known now, or began again', () => {
    expect([...ratesBetween(at(0, { a: 10, b: null, c: 5 }), at(1_000, { a: 3, b: 4, c: null, d: 9 }))]).toEqual([])
  })

  it('want some time between two looks', () => {
    expect(ratesBetween(undefined, at(0, { a: 1 })).size).toBe(0)
    expect(ratesBetween(at(0, { a: 1 }), at(100, { a: 2 })).size).toBe(0)
  })
})
