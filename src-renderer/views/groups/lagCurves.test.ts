import { describe, expect, it } from 'vitest'
import type { LagHistory } from '../../../src-main/contract/lagHistory.ts'
import { aPartitionLag } from './aGroupDetail.ts'
import { lagCurves } from './lagCurves.ts'

const history = (partitions: number): LagHistory => ({
  atMs: [0, 1_000, 2_000],
  total: [1, 2, 3],
  partitions: Array.from({ length: partitions }, (_, partition) => ({ topic: 'orders', partition, lag: [0, null, partition] })),
  sinceMs: 0,
  setAside: null,
  isKept: true,
})
const behind = (count: number, more = {}) =>
  Array.from({ length: count }, (_, partition) => aPartitionLag({ partition, lag: 10 + partition, status: 'warning', ...more }))

describe('the curves of lag', () => {
  it('are of the partitions that are behind, the furthest first', () => {
    const { curves, left } = lagCurves(history(3), [...behind(2), aPartitionLag({ partition: 2, lag: 0 })])
    expect(curves.map(({ of, values }) => [of?.partition, values])).toEqual([
      [1, [0, null, 1]],
      [0, [0, null, 0]],
    ])
    expect(left).toBe(0)
  })

  it('are of all together where none is behind, or too many are', () => {
    expect(lagCurves(history(1), [aPartitionLag({ lag: 0 })]).curves).toEqual([{ of: null, values: [1, 2, 3], estimate: null }])
    const { curves, left } = lagCurves(history(9), behind(9))
    expect(curves.map(({ of }) => of?.partition ?? 'all')).toEqual(['all', 8, 7])
    expect(left).toBe(7)
  })

  it('go on from now to the ground where there is an estimate', () => {
    const { atMs, nowMs, curves } = lagCurves(history(1), behind(1, { caughtUpInMs: 500 }))
    expect(nowMs).toBe(2_000)
    expect(atMs.at(-1)).toBe(2_525)
    const estimate = curves[0]!.estimate!
    expect(estimate).toHaveLength(atMs.length)
    expect(estimate.slice(0, 3)).toEqual([null, null, 0])
    expect(estimate.filter(each => each !== null).at(-1)).toBe(0)
    expect(curves[0]!.values.slice(3).every(each => each === null)).toBe(true)
  })

  it('go no further than half of what is drawn of the past', () => {
    expect(lagCurves(history(1), behind(1, { caughtUpInMs: 1e9 })).atMs.at(-1)).toBe(3_000)
    expect(lagCurves(history(1), behind(1)).atMs).toEqual([0, 1_000, 2_000])
  })

  it('begin where the history does, when it is shorter than what was asked for', () => {
    const atMs = Array.from({ length: 100 }, (_, index) => index)
    const short = (known: number): LagHistory => ({ ...history(0), atMs, total: atMs.map(at => (at < 100 - known ? null : 1)) })
    expect(lagCurves(short(30), []).atMs[0]).toBe(70)
    expect(lagCurves(short(3), []).atMs[0]).toBe(80)
    expect(lagCurves(short(100), []).atMs[0]).toBe(0)
    expect(lagCurves(short(0), []).atMs).toHaveLength(100)
  })
})
