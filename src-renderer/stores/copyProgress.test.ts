import { describe, expect, it } from 'vitest'
import { copiedShare, rateOf } from './copyProgress.ts'

const look = (atMs: number, bytes: Record<string, number>) => ({ atMs, bytes: new Map(Object.entries(bytes)) })

describe('how fast replicas are copied', () => {
  it('is not known from one look', () => expect(rateOf([look(0, { a: 1 })])).toBeNull())

  it('is what those under way all the time have more than before', () => {
    expect(rateOf([look(0, { a: 0, gone: 900 }), look(1_000, { a: 400 }), look(2_000, { a: 1_000, come: 500 })])).toBe(500)
  })
})

describe('how much of some moves is done', () => {
  it('counts those that are over, and of the others what was copied', () => {
    expect(copiedShare([{ bytes: 100, copiedBytes: 50 }], 2)).toBe(0.75)
    expect(copiedShare([], 2)).toBe(1)
    expect(copiedShare([{ bytes: null, copiedBytes: null }], 2)).toBe(0.5)
  })
})
