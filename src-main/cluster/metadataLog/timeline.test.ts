import { describe, expect, it } from 'vitest'
import type { EntryFilter } from '../../contract/metadataLog.ts'
import { metadataRecord, type MetadataRecordInput } from '../../protocol/messages/metadataRecords.ts'
import { changed, created, ORDERS, registered, SOME_TIME } from './builders.ts'
import { clusterThen } from './clusterThen.ts'
import { Timeline } from './timeline.ts'

const all: EntryFilter = { types: [], topic: '', brokerId: null }

function aTimeline(...records: readonly MetadataRecordInput[]): Timeline {
  const timeline = new Timeline()
  for (const [offset, record] of records.entries()) {
    timeline.add({ offset, epoch: 1, atMs: SOME_TIME + offset }, { kind: 'metadata', record: metadataRecord(record) })
  }
  return timeline
}
const beginning = [registered(1), registered(2), registered(3), ...created]
const lastOf = (timeline: Timeline) => timeline.matching(all).at(-1)!

describe('what a record did', () => {
  it.each([
    { of: 'a leader that moved', given: { leader: 2, isr: [2, 3] }, kinds: ['leaderMoved', 'isrShrunk'], brokers: [1, 2] },
    { of: 'a leader that went', given: { leader: -1 }, kinds: ['leaderGone'], brokers: [1] },
    { of: 'a leader that stays in a new epoch', given: { leader: 1 }, kinds: ['leaderAgain'], brokers: [] },
    { of: 'a move', given: { replicas: [1, 2, 3], addingReplicas: [3], removingReplicas: [1] }, kinds: ['moveBegun'], brokers: [] },
    { of: 'log folders', given: { directories: [1, 2, 3].map(() => ORDERS) }, kinds: ['directoriesAssigned'], brokers: [] },
  ])('to a partition is told of $of', ({ given, kinds, brokers }) => {
    const { says, brokers: told, topic, partition } = lastOf(aTimeline(...beginning, changed(given)))
    expect(says.map(({ kind }) => kind)).toEqual(kinds)
    expect({ told, topic, partition }).toEqual({ told: brokers, topic: 'orders', partition: 0 })
  })

  it('is the end of a move when the new replicas are there, and its cancellation when they are not', () => {
    const begun = changed({ replicas: [2, 3, 1], addingReplicas: [3], removingReplicas: [1] })
    const done = changed({ replicas: [2, 3], addingReplicas: [], removingReplicas: [] })
    expect(lastOf(aTimeline(...beginning, begun, done)).says.map(({ kind }) => kind)).toContain('moveDone')
    const cancelled = changed({ replicas: [2, 1], addingReplicas: [], removingReplicas: [] })
    expect(lastOf(aTimeline(...beginning, begun, cancelled)).says.map(({ kind }) => kind)).toContain('moveCancelled')
  })

  it('names a deleted topic by the name it had', () => {
    expect(lastOf(aTimeline(...beginning, { type: 'RemoveTopicRecord', topicId: ORDERS }))).toMatchObject({
      topic: 'orders',
      says: [{ kind: 'topicDeleted', values: { topic: 'orders' } }],
    })
  })

  it('keeps secrets', () => {
    const config = { type: 'ConfigRecord', resourceType: 4, resourceName: '1', name: 'ssl.key.password', value: 'hunter2' } as const
    const timeline = aTimeline(...beginning, config)
    expect(JSON.stringify(lastOf(timeline).says)).not.toContain('hunter2')
    expect(JSON.stringify(clusterThen(timeline.stateAt(99), null))).not.toContain('hunter2')
  })
})

describe('the state of the cluster as of a record', () => {
  const timeline = aTimeline(...beginning, { type: 'UnfenceBrokerRecord', id: 2, epoch: 102 }, changed({ leader: 2, isr: [2, 3] }))
  const at = (offset: number) => clusterThen(timeline.stateAt(offset), null)

  it('has what was there then, and nothing later', () => {
    expect(at(2).topics).toEqual([])
    expect(at(4).partitions).toMatchObject([{ leader: 1, inSyncReplicas: [1, 2, 3], isChanged: true }])
    expect(at(5).brokers.map(({ state }) => state)).toEqual(['fenced', 'active', 'fenced'])
    expect(at(6).partitions).toMatchObject([{ leader: 2, leaderEpoch: 1, inSyncReplicas: [2, 3] }])
    expect(at(6).brokers.map(({ leaders }) => leaders)).toEqual([0, 1, 0])
  })

  it('says what this record changed', () => {
    expect(at(5).brokers.map(({ isChanged }) => isChanged)).toEqual([false, true, false])
    expect(at(6).topics).toMatchObject([{ name: 'orders', underReplicated: 1, isChanged: true }])
    expect(at(6)).toMatchObject({ entry: { offset: 6 }, topic: 'orders' })
  })

  it('is the same from whichever kept state it is come to', () => {
    const long = aTimeline(...beginning, ...Array.from({ length: 2_500 }, (_, n) => changed({ leader: 1 + (n % 3) })))
    for (const offset of [5, 998, 1_000, 1_001, 2_007, 2_504]) {
      expect(clusterThen(long.stateAt(offset), 'orders').partitions[0]).toMatchObject({
        leader: 1 + ((offset - 5) % 3),
        leaderEpoch: offset - 4,
      })
    }
  })
})

describe('a log', () => {
  it('that contradicts itself is told of, and what is before stays', () => {
    const timeline = aTimeline(...beginning, { type: 'FenceBrokerRecord', id: 9, epoch: 1 }, changed({ leader: 2 }))
    expect(timeline.contradiction).toMatch('FenceBrokerRecord at offset 5')
    expect(timeline.extent().entries).toBe(7)
  })

  it('that is too long for the memory begins later, with the state until then', () => {
    const many = Array.from({ length: 115_000 }, (_, n) => changed({ leader: 1 + (n % 3) }))
    const timeline = aTimeline(...beginning, ...many)
    const { before, entries, firstOffset } = timeline.extent()
    expect({ before, entries, firstOffset }).toEqual({
      before: { endOffset: 10_000, why: 'tooMany' },
      entries: 105_005,
      firstOffset: 10_000,
    })
    expect(clusterThen(timeline.stateAt(9_000), 'orders')).toMatchObject({ entry: null, partitions: [{ leaderEpoch: 9_995 }] })
    expect(clusterThen(timeline.stateAt(10_000), 'orders').partitions).toMatchObject([{ leaderEpoch: 9_996 }])
  })

  it('is filtered by type, by a part of the topic’s name, and by broker', () => {
    const timeline = aTimeline(...beginning, changed({ leader: 2 }))
    const found = (filter: Partial<EntryFilter>) => timeline.matching({ ...all, ...filter }).map(({ offset }) => offset)
    expect(found({ types: ['RegisterBrokerRecord'] })).toEqual([0, 1, 2])
    expect(found({ topic: 'ord' })).toEqual([3, 4, 5])
    expect(found({ brokerId: 2 })).toEqual([1, 4, 5])
    expect(timeline.extent().troubles).toEqual([0, 0, 0, 0, 0, 1])
  })
})
