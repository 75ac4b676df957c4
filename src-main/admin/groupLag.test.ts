import { describe, expect, it } from 'vitest'
import type { TopicMetadata } from './clusterMetadata.ts'
import { groupLag } from './groupLag.ts'
import { OffsetTable } from './offsets.ts'

function aTopic(name: string, partitions: number): TopicMetadata {
  return {
    name,
    topicId: null,
    isInternal: false,
    error: 'NONE',
    partitions: Array.from({ length: partitions }, (_, partition) => ({
      partition,
      leader: 1,
      leaderEpoch: 0,
      replicas: [1],
      inSyncReplicas: [1],
      offlineReplicas: [],
    })),
  }
}

function ends(offsets: Readonly<Record<string, readonly (number | null)[]>>): OffsetTable {
  const table = new OffsetTable()
  for (const [topic, of] of Object.entries(offsets)) {
    for (const [partition, offset] of of.entries()) if (offset !== null) table.set(topic, partition, offset)
  }
  return table
}

const topics = new Map([['orders', aTopic('orders', 3)]])

describe('the lag of a group', () => {
  it('is what lies between its commits and the ends', () => {
    const committed = [
      { topic: 'orders', partition: 1, offset: 5 },
      { topic: 'orders', partition: 0, offset: 10 },
    ]
    const lag = groupLag(committed, [], topics, ends({ orders: [10, 12] }))
    expect(lag.totalLag).toBe(7)
    expect(lag.partitions.map(({ partition, lag: behind }) => [partition, behind])).toEqual([
      [0, 0],
      [1, 7],
    ])
  })

  it('is never less than nothing, as after a loss that took back the end', () => {
    const lag = groupLag([{ topic: 'orders', partition: 0, offset: 10 }], [], topics, ends({ orders: [8] }))
    expect(lag.totalLag).toBe(0)
  })

  it('is unknown while the end of a partition is', () => {
    const committed = [0, 1].map(partition => ({ topic: 'orders', partition, offset: 1 }))
    const lag = groupLag(committed, [], topics, ends({ orders: [5, null] }))
    expect(lag.totalLag).toBeNull()
    expect(lag.partitions.map(each => each.lag)).toEqual([4, null])
  })

  it('does not count what does not exist any more', () => {
    const committed = [
      { topic: 'orders', partition: 0, offset: 1 },
      { topic: 'deleted', partition: 0, offset: 1 },
    ]
    const lag = groupLag(committed, [], topics, ends({ orders: [5] }))
    expect(lag.totalLag).toBe(4)
    expect(lag.partitions.map(({ topic, lag: behind }) => [topic, behind])).toEqual([
      ['deleted', null],
      ['orders', 4],
    ])
  })

  it('shows who owns a partition, also where nothing was committed yet', () => {
    const members = [{ memberId: 'm-1', assignment: [{ topic: 'orders', partitions: [0, 2] }] }]
    const lag = groupLag([{ topic: 'orders', partition: 0, offset: 1 }], members, topics, ends({ orders: [1, 1, 7] }))
    expect(lag).toEqual({
      totalLag: 0,
      partitions: [
        { topic: 'orders', partition: 0, committedOffset: 1, logEndOffset: 1, lag: 0, memberId: 'm-1' },
        { topic: 'orders', partition: 2, committedOffset: null, logEndOffset: 7, lag: null, memberId: 'm-1' },
      ],
    })
  })

  it('is unknown for a group that committed nothing', () => {
    expect(groupLag([], [], topics, ends({}))).toEqual({ totalLag: null, partitions: [] })
  })
})
