import { describe, expect, it } from 'vitest'
import { FollowerSession, keyOf, type SessionFields, type WantedPartition } from './followerSession.ts'

const TOPIC_ID = 'aaaaaaaaaaaaaaaaaaaaaA'

const wanted = (partition: number, fetchOffset = 0): WantedPartition => ({
  key: keyOf(TOPIC_ID, partition),
  topicId: TOPIC_ID,
  asked: {
    partition,
    currentLeaderEpoch: 1,
    fetchOffset,
    lastFetchedEpoch: 1,
    logStartOffset: 0,
    partitionMaxBytes: 100,
    replicaDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
    highWatermark: Number.MAX_SAFE_INTEGER,
  },
})

const told = ({ sessionId, sessionEpoch, topics, forgottenTopicsData }: SessionFields) => ({
  sessionId,
  sessionEpoch,
  named: topics.flatMap(each => each.partitions.map(({ partition }) => partition)),
  forgotten: forgottenTopicsData.flatMap(each => each.partitions),
})

describe("a follower's fetch session (KIP-227)", () => {
  it('names everything once, and then what has moved, what is new, and what it does not want any more', () => {
    const session = new FollowerSession()
    expect(told(session.next([wanted(0), wanted(1), wanted(2)]))).toEqual({
      sessionId: 0,
      sessionEpoch: 0,
      named: [0, 1, 2],
      forgotten: [],
    })
    session.answered(7)
    expect(told(session.next([wanted(0), wanted(1, 5), wanted(3)]))).toEqual({
      sessionId: 7,
      sessionEpoch: 1,
      named: [1, 3],
      forgotten: [2],
    })
    session.answered(7)
    expect(told(session.next([wanted(0), wanted(1, 5), wanted(3)]))).toEqual({ sessionId: 7, sessionEpoch: 2, named: [], forgotten: [] })
  })

  it('begins anew, and ends what there was, when an answer is lost', () => {
    const session = new FollowerSession()
    session.next([wanted(0)])
    session.answered(7)
    session.next([wanted(0, 3)])
    session.lost()
    expect(told(session.next([wanted(0, 3), wanted(1)]))).toEqual({ sessionId: 7, sessionEpoch: 0, named: [0, 1], forgotten: [] })
    session.answered(8)
    expect(told(session.next([wanted(0, 3), wanted(1)]))).toEqual({ sessionId: 8, sessionEpoch: 1, named: [], forgotten: [] })
  })

  it('names everything each time while the leader keeps no session', () => {
    const session = new FollowerSession()
    session.next([wanted(0)])
    session.answered(0)
    expect(told(session.next([wanted(0)]))).toEqual({ sessionId: 0, sessionEpoch: 0, named: [0], forgotten: [] })
  })
})
