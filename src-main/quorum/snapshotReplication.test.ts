import { describe, expect, it } from 'vitest'
import { aFollower, aLeader, aLog, aState } from './builders.ts'
import type { Effect, QuorumEvent } from './state.ts'
import { step } from './step.ts'

type PieceAnswered = Extract<QuorumEvent, { type: 'snapshotPieceAnswered' }>

/** A snapshot stands for [0, 10), of which epoch 3 wrote the last record; epoch 4 wrote [10, 20), epoch 5 the rest. */
const log = aLog(30, { 4: 10, 5: 20 }, { startOffset: 10, epochBeforeStart: 3, latestSnapshot: { endOffset: 15, epoch: 4 } })
const latest = { endOffset: 15, epoch: 4 }
const verdictOf = (effects: readonly Effect[]) => effects.find(effect => effect.type === 'answerFetch')?.verdict

describe('a fetch that the log alone cannot answer', () => {
  const leader = aState({ role: aLeader({ epochStartOffset: 20 }) })
  const verdictFor = (fetchOffset: number, lastFetchedEpoch: number, of = log) =>
    verdictOf(step(leader, { type: 'fetch', replicaId: 2, epoch: 5, fetchOffset, lastFetchedEpoch }, of)[1])

  it.each([
    { given: 'from a replica that has nothing', fetchOffset: 0, lastFetchedEpoch: 0 },
    { given: 'from below the log start', fetchOffset: 9, lastFetchedEpoch: 3 },
    { given: 'from the log start, but of another history', fetchOffset: 10, lastFetchedEpoch: 2 },
    { given: 'from the log start, but of another, later history', fetchOffset: 10, lastFetchedEpoch: 4 },
    { given: 'from a history that left ours before the log start', fetchOffset: 25, lastFetchedEpoch: 2 },
  ])('$given is told of the latest snapshot', ({ fetchOffset, lastFetchedEpoch }) => {
    expect(verdictFor(fetchOffset, lastFetchedEpoch)).toEqual({ type: 'snapshot', id: latest })
  })

  it.each([
    { given: 'from the log start', fetchOffset: 10, lastFetchedEpoch: 3, verdict: { type: 'read' } },
    { given: 'behind it', fetchOffset: 15, lastFetchedEpoch: 4, verdict: { type: 'read' } },
    {
      given: 'of a history that left ours behind it',
      fetchOffset: 25,
      lastFetchedEpoch: 4,
      verdict: { type: 'diverging', epoch: 4, endOffset: 20 },
    },
  ])('is none $given', ({ fetchOffset, lastFetchedEpoch, verdict }) => {
    expect(verdictFor(fetchOffset, lastFetchedEpoch)).toEqual(verdict)
  })

  it('is told of the snapshot although the log goes back to the first record, when the replica has nothing', () => {
    const whole = aLog(30, { 3: 0, 4: 10, 5: 20 }, { latestSnapshot: latest })
    expect(verdictFor(0, 0, whole)).toEqual({ type: 'snapshot', id: latest })
    expect(verdictFor(5, 3, whole)).toEqual({ type: 'read' })
    expect(verdictFor(12, 3, whole)).toEqual({ type: 'diverging', epoch: 3, endOffset: 10 })
  })

  it('counts for nothing: what the snapshot covers is not on the replica’s disk yet', () => {
    const [next] = step(leader, { type: 'fetch', replicaId: 2, epoch: 5, fetchOffset: 9, lastFetchedEpoch: 3 }, log)
    expect(next).toBe(leader)
  })
})

describe('a fetch of a piece of a snapshot', () => {
  it('shows the leader that the voter is there, and no more', () => {
    const roleOf = (recentlyFetched: ReadonlySet<number>) => aLeader({ epochStartOffset: 20, recentlyFetched })
    const role = roleOf(new Set())
    const [next, effects] = step(aState({ voters: [1, 2, 3, 4, 5], role }), { type: 'fetchSnapshot', replicaId: 2, epoch: 5 }, log)
    expect(next).toEqual(aState({ voters: [1, 2, 3, 4, 5], role: roleOf(new Set([2])) }))
    expect(verdictOf(effects)).toEqual({ type: 'read' })
  })

  it('keeps the leader in office when with it a majority was heard of', () => {
    const [, effects] = step(aState({ role: aLeader() }), { type: 'fetchSnapshot', replicaId: 2, epoch: 5 }, log)
    expect(effects.map(effect => effect.type)).toEqual(['armCheckQuorumTimer', 'answerFetch'])
  })

  it.each([
    { given: 'of an older epoch', epoch: 4, role: aLeader(), error: 'FENCED_LEADER_EPOCH' },
    { given: 'of an epoch to come', epoch: 6, role: aLeader(), error: 'UNKNOWN_LEADER_EPOCH' },
    { given: 'from one who does not lead', epoch: 5, role: aFollower(), error: 'NOT_LEADER_OR_FOLLOWER' },
  ])('is refused $given with $error', ({ epoch, role, error }) => {
    expect(verdictOf(step(aState({ role }), { type: 'fetchSnapshot', replicaId: 2, epoch }, log)[1])).toEqual({ type: 'refused', error })
  })
})

describe('a follower that is too far behind', () => {
  const follower = aState({ highWatermark: 7, role: aFollower({ contact: 'awaited' }) })
  const own = aLog(9)
  const answered = (given: Partial<PieceAnswered> = {}): PieceAnswered => ({
    type: 'snapshotPieceAnswered',
    from: 2,
    epoch: 5,
    error: 'NONE',
    leader: { leaderId: 2, epoch: 5 },
    id: latest,
    size: 10,
    position: 4,
    bytes: Buffer.from('abc'),
    ...given,
  })
  const arm = { type: 'armElectionTimer', wait: { type: 'fetchTimeout' } }

  it('fetches the snapshot that its leader told it of, from its first byte', () => {
    const [next, effects] = step(
      follower,
      {
        type: 'fetchAnswered',
        from: 2,
        epoch: 5,
        error: 'NONE',
        leader: { leaderId: 2, epoch: 5 },
        diverging: undefined,
        snapshot: latest,
        highWatermark: 22,
        records: Buffer.alloc(0),
      },
      own,
    )
    expect(next).toEqual({ ...follower, role: aFollower({ contact: 'made' }) })
    expect(effects).toEqual([arm, { type: 'fetchSnapshotPiece', from: 2, epoch: 5, id: latest, position: 0 }])
  })

  it('keeps each piece, and with each its faith in the leader', () => {
    const [next, effects] = step(follower, answered(), own)
    expect(next).toEqual({ ...follower, role: aFollower({ contact: 'made' }) })
    const piece = { type: 'keepSnapshotPiece', from: 2, epoch: 5, id: latest, position: 4, bytes: Buffer.from('abc') }
    expect(effects).toEqual([arm, { ...piece, isLast: false }])
    expect(step(follower, answered({ size: 7 }), own)[1]).toEqual([arm, { ...piece, isLast: true }])
  })

  it.each([
    { given: 'the snapshot is gone', event: answered({ error: 'SNAPSHOT_NOT_FOUND' }) },
    { given: 'a piece is empty', event: answered({ bytes: Buffer.alloc(0) }) },
    { given: 'a piece goes beyond the end', event: answered({ size: 6 }) },
  ])('begins again with a fetch, after a while, when $given', ({ event }) => {
    const [, effects] = step(follower, event, own)
    expect(effects.at(-1)).toEqual({ type: 'fetch', from: 2, epoch: 5, when: 'afterBackoff' })
  })

  it('takes no piece from one who does not lead any more', () => {
    expect(step(follower, answered({ from: 3 }), own)).toEqual([follower, []])
    expect(step({ ...follower, epoch: 6 }, answered(), own)).toEqual([{ ...follower, epoch: 6 }, []])
  })

  it('knows all that the snapshot covers to be committed, and fetches behind it', () => {
    const [next, effects] = step(follower, { type: 'snapshotInstalled', epoch: 5, id: latest }, aLog(15))
    expect(next).toEqual({ ...follower, highWatermark: 15 })
    expect(effects).toEqual([
      { type: 'commit', highWatermark: 15 },
      { type: 'fetch', from: 2, epoch: 5, when: 'now' },
    ])
  })

  it('knows so too when the leader has changed meanwhile', () => {
    const state = aState({ epoch: 6, highWatermark: 7 })
    const [next, effects] = step(state, { type: 'snapshotInstalled', epoch: 5, id: latest }, aLog(15))
    expect(next).toEqual({ ...state, highWatermark: 15 })
    expect(effects).toEqual([{ type: 'commit', highWatermark: 15 }])
  })
})
