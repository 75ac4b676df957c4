import { describe, expect, it } from 'vitest'
import type { Comparison } from '../../../../src-main/contract/segments.ts'
import { aReplica } from './aReplica.ts'
import { lanesOf, notesOf } from './replicaLanes.ts'

const stretch = (from: number, to: number, kind: 'same' | 'other' | 'extra' | 'missing' = 'same', leaderEpoch = 4) => ({
  from,
  to,
  kind,
  leaderEpoch,
})
const aComparison = (rest: Partial<Comparison>): Comparison => ({
  reference: 1,
  from: 61_100,
  to: 61_420,
  replicas: [],
  differences: [],
  comparedBytes: 0,
  totalBytes: 0,
  isDone: true,
  ...rest,
})
const replicas = [
  aReplica({ brokerId: 1, isLeader: true }),
  aReplica({ brokerId: 2 }),
  aReplica({ brokerId: 3, folder: null, logEndOffset: null }),
]
const place = { file: 'a.log', position: 0, sizeBytes: 1 }

describe('replicas by offset', () => {
  it('are drawn around the place where they part', () => {
    const comparison = aComparison({
      replicas: [
        { brokerId: 1, stretches: [stretch(61_100, 61_204), stretch(61_204, 61_420, 'same', 5)], differingBatches: 0 },
        {
          brokerId: 2,
          stretches: [stretch(61_100, 61_204), stretch(61_204, 61_276, 'other'), stretch(61_276, 61_420, 'missing', 5)],
          differingBatches: 3,
        },
      ],
      differences: [{ brokerId: 2, offset: 61_204, reference: place, replica: place, isCommitted: false }],
    })
    const { from, to, lanes, ticks } = lanesOf(replicas, comparison)
    expect([from, to]).toEqual([61_100, 61_420])
    expect(lanes.map(({ role }) => role)).toEqual(['leader', 'differs', 'noFiles'])
    expect(lanes[1]?.stretches.map(({ kind }) => kind)).toEqual(['same', 'other', 'notFetched'])
    expect(lanes[0]?.stretches.map(({ isNewest }) => isNewest)).toEqual([false, true])
    expect(ticks.map(({ offset }) => offset)).toEqual([61_100, 61_204, 61_276, 61_420])
    expect(notesOf(comparison)).toMatchObject([{ brokerId: 2, kind: 'tail', from: 61_204, to: 61_276, n: 3 }])
  })

  it('go back only a little where they part at the end of much that is the same', () => {
    const comparison = aComparison({
      from: 0,
      to: 1_000_000,
      replicas: [{ brokerId: 1, stretches: [stretch(0, 1_000_000)], differingBatches: 0 }],
      differences: [{ brokerId: 2, offset: 999_900, reference: place, replica: place, isCommitted: false }],
    })
    expect(lanesOf(replicas, comparison).from).toBe(999_850)
  })

  it('that are behind are no different ones', () => {
    const comparison = aComparison({
      replicas: [
        { brokerId: 1, stretches: [stretch(61_100, 61_420)], differingBatches: 0 },
        { brokerId: 2, stretches: [stretch(61_100, 61_400), stretch(61_400, 61_420, 'missing')], differingBatches: 0 },
      ],
    })
    expect(lanesOf(replicas, comparison).lanes[1]?.role).toBe('behind')
    expect(notesOf(comparison)).toMatchObject([{ brokerId: 2, kind: 'lag', n: 20 }])
  })
})
