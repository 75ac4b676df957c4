import { describe, expect, it } from 'vitest'
import type { GroupDetail, PartitionLag } from '../../../src-main/contract/groups.ts'
import { addLook, ratesOf, verdictOf, type LagSample } from './lagHistory.ts'

const aPartition = (over: Partial<PartitionLag> = {}): PartitionLag => ({
  topic: 'orders',
  partition: 0,
  committedOffset: 90,
  logEndOffset: 100,
  lag: 10,
  lagMs: null,
  status: 'ok',
  consumedPerSecond: null,
  producedPerSecond: null,
  caughtUpInMs: null,
  stillMs: null,
  memberId: 'a',
  ...over,
})
const aMember = { memberId: 'a', groupInstanceId: null, clientId: 'c', clientHost: '/127.0.0.1', assignment: [] }
const aGroup = (over: Partial<GroupDetail> = {}): GroupDetail => ({
  groupId: 'fulfilment',
  state: 'Stable',
  protocolType: 'consumer',
  assignor: 'range',
  coordinator: 1,
  members: [aMember],
  partitions: [aPartition()],
  totalLag: 10,
  lagMs: null,
  status: 'ok',
  consumedPerSecond: null,
  producedPerSecond: null,
  rateSpanMs: 60_000,
  offers: { resetOffsets: true, deleteOffsets: true, removeMember: true, deleteGroup: true },
  atMs: 0,
  ...over,
})
const looksAt = (...groups: GroupDetail[]) => groups.reduce<readonly LagSample[]>(addLook, [])

describe('the rates of a group', () => {
  it('are differences of offsets over time', () => {
    const history = looksAt(aGroup(), aGroup({ atMs: 2000, partitions: [aPartition({ committedOffset: 110, logEndOffset: 160 })] }))
    expect(ratesOf(history)).toEqual({ consumed: 10, produced: 30 })
  })

  it('are not known from one look, or across a change of partitions', () => {
    expect(ratesOf(looksAt(aGroup()))).toBeNull()
    expect(ratesOf(looksAt(aGroup(), aGroup({ atMs: 2000, partitions: [aPartition(), aPartition({ partition: 1 })] })))).toBeNull()
  })

  it('ignore a look that comes twice', () => {
    expect(looksAt(aGroup(), aGroup())).toHaveLength(1)
  })
})

describe('the verdict on a group', () => {
  it.each([
    ['caughtUp', aGroup({ partitions: [aPartition({ lag: 0 })] }), null],
    ['behind', aGroup(), { consumed: 5 }],
    ['behind', aGroup(), null],
    ['stalled', aGroup(), { consumed: 0 }],
    ['rebalancing', aGroup({ state: 'PreparingRebalance' }), { consumed: 0 }],
    ['waiting', aGroup({ members: [] }), { consumed: 0 }],
    ['uncommitted', aGroup({ partitions: [] }), null],
  ] as const)('%s', (verdict, group, rates) => expect(verdictOf(group, rates)).toBe(verdict))
})
