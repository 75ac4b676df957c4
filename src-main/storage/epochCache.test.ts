import { describe, expect, it } from 'vitest'
import { EpochCache } from './epochCache.ts'

const entries = (...starts: (readonly [epoch: number, startOffset: number])[]) =>
  starts.map(([epoch, startOffset]) => ({ epoch, startOffset }))

describe('a cache of leader epochs', () => {
  it.each([
    { given: 'a later epoch further on', assigned: [5, 30], then: entries([1, 0], [3, 20], [5, 30]), changed: true },
    { given: 'the latest epoch again, further on', assigned: [3, 25], then: entries([1, 0], [3, 20]), changed: false },
    { given: 'a later epoch where the latest began', assigned: [5, 20], then: entries([1, 0], [5, 20]), changed: true },
    { given: 'a later epoch before the latest began', assigned: [5, 10], then: entries([1, 0], [5, 10]), changed: true },
    { given: 'an earlier epoch than the latest', assigned: [2, 30], then: entries([1, 0], [2, 30]), changed: true },
    { given: 'a later epoch from the beginning on', assigned: [9, 0], then: entries([9, 0]), changed: true },
  ])('takes $given, and drops what contradicts it', ({ assigned: [epoch, start], then, changed }) => {
    const cache = new EpochCache(entries([1, 0], [3, 20]))
    expect(cache.assign(epoch!, start!)).toBe(changed)
    expect(cache.entries).toEqual(then)
  })

  it.each([
    { asked: -1, end: { epoch: -1, endOffset: -1 }, because: 'no epoch is -1' },
    { asked: 7, end: { epoch: -1, endOffset: -1 }, because: 'it is above all that are known' },
    { asked: 6, end: { epoch: 6, endOffset: 100 }, because: 'the latest epoch ends where the log ends' },
    { asked: 5, end: { epoch: 4, endOffset: 60 }, because: 'an unknown epoch ends where the largest known below it ended' },
    { asked: 4, end: { epoch: 4, endOffset: 60 }, because: 'a known epoch ends where the next one begins' },
    { asked: 2, end: { epoch: 2, endOffset: 40 }, because: 'a known epoch ends where the next one begins' },
    { asked: 1, end: { epoch: 1, endOffset: 10 }, because: 'an epoch below all ended before the first known began' },
  ])('says that epoch $asked ended at $end.endOffset, because $because (KIP-279)', ({ asked, end }) => {
    expect(new EpochCache(entries([2, 10], [4, 40], [6, 60])).endOffsetFor(asked, 100)).toEqual(end)
  })

  it('knows no end of any epoch while it is empty', () => {
    expect(new EpochCache().endOffsetFor(0, 10)).toEqual({ epoch: -1, endOffset: -1 })
  })

  it('forgets epochs that began at a cut or behind it', () => {
    const cache = new EpochCache(entries([1, 0], [3, 20], [5, 30]))
    expect(cache.truncateFrom(31)).toBe(false)
    expect(cache.truncateFrom(20)).toBe(true)
    expect(cache.entries).toEqual(entries([1, 0]))
    expect(cache.latestEpoch).toBe(1)
  })

  it('keeps the epoch that covers a new log start, from there on', () => {
    const cache = new EpochCache(entries([1, 0], [3, 20], [5, 30]))
    expect(cache.raiseStart(25)).toBe(true)
    expect(cache.entries).toEqual(entries([3, 25], [5, 30]))
    expect(cache.raiseStart(25)).toBe(false)
    expect(cache.raiseStart(10)).toBe(false)
  })

  it('tells who wrote an offset', () => {
    const cache = new EpochCache(entries([1, 10], [3, 20]))
    expect([5, 10, 19, 20, 99].map(offset => cache.epochAt(offset))).toEqual([undefined, 1, 1, 3, 3])
  })
})
