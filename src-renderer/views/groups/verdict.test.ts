import { describe, expect, it } from 'vitest'
import { aGroupDetail, aPartitionLag } from './aGroupDetail.ts'
import { compareTrouble } from './statusLooks.ts'
import { noteOf, verdictOf } from './verdict.ts'

const stalled = aPartitionLag({ status: 'stalled', consumedPerSecond: 0, stillMs: 250_000 })

describe('the verdict on a group', () => {
  it.each([
    {
      what: 'uncommitted',
      group: aGroupDetail({ partitions: [aPartitionLag({ committedOffset: null, lag: null })] }),
      partitions: 0,
      others: 0,
    },
    { what: 'caughtUp', group: aGroupDetail({ partitions: [aPartitionLag({ lag: 0 })] }), partitions: 1, others: 0 },
    { what: 'rebalancing', group: aGroupDetail({ state: 'PreparingRebalance', status: 'stalled' }), partitions: 1, others: 0 },
    { what: 'ok', group: aGroupDetail(), partitions: 1, others: 0 },
    { what: 'behind', group: aGroupDetail({ status: 'unknown' }), partitions: 1, others: 0 },
    {
      what: 'stalled',
      group: aGroupDetail({ status: 'stalled', partitions: [stalled, aPartitionLag({ status: 'warning' }), aPartitionLag({ lag: 0 })] }),
      partitions: 1,
      others: 1,
    },
  ] as const)('is $what', ({ what, group, partitions, others }) => {
    expect(verdictOf(group)).toMatchObject({ verdict: what, partitions, others })
  })

  it('has an estimate when every partition that is behind has one, that of the last', () => {
    const group = (...estimates: (number | null)[]) =>
      aGroupDetail({ partitions: estimates.map(caughtUpInMs => aPartitionLag({ caughtUpInMs, status: 'warning' })) })
    expect(verdictOf(group(5_000, 9_000)).caughtUpInMs).toBe(9_000)
    expect(verdictOf(group(5_000, null)).caughtUpInMs).toBeNull()
  })
})

describe('the note on a partition', () => {
  it.each([
    [aPartitionLag({ committedOffset: null, lag: null }), { key: 'uncommitted' }],
    [aPartitionLag({ lag: null }), undefined],
    [aPartitionLag({ lag: 0 }), { key: 'caughtUp' }],
    [aPartitionLag(), { key: 'keepsUp' }],
    [aPartitionLag({ lagMs: 30_000, consumedPerSecond: 9 }), { key: 'catchingUp', perSecond: 4 }],
    [aPartitionLag({ lagMs: 30_000, stillMs: 20_000 }), { key: 'noCommit', ms: 20_000 }],
    [aPartitionLag({ status: 'warning', consumedPerSecond: 41 }), { key: 'catchingUp', perSecond: 36 }],
    [aPartitionLag({ status: 'warning', producedPerSecond: 9 }), { key: 'fallsBehind', perSecond: 4 }],
    [stalled, { key: 'noCommit', ms: 250_000 }],
    [aPartitionLag({ status: 'rewound' }), { key: 'wentBack' }],
  ])('of %o is %o', (partition, note) => expect(noteOf(partition)).toEqual(note))
})

it('sorts groups by trouble, then by lag, then by name', () => {
  const group = (groupId: string, status: 'ok' | 'stalled', totalLag: number | null) => ({ groupId, status, totalLag })
  const sorted = [group('b', 'ok', 5), group('a', 'ok', 5), group('c', 'ok', null), group('d', 'ok', 9), group('e', 'stalled', 1)].sort(
    compareTrouble,
  )
  expect(sorted.map(({ groupId }) => groupId).join('')).toBe('edabc')
})
