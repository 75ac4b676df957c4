import { expect, it } from 'vitest'
import { aPartitionLag } from './aGroupDetail.ts'
import { membersWithLag } from './membersWithLag.ts'

const aMember = (memberId: string, assignment: { topic: string; partitions: number[] }[]) => ({
  memberId,
  groupInstanceId: null,
  clientId: 'c',
  clientHost: 'h',
  assignment,
})

it('a member does as well as its worst partition, and reads as much as all of them', () => {
  const members = [aMember('a', [{ topic: 'orders', partitions: [0, 1] }]), aMember('b', [])]
  const partitions = [aPartitionLag({ consumedPerSecond: 5 }), aPartitionLag({ partition: 1, status: 'stalled', consumedPerSecond: 0 })]
  expect(membersWithLag(members, partitions)).toMatchObject([
    { status: 'stalled', consumedPerSecond: 5, assigned: '0, 1' },
    { status: 'unknown', consumedPerSecond: null, assigned: '' },
  ])
})

it('what it owns is named with its topic where there are several', () => {
  const members = [
    aMember('a', [
      { topic: 'orders', partitions: [0] },
      { topic: 'stock', partitions: [3] },
    ]),
  ]
  const partitions = [aPartitionLag(), aPartitionLag({ topic: 'stock', partition: 3 })]
  expect(membersWithLag(members, partitions)[0]!.assigned).toBe('orders: 0; stock: 3')
})
