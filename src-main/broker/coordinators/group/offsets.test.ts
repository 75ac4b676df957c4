import { describe, expect, it } from 'vitest'
import { aCommit, aCommittedOffset, aConfig, aGroup, later, NOW, reading } from './aGroup.ts'
import { type CommitRequest, commitOffsets } from './commitOffsets.ts'
import { deleteGroup, deleteOffsets, deleteOffsetsOfTopic } from './deleteOffsets.ts'
import { expireOffsets } from './expireOffsets.ts'
import { fetchOffsets } from './fetchOffsets.ts'
import { emptyGroup, type Group } from './group.ts'
import {
  applyGroupEntry,
  type CommittedOffset,
  emptyTables,
  type GroupEntry,
  type GroupTables,
  offsetsOf,
  storedGroup,
} from './groupTables.ts'

const commit = (group: Group | undefined, given: Partial<CommitRequest> = {}) =>
  commitOffsets('group', group, aCommit(given), NOW, aConfig())
const simple = { memberId: '', generationId: -1 }
const onePartition = (metadata: string | null) => [
  { topic: 'orders', topicId: undefined, partitions: [{ partition: 0, offset: 42, leaderEpoch: 3, metadata }] },
]

/** Tables of a group that has committed these offsets, by topic and partition. */
function tablesWith(
  offsets: readonly (readonly [topic: string, partition: number, committed?: Partial<CommittedOffset>])[],
  group?: Group,
): GroupTables {
  const tables = emptyTables()
  for (const [topic, partition, committed] of offsets) {
    applyGroupEntry(tables, { type: 'offsetCommitted', groupId: 'group', topic, partition, committed: aCommittedOffset(committed) })
  }
  if (group !== undefined) applyGroupEntry(tables, { type: 'groupStored', groupId: 'group', group: storedGroup(group) })
  return tables
}

const deleted = (topic: string, partition: number): GroupEntry => ({ type: 'offsetDeleted', groupId: 'group', topic, partition })

describe('OffsetCommit', () => {
  it('writes what a member has read, and shows that it lives', () => {
    const { group, entries, topics } = commit(aGroup({ members: [{ sessionDeadlineMs: NOW.elapsedMs + 1 }] }))
    const committed = {
      offset: 42,
      leaderEpoch: 3,
      metadata: 'note',
      commitTimestampMs: NOW.timestampMs,
      expireTimestampMs: -1,
      topicId: undefined,
    }
    expect(entries).toEqual([{ type: 'offsetCommitted', groupId: 'group', topic: 'orders', partition: 0, committed }])
    expect(topics).toEqual([{ topic: 'orders', partitions: [{ partition: 0, error: 'NONE' }] }])
    expect(group?.members.get('member-1')).toMatchObject({ sessionDeadlineMs: NOW.elapsedMs + 10_000 })
  })

  it.each([
    { given: 'an unknown member', group: aGroup(), request: {}, error: 'UNKNOWN_MEMBER_ID' },
    {
      given: 'a member left behind by a rebalance',
      group: aGroup({ members: [{}], generationId: 6 }),
      request: {},
      error: 'ILLEGAL_GENERATION',
    },
    {
      given: 'a group between two assignments',
      group: aGroup({ members: [{}], state: 'CompletingRebalance' }),
      request: {},
      error: 'REBALANCE_IN_PROGRESS',
    },
    {
      given: 'the former process of a static member',
      group: aGroup({ members: [{ memberId: 'new', groupInstanceId: 'desk-1' }] }),
      request: { memberId: 'old', groupInstanceId: 'desk-1' },
      error: 'FENCED_INSTANCE_ID',
    },
    { given: 'no membership while the group has members', group: aGroup({ members: [{}] }), request: simple, error: 'UNKNOWN_MEMBER_ID' },
    { given: 'a generation of a group that does not exist', group: undefined, request: {}, error: 'GROUP_ID_NOT_FOUND' },
  ])('refuses $given with $error', ({ group, request, error }) => {
    expect(commit(group, request)).toEqual({ group, entries: [], error, topics: [] })
  })

  it.each([
    { given: 'a group that does not exist', group: undefined },
    { given: 'an empty group', group: aGroup() },
  ])('without membership is for simple consumers: it is taken by $given', ({ group }) => {
    expect(commit(group, simple)).toMatchObject({ error: 'NONE', entries: [{ type: 'offsetCommitted' }] })
  })

  it('refuses metadata that is too long for its own partition only', () => {
    const partitions = [
      { partition: 0, offset: 1, leaderEpoch: -1, metadata: 'x'.repeat(4097) },
      { partition: 1, offset: 2, leaderEpoch: -1, metadata: 'x'.repeat(4096) },
    ]
    const { entries, topics } = commit(undefined, { ...simple, topics: [{ topic: 'orders', topicId: undefined, partitions }] })
    expect(topics[0]?.partitions).toEqual([
      { partition: 0, error: 'OFFSET_METADATA_TOO_LARGE' },
      { partition: 1, error: 'NONE' },
    ])
    expect(entries).toMatchObject([{ partition: 1 }])
  })

  it('measures metadata in bytes', () => {
    expect(commit(undefined, { ...simple, topics: onePartition('界'.repeat(1366)) }).topics[0]?.partitions).toMatchObject([
      { error: 'OFFSET_METADATA_TOO_LARGE' },
    ])
    expect(commit(undefined, { ...simple, topics: onePartition('界'.repeat(1365)) }).topics[0]?.partitions).toMatchObject([
      { error: 'NONE' },
    ])
  })

  it('takes missing metadata for none', () => {
    expect(commit(undefined, { ...simple, topics: onePartition(null) }).entries).toMatchObject([{ committed: { metadata: '' } }])
  })

  it('keeps the retention that an old client chose', () => {
    const { entries } = commit(undefined, { ...simple, retentionTimeMs: 1000 })
    expect(entries).toMatchObject([{ committed: { expireTimestampMs: NOW.timestampMs + 1000, leaderEpoch: -1 } }])
  })
})

describe('OffsetFetch', () => {
  const offsets = offsetsOf(
    tablesWith([
      ['orders', 0],
      ['orders', 1],
      ['returns', 0],
    ]),
    'group',
  )

  it('tells of the partitions asked for, in the order asked, and of nothing where nothing is committed', () => {
    const asked = [
      { topic: 'unknown', partitions: [0] },
      { topic: 'orders', partitions: [7, 0] },
    ]
    expect(fetchOffsets(offsets, asked)).toEqual([
      { topic: 'unknown', partitions: [{ partition: 0, committed: undefined }] },
      {
        topic: 'orders',
        partitions: [
          { partition: 7, committed: undefined },
          { partition: 0, committed: aCommittedOffset() },
        ],
      },
    ])
  })

  it('tells all when it is not said what is asked for', () => {
    expect(fetchOffsets(offsets, null).map(({ topic, partitions }) => [topic, partitions.length])).toEqual([
      ['orders', 2],
      ['returns', 1],
    ])
  })

  it('of an unknown group is empty, not an error', () => {
    expect(fetchOffsets(offsetsOf(emptyTables(), 'group'), null)).toEqual([])
  })
})

describe('OffsetDelete', () => {
  const tables = tablesWith([
    ['orders', 0],
    ['returns', 0],
  ])
  const remove = (group: Group | undefined, topic: string, partition = 0) =>
    deleteOffsets(group, offsetsOf(tables, 'group'), [{ topic, partitions: [partition] }])

  it('forgets offsets of topics that nobody reads', () => {
    expect(remove(aGroup({ members: [{}] }), 'returns')).toEqual({
      entries: [deleted('returns', 0)],
      error: 'NONE',
      topics: [{ topic: 'returns', partitions: [{ partition: 0, error: 'NONE' }] }],
    })
  })

  it('refuses topics that a member reads', () => {
    expect(remove(aGroup({ members: [{}] }), 'orders')).toEqual({
      entries: [],
      error: 'NONE',
      topics: [{ topic: 'orders', partitions: [{ partition: 0, error: 'GROUP_SUBSCRIBED_TO_TOPIC' }] }],
    })
  })

  it('refuses every topic of consumers whose subscription cannot be read', () => {
    const protocols = [{ name: 'range', metadata: Buffer.from([1]) }]
    expect(remove(aGroup({ members: [{ protocols }] }), 'returns').topics[0]?.partitions).toMatchObject([
      { error: 'GROUP_SUBSCRIBED_TO_TOPIC' },
    ])
  })

  it('forgets anything of an empty group', () => {
    expect(remove(aGroup(), 'orders').entries).toEqual([deleted('orders', 0)])
  })

  it('has nothing to write where nothing is committed', () => {
    expect(remove(aGroup(), 'orders', 9)).toMatchObject({ entries: [], topics: [{ partitions: [{ partition: 9, error: 'NONE' }] }] })
  })

  it('is refused for members of another protocol, and for a group that does not exist', () => {
    expect(remove(aGroup({ members: [{}], protocolType: 'connect' }), 'orders')).toMatchObject({ error: 'NON_EMPTY_GROUP' })
    expect(remove(undefined, 'orders')).toMatchObject({ error: 'GROUP_ID_NOT_FOUND' })
  })
})

describe('DeleteGroups', () => {
  it('forgets an empty group with all its offsets', () => {
    const tables = tablesWith(
      [
        ['orders', 0],
        ['orders', 1],
      ],
      aGroup(),
    )
    const { error, entries } = deleteGroup(tables, 'group', aGroup())
    expect({ error, entries }).toEqual({
      error: 'NONE',
      entries: [deleted('orders', 0), deleted('orders', 1), { type: 'groupDeleted', groupId: 'group' }],
    })
    for (const entry of entries) applyGroupEntry(tables, entry)
    expect(tables).toEqual(emptyTables())
  })

  it('is refused while somebody is in the group, and when there is none', () => {
    expect(deleteGroup(emptyTables(), 'group', aGroup({ members: [{}] }))).toEqual({ entries: [], error: 'NON_EMPTY_GROUP' })
    expect(deleteGroup(emptyTables(), 'group', undefined)).toEqual({ entries: [], error: 'GROUP_ID_NOT_FOUND' })
  })
})

describe('deleting a topic', () => {
  it('forgets its offsets, but not those of a newer topic of the same name', () => {
    const tables = tablesWith([
      ['orders', 0, { topicId: 'old-topic-id' }],
      ['orders', 1],
      ['orders', 2, { topicId: 'new-topic-id' }],
      ['returns', 0],
    ])
    expect(deleteOffsetsOfTopic(tables, { name: 'orders', topicId: 'old-topic-id' })).toEqual([deleted('orders', 0), deleted('orders', 1)])
  })
})

describe('retention (KIP-211)', () => {
  const retentionMs = 1000
  const expire = (group: Group, tables: GroupTables, afterMs: number) => expireOffsets(tables, group, later(afterMs), retentionMs)
  const emptiedNow = aGroup({ currentStateTimestampMs: NOW.timestampMs })
  const longAgo = { commitTimestampMs: NOW.timestampMs - 500 }

  it('of an empty group counts from when it became empty, and the group goes with its last offset', () => {
    const tables = tablesWith([['orders', 0, longAgo]], emptiedNow)
    expect(expire(emptiedNow, tables, 999)).toEqual([])
    expect(expire(emptiedNow, tables, 1000)).toEqual([deleted('orders', 0), { type: 'groupDeleted', groupId: 'group' }])
  })

  it('begins anew for an offset that is committed to an empty group', () => {
    const tables = tablesWith([['orders', 0, { commitTimestampMs: NOW.timestampMs + 600 }]], emptiedNow)
    expect(expire(emptiedNow, tables, 1599)).toEqual([])
    expect(expire(emptiedNow, tables, 1600)).toHaveLength(2)
  })

  it('of a group that never had members counts from the commit', () => {
    const tables = tablesWith([['orders', 0, longAgo]])
    expect(expire(emptyGroup('group'), tables, 499)).toEqual([])
    expect(expire(emptyGroup('group'), tables, 500)).toEqual([deleted('orders', 0)])
  })

  it('of a stable group is for topics that no member reads any more', () => {
    const group = aGroup({ members: [{ protocols: [reading(['orders'])] }] })
    const tables = tablesWith(
      [
        ['orders', 0, longAgo],
        ['returns', 0, longAgo],
      ],
      group,
    )
    expect(expire(group, tables, 500)).toEqual([deleted('returns', 0)])
  })

  it.each(['PreparingRebalance', 'CompletingRebalance'] as const)('waits while the group is %s', state => {
    const group = aGroup({ state, members: [{}] })
    expect(expire(group, tablesWith([['returns', 0, longAgo]], group), 100_000)).toEqual([])
  })

  it('waits for members of a protocol that the broker cannot read', () => {
    const group = aGroup({ protocolType: 'connect', members: [{}] })
    expect(expire(group, tablesWith([['returns', 0, longAgo]], group), 100_000)).toEqual([])
  })

  it('is what an old client chose, longer or shorter', () => {
    const tables = tablesWith([
      ['orders', 0, { expireTimestampMs: NOW.timestampMs + 10 }],
      ['orders', 1, { expireTimestampMs: NOW.timestampMs + 100_000 }],
    ])
    expect(expire(emptyGroup('group'), tables, 10)).toEqual([deleted('orders', 0)])
    expect(expire(emptyGroup('group'), tables, 5000)).toEqual([deleted('orders', 0)])
  })

  it('spares a group without offsets that somebody is about to join', () => {
    const group = aGroup({ pendingMembers: new Map([['pending', Infinity]]) })
    expect(expire(group, tablesWith([], group), 100_000)).toEqual([])
    expect(expire(aGroup(), tablesWith([], group), 0)).toEqual([{ type: 'groupDeleted', groupId: 'group' }])
  })
})
