import { beforeEach, describe, expect, it } from 'vitest'
import type { FetchRequest } from '../../protocol/messages/fetch.ts'
import { simulatedWorld, type World } from '../../simulation/world.ts'
import type { Partition } from './partition.ts'
import { type AnsweredPartition, type ClosedFetch, FetchSessions, type OpenedFetch } from './fetchSessions.ts'

const TOPIC_ID = 'aaaaaaaaaaaaaaaaaaaaaA'

function aFetch(changes: Partial<FetchRequest> & { partitions?: readonly number[]; forgotten?: readonly number[] }): FetchRequest {
  const { partitions = [], forgotten = [], ...rest } = changes
  return {
    clusterId: null,
    replicaId: -1,
    replicaState: { replicaId: -1, replicaEpoch: -1 },
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      {
        topic: '',
        topicId: TOPIC_ID,
        partitions: partitions.map(partition => ({
          partition,
          currentLeaderEpoch: -1,
          fetchOffset: 0,
          lastFetchedEpoch: -1,
          logStartOffset: -1,
          partitionMaxBytes: 100,
          replicaDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
          highWatermark: 0,
        })),
      },
    ],
    forgottenTopicsData: forgotten.length === 0 ? [] : [{ topic: '', topicId: TOPIC_ID, partitions: [...forgotten] }],
    rackId: '',
    ...rest,
  }
}

const nothingNew: AnsweredPartition = {
  hasError: false,
  hasRecords: false,
  isDiverging: false,
  isElsewhere: false,
  highWatermark: 7,
  logStartOffset: 0,
}

describe('fetch sessions (KIP-227)', () => {
  let world: World
  let sessions: FetchSessions

  beforeEach(() => {
    world = simulatedWorld(1)
    sessions = new FetchSessions(world.env('broker'), { slots: 2 })
  })

  function opened(request: FetchRequest): OpenedFetch {
    const result = sessions.open(request, true)
    if (typeof result === 'string') throw new Error(result)
    return result
  }

  function closed(fetch: OpenedFetch, answers: readonly AnsweredPartition[]): ClosedFetch {
    const result = fetch.close(answers)
    if (typeof result === 'string') throw new Error(result)
    return result
  }

  /** A session with these partitions, all answered with `nothingNew`. */
  function begun(partitions: readonly number[], replicaId = -1): number {
    const request = aFetch({ sessionEpoch: 0, partitions, replicaState: { replicaId, replicaEpoch: -1 } })
    return closed(
      opened(request),
      partitions.map(() => nothingNew),
    ).sessionId
  }

  const isThere = (sessionId: number) => sessions.open(aFetch({ sessionId, sessionEpoch: 7 }), true) === 'INVALID_FETCH_SESSION_EPOCH'

  it('begin with a full fetch of epoch 0, and not with one of epoch -1', () => {
    expect(begun([0, 1])).toBeGreaterThan(0)
    expect(closed(opened(aFetch({ sessionEpoch: -1, partitions: [0] })), [nothingNew]).sessionId).toBe(0)
  })

  it('read all their partitions and send only those with news', () => {
    const sessionId = begun([0, 1, 2])
    const fetch = opened(aFetch({ sessionId, sessionEpoch: 1 }))
    expect(fetch.partitions.map(each => each.asked.partition)).toEqual([0, 1, 2])
    const answers = [nothingNew, { ...nothingNew, highWatermark: 8 }, { ...nothingNew, hasRecords: true }]
    expect(fetch.close(answers)).toEqual({ sessionId, isSent: [false, true, true] })
  })

  it('serve a partition that had data after the others', () => {
    const sessionId = begun([0, 1])
    closed(opened(aFetch({ sessionId, sessionEpoch: 1 })), [{ ...nothingNew, hasRecords: true }, nothingNew])
    expect(opened(aFetch({ sessionId, sessionEpoch: 2 })).partitions.map(each => each.asked.partition)).toEqual([1, 0])
  })

  it('send a partition again once its error is over', () => {
    const sessionId = begun([0])
    closed(opened(aFetch({ sessionId, sessionEpoch: 1 })), [{ ...nothingNew, hasError: true, highWatermark: -1 }])
    expect(closed(opened(aFetch({ sessionId, sessionEpoch: 2 })), [nothingNew]).isSent).toEqual([true])
    expect(closed(opened(aFetch({ sessionId, sessionEpoch: 3 })), [nothingNew]).isSent).toEqual([false])
  })

  it('add what is named and drop what is forgotten', () => {
    const sessionId = begun([0, 1])
    const fetch = opened(aFetch({ sessionId, sessionEpoch: 1, partitions: [5], forgotten: [0] }))
    expect(fetch.partitions.map(each => each.asked.partition)).toEqual([1, 5])
  })

  it('end when nothing is left in them', () => {
    const sessionId = begun([0])
    expect(closed(opened(aFetch({ sessionId, sessionEpoch: 1, forgotten: [0] })), []).sessionId).toBe(0)
    expect(sessions.open(aFetch({ sessionId, sessionEpoch: 2 }), true)).toBe('FETCH_SESSION_ID_NOT_FOUND')
  })

  it('refuse an unknown id, another epoch, and a change between names and ids', () => {
    const sessionId = begun([0])
    expect(sessions.open(aFetch({ sessionId: sessionId + 1, sessionEpoch: 1 }), true)).toBe('FETCH_SESSION_ID_NOT_FOUND')
    expect(sessions.open(aFetch({ sessionId, sessionEpoch: 2 }), true)).toBe('INVALID_FETCH_SESSION_EPOCH')
    expect(sessions.open(aFetch({ sessionId, sessionEpoch: 1 }), false)).toBe('FETCH_SESSION_TOPIC_ID_ERROR')
  })

  it('are closed by a full fetch that names them', () => {
    const sessionId = begun([0])
    closed(opened(aFetch({ sessionId, sessionEpoch: -1, partitions: [0] })), [nothingNew])
    expect(sessions.size).toBe(0)
  })

  it('are declined while all slots are young, and evict the least recently used one later', async () => {
    const first = begun([0])
    begun([0])
    expect(begun([0])).toBe(0)
    await world.run(120_001)
    expect(begun([0])).toBeGreaterThan(0)
    expect(sessions.open(aFetch({ sessionId: first, sessionEpoch: 1 }), true)).toBe('FETCH_SESSION_ID_NOT_FOUND')
  })

  it('of followers are preferred to those of consumers, young as they are', () => {
    const [small, large] = [begun([0]), begun([0, 1])]
    const follower = begun([0], 2)
    expect(follower).toBeGreaterThan(0)
    expect([small, large, follower].map(isThere)).toEqual([false, true, true])
    begun([0], 3)
    expect([large, follower].map(isThere)).toEqual([false, true])
    expect(begun([0, 1, 2], 4)).toBe(0) // those of followers are young too
  })

  it('that are in use are given up for a larger one once they are two minutes old: the smallest of consumers first', async () => {
    const follower = begun([0], 2)
    const consumer = begun([0, 1, 2])
    await world.run(100_000)
    opened(aFetch({ sessionId: follower, sessionEpoch: 1 }))
    opened(aFetch({ sessionId: consumer, sessionEpoch: 1 }))
    await world.run(30_000)
    expect(begun([0, 1])).toBe(0)
    expect(begun([0, 1, 2, 3])).toBeGreaterThan(0)
    expect([follower, consumer].map(isThere)).toEqual([true, false])
  })

  it('are not closed by the answer to a fetch before the last', () => {
    const sessionId = begun([0])
    const late = opened(aFetch({ sessionId, sessionEpoch: 1 }))
    const latest = opened(aFetch({ sessionId, sessionEpoch: 2 }))
    expect(late.close([{ ...nothingNew, highWatermark: 8 }])).toBe('INVALID_FETCH_SESSION_EPOCH')
    expect(closed(latest, [{ ...nothingNew, highWatermark: 8 }]).isSent).toEqual([true])
  })

  it('send on a consumer that should read elsewhere (KIP-392)', () => {
    const sessionId = begun([0, 1])
    expect(closed(opened(aFetch({ sessionId, sessionEpoch: 1 })), [{ ...nothingNew, isElsewhere: true }, nothingNew]).isSent).toEqual([
      true,
      false,
    ])
  })

  describe('of a follower', () => {
    const replica = { id: 2, brokerEpoch: 7 }
    let closing: AbortController
    let wakes: Set<() => void>
    let isIdle: boolean

    beforeEach(() => {
      closing = new AbortController()
      wakes = new Set()
      isIdle = true
    })

    /** What a session asks of a partition. */
    const at = {
      isIdleFor: () => isIdle,
      watch: (_what: string, wake: () => void) => void wakes.add(wake),
      unwatch: (_what: string, wake: () => void) => void wakes.delete(wake),
    } as unknown as Partition

    function next(sessionId: number, sessionEpoch: number, partitions: readonly number[] = []): OpenedFetch {
      const request = aFetch({ sessionId, sessionEpoch, partitions, replicaState: { replicaId: 2, replicaEpoch: 7 } })
      const result = sessions.open(request, true, { replica, closed: closing.signal })
      if (typeof result === 'string') throw new Error(result)
      return result
    }

    /** A session whose partitions were looked at once, and rest. */
    function resting(): number {
      const sessionId = begun([0, 1], 2)
      closed(next(sessionId, 1), [
        { ...nothingNew, at },
        { ...nothingNew, at },
      ])
      return sessionId
    }

    it('do not look again at partitions to which nothing has happened', () => {
      expect(next(resting(), 2).partitions).toEqual([])
    })

    it('look at them again when one is named, or turns out not to be idle', () => {
      const sessionId = resting()
      expect(next(sessionId, 2, [1]).partitions.map(each => each.asked.partition)).toEqual([1])
      isIdle = false
      expect(next(sessionId, 3).partitions.map(each => each.asked.partition)).toEqual([0, 1])
    })

    it('tell a fetch that waits when something happens to them', () => {
      const { partitions, idle } = next(resting(), 2)
      let woken = 0
      idle!.watch(() => woken++)
      expect(idle!.moved()).toEqual([])
      isIdle = false
      expect(idle!.moved(), 'nobody has said that anything happened').toEqual([])
      for (const wake of wakes) wake()
      expect(woken).toBe(1)
      expect(idle!.moved()).toHaveLength(2)
      expect(partitions).toHaveLength(2)
    })

    it('watch nothing any more when the connection of their follower is closed', () => {
      resting()
      expect(wakes.size).toBe(1)
      closing.abort()
      expect(wakes.size).toBe(0)
    })
  })
})
