import { describe, expect, it } from 'vitest'
import { aFollower, aLeader, aLog, aProspective, aState, typesOf } from './builders.ts'
import type { Effect, QuorumEvent, QuorumState } from './state.ts'
import { step } from './step.ts'

type FetchEvent = Extract<QuorumEvent, { type: 'fetch' }>
type FetchAnswered = Extract<QuorumEvent, { type: 'fetchAnswered' }>

/** Epoch 4 wrote [0, 10), the leader of epoch 5 wrote [10, 20). */
const log = aLog(20, { 4: 0, 5: 10 })
const fetch = (given: Partial<FetchEvent> = {}): FetchEvent => ({
  type: 'fetch',
  replicaId: 2,
  epoch: 5,
  fetchOffset: 20,
  lastFetchedEpoch: 5,
  ...given,
})
const answered = (given: Partial<FetchAnswered> = {}): FetchAnswered => ({
  type: 'fetchAnswered',
  from: 2,
  epoch: 5,
  error: 'NONE',
  leader: { leaderId: 2, epoch: 5 },
  diverging: undefined,
  snapshot: undefined,
  highWatermark: 0,
  records: Buffer.alloc(0),
  ...given,
})
const verdictOf = (effects: readonly Effect[]) => effects.find(effect => effect.type === 'answerFetch')?.verdict

describe('the leader’s high watermark', () => {
  const cases: { given: string; voters: number[]; synced: number; offsets: Record<number, number>; highWatermark: number }[] = [
    { given: 'what a majority has', voters: [1, 2, 3], synced: 15, offsets: { 2: 20 }, highWatermark: 15 },
    { given: 'what the followers have before the leader', voters: [1, 2, 3], synced: 11, offsets: { 2: 20, 3: 18 }, highWatermark: 18 },
    { given: 'nothing that the leader alone has', voters: [1, 2, 3], synced: 20, offsets: {}, highWatermark: 0 },
    { given: 'nothing that was not synced', voters: [1, 2, 3], synced: 0, offsets: { 2: 20 }, highWatermark: 0 },
    { given: 'nothing of earlier epochs by itself', voters: [1, 2, 3], synced: 20, offsets: { 2: 10, 3: 10 }, highWatermark: 0 },
    { given: 'all from the LeaderChange record on', voters: [1, 2, 3], synced: 20, offsets: { 2: 11 }, highWatermark: 11 },
    { given: 'what three of five have', voters: [1, 2, 3, 4, 5], synced: 20, offsets: { 2: 14, 3: 12, 4: 11 }, highWatermark: 12 },
    { given: 'what three of four have', voters: [1, 2, 3, 4], synced: 20, offsets: { 2: 14, 3: 12 }, highWatermark: 12 },
    { given: 'what it synced, alone', voters: [1], synced: 17, offsets: {}, highWatermark: 17 },
  ]

  it.each(cases)('is $given', ({ voters, synced, offsets, highWatermark }) => {
    let state = aState({ voters, role: aLeader() })
    const effects: Effect[] = []
    const events: QuorumEvent[] = Object.entries(offsets).map(([id, fetchOffset]) =>
      fetch({ replicaId: Number(id), fetchOffset, lastFetchedEpoch: fetchOffset > 10 ? 5 : 4 }),
    )
    for (const event of [...events, { type: 'synced', epoch: 5, endOffset: synced } as const]) {
      const [next, more] = step(state, event, log)
      state = next
      effects.push(...more)
    }
    expect(state.highWatermark).toBe(highWatermark)
    expect(effects.filter(effect => effect.type === 'commit').at(-1)?.highWatermark ?? 0).toBe(highWatermark)
  })

  it('never goes back', () => {
    const state = aState({ highWatermark: 15, role: aLeader({ syncedEndOffset: 20, fetchOffsets: new Map([[2, 15]]) }) })
    const [next] = step(state, fetch({ fetchOffset: 12 }), log)
    expect(next.highWatermark).toBe(15)
  })

  it('ignores syncs of another epoch', () => {
    const state = aState({ role: aLeader({ fetchOffsets: new Map([[2, 20]]) }) })
    expect(step(state, { type: 'synced', epoch: 4, endOffset: 20 }, log)).toEqual([state, []])
  })
})

describe('a fetch', () => {
  it('counts before it is answered', () => {
    const state = aState({ role: aLeader({ syncedEndOffset: 20 }) })
    const [next, effects] = step(state, fetch(), log)
    expect(next).toEqual(aState({ highWatermark: 20, role: aLeader({ syncedEndOffset: 20, fetchOffsets: new Map([[2, 20]]) }) }))
    expect(effects).toEqual([
      { type: 'armCheckQuorumTimer' },
      { type: 'commit', highWatermark: 20 },
      { type: 'answerFetch', verdict: { type: 'read' }, leader: { leaderId: 1, epoch: 5 } },
    ])
  })

  it('of an observer is answered and does not count', () => {
    const state = aState({ role: aLeader({ syncedEndOffset: 20 }) })
    const [next, effects] = step(state, fetch({ replicaId: 9 }), log)
    expect(next).toBe(state)
    expect(verdictOf(effects)).toEqual({ type: 'read' })
  })

  const diverging: { given: string; fetchOffset: number; lastFetchedEpoch: number; epoch: number; endOffset: number }[] = [
    { given: 'a longer epoch than ours', fetchOffset: 15, lastFetchedEpoch: 4, epoch: 4, endOffset: 10 },
    { given: 'an epoch that we do not have', fetchOffset: 8, lastFetchedEpoch: 3, epoch: 3, endOffset: 0 },
    { given: 'an epoch above ours', fetchOffset: 15, lastFetchedEpoch: 7, epoch: 5, endOffset: 20 },
    { given: 'more of our epoch than we have', fetchOffset: 25, lastFetchedEpoch: 5, epoch: 5, endOffset: 20 },
  ]

  it.each(diverging)(
    'from $given is told where the logs part, and does not count',
    ({ fetchOffset, lastFetchedEpoch, epoch, endOffset }) => {
      const state = aState({ role: aLeader() })
      const [next, effects] = step(state, fetch({ fetchOffset, lastFetchedEpoch }), log)
      expect(next).toBe(state)
      expect(verdictOf(effects)).toEqual({ type: 'diverging', epoch, endOffset })
    },
  )

  it.each([
    { given: 'an older epoch', event: fetch({ epoch: 4 }), error: 'FENCED_LEADER_EPOCH' },
    { given: 'an epoch to come', event: fetch({ epoch: 6 }), error: 'UNKNOWN_LEADER_EPOCH' },
    {
      given: 'an offset beyond the end',
      event: fetch({ replicaId: -1, fetchOffset: 21, lastFetchedEpoch: -1 }),
      error: 'OFFSET_OUT_OF_RANGE',
    },
  ])('with $given is refused with $error', ({ event, error }) => {
    const [, effects] = step(aState({ role: aLeader() }), event, log)
    expect(verdictOf(effects)).toEqual({ type: 'refused', error })
  })

  it('to a follower is sent on to its leader', () => {
    const [, effects] = step(aState({ role: aFollower({ leaderId: 3 }) }), fetch(), log)
    expect(effects).toEqual([
      { type: 'answerFetch', verdict: { type: 'refused', error: 'NOT_LEADER_OR_FOLLOWER' }, leader: { leaderId: 3, epoch: 5 } },
    ])
  })
})

describe('check-quorum', () => {
  it('starts anew when a majority, the leader counted, has fetched since', () => {
    const five = { voters: [1, 2, 3, 4, 5] }
    const [one, first] = step(aState({ ...five, role: aLeader() }), fetch(), log)
    expect(typesOf(first)).toEqual(['answerFetch'])
    const [again, second] = step(one, fetch(), log)
    expect(typesOf(second)).toEqual(['answerFetch'])
    const [both, third] = step(again, fetch({ replicaId: 3 }), log)
    expect(typesOf(third)).toContain('armCheckQuorumTimer')
    expect(both.role).toMatchObject({ recentlyFetched: new Set() })
  })
})

describe('a follower', () => {
  const follower = (given: Partial<QuorumState> = {}): QuorumState => aState({ role: aFollower(), ...given })
  const fetchNow: Effect = { type: 'fetch', from: 2, epoch: 5, when: 'now' }
  const armFetchTimeout: Effect = { type: 'armElectionTimer', wait: { type: 'fetchTimeout' } }

  it('has records on disk before it fetches again', () => {
    const records = Buffer.from('a batch')
    const awaited = follower({ role: aFollower({ contact: 'awaited' }), failedCampaigns: 3 })
    const [next, effects] = step(awaited, answered({ records, highWatermark: 17 }), log)
    expect(next).toEqual(follower())
    expect(effects).toEqual([armFetchTimeout, { type: 'replicate', records, epoch: 5, leaderHighWatermark: 17 }])
    expect(step(next, { type: 'replicated', epoch: 5, leaderHighWatermark: 17 }, log)[1]).toEqual([
      { type: 'commit', highWatermark: 17 },
      fetchNow,
    ])
  })

  it('learns of commits up to the end of its own log', () => {
    const [next, effects] = step(follower(), answered({ highWatermark: 30 }), log)
    expect(next.highWatermark).toBe(20)
    expect(effects).toEqual([armFetchTimeout, { type: 'commit', highWatermark: 20 }, fetchNow])
  })

  it('knows better than a new leader what was committed before', () => {
    const [next, effects] = step(follower({ highWatermark: 15 }), answered({ highWatermark: 0 }), log)
    expect(next.highWatermark).toBe(15)
    expect(effects).toEqual([armFetchTimeout, fetchNow])
  })

  it.each([
    { given: 'both logs have the epoch', diverging: { epoch: 4, endOffset: 6 }, to: 6 },
    { given: 'its own part of the epoch is shorter', diverging: { epoch: 4, endOffset: 15 }, to: 10 },
    { given: 'it does not have the epoch', diverging: { epoch: 3, endOffset: 8 }, to: 0 },
  ])('truncates to where the logs part when $given', ({ diverging, to }) => {
    const [, effects] = step(follower(), answered({ diverging }), log)
    expect(effects).toEqual([armFetchTimeout, { type: 'truncate', to }, fetchNow])
  })

  it('never truncates what is committed', () => {
    expect(() => step(follower({ highWatermark: 7 }), answered({ diverging: { epoch: 4, endOffset: 6 } }), log)).toThrow('never truncated')
  })

  it('tries again after a failure, and prepares to campaign', () => {
    const [next, effects] = step(follower(), { type: 'fetchFailed', from: 2, epoch: 5 }, log)
    expect(next.role).toEqual(aFollower({ contact: 'lost' }))
    expect(effects).toEqual([
      { type: 'armElectionTimer', wait: { type: 'campaign', attempt: 0 } },
      { type: 'fetch', from: 2, epoch: 5, when: 'afterBackoff' },
    ])
  })

  it('goes to the leader that it is sent to', () => {
    const sent = answered({ error: 'FENCED_LEADER_EPOCH', leader: { leaderId: 3, epoch: 6 } })
    const [next, effects] = step(follower(), sent, log)
    expect(next).toEqual(aState({ epoch: 6, role: aFollower({ leaderId: 3, contact: 'awaited' }) }))
    expect(typesOf(effects)).toEqual(['persistVote', 'armElectionTimer', 'fetch'])
  })

  it('suspects a leader that says it is none', () => {
    const [next, effects] = step(follower(), answered({ error: 'NOT_LEADER_OR_FOLLOWER', leader: { leaderId: undefined, epoch: 5 } }), log)
    expect(next.role).toEqual(aFollower({ contact: 'lost' }))
    expect(typesOf(effects)).toEqual(['armElectionTimer', 'fetch'])
  })

  it.each([
    { given: 'of another leader', event: answered({ from: 3, leader: { leaderId: undefined, epoch: -1 } }) },
    { given: 'to a fetch of another epoch', event: answered({ epoch: 4, leader: { leaderId: 2, epoch: 4 } }) },
    { given: 'that failed, of another epoch', event: { type: 'fetchFailed', from: 2, epoch: 4 } as const },
    { given: 'whose records came too late', event: { type: 'replicated', epoch: 4, leaderHighWatermark: 20 } as const },
  ])('does not care about an answer $given', ({ event }) => {
    const state = follower()
    expect(step(state, event, log)).toEqual([state, []])
  })

  it('that already campaigns comes back when its leader answers after all', () => {
    const [next, effects] = step(aState({ role: aProspective({ formerLeaderId: 2 }) }), answered(), log)
    expect(next.role).toEqual(aFollower({ contact: 'awaited' }))
    expect(typesOf(effects)).toEqual(['armElectionTimer', 'fetch'])
  })
})
