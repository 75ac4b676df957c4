import { describe, expect, it } from 'vitest'
import { afterFetch, unseenFollower } from './followerProgress.ts'
import {
  afterAlterPartition,
  expandIsrIfCaughtUp,
  type InSyncReplicas,
  maximalIsr,
  proposedIsr,
  shrinkIsrIfLagging,
} from './inSyncReplicas.ts'

const committed: InSyncReplicas = { type: 'committed', isr: [1, 2], partitionEpoch: 5 }
const expanding: InSyncReplicas = { type: 'expanding', isr: [1, 2], partitionEpoch: 5, added: 3 }
const shrinking: InSyncReplicas = { type: 'shrinking', isr: [1, 2], partitionEpoch: 5, removed: [2] }

describe('the maximal in-sync set (KIP-497)', () => {
  it.each([
    { given: 'nothing pending', inSync: committed, maximal: [1, 2], proposed: [1, 2] },
    { given: 'an expansion in flight', inSync: expanding, maximal: [1, 2, 3], proposed: [1, 2, 3] },
    { given: 'a shrink in flight', inSync: shrinking, maximal: [1, 2], proposed: [1] },
  ])('holds everyone who may be in sync with $given', ({ inSync, maximal, proposed }) => {
    expect(maximalIsr(inSync)).toEqual(maximal)
    expect(proposedIsr(inSync)).toEqual(proposed)
  })
})

describe('an expansion', () => {
  const follower = { replicaId: 3, logEndOffset: 100, highWatermark: 100, epochStartOffset: 80, isEligible: true }

  it('is proposed when the follower has everything up to the high watermark', () => {
    expect(expandIsrIfCaughtUp(committed, follower)).toEqual(expanding)
  })

  it.each([
    { given: 'below the high watermark', asked: { ...follower, logEndOffset: 99 } },
    { given: 'below the start of the leader’s epoch', asked: { ...follower, highWatermark: 50, logEndOffset: 79 } },
    { given: 'fenced, shutting down or of another broker epoch (KIP-903)', asked: { ...follower, isEligible: false } },
    { given: 'in sync already', asked: { ...follower, replicaId: 2 } },
  ])('is not proposed for a follower $given', ({ asked }) => {
    expect(expandIsrIfCaughtUp(committed, asked)).toBeUndefined()
  })

  it('waits while another change is pending', () => {
    expect(expandIsrIfCaughtUp(shrinking, follower)).toBeUndefined()
  })
})

describe('a shrink', () => {
  const caughtUp = (at: number) =>
    afterFetch(unseenFollower(true, 0), { fetchOffset: 90, logStartOffset: 0, brokerEpoch: 1, leaderEndOffset: 90, nowMs: at })
  const leader = { leaderId: 1, leaderEndOffset: 100, nowMs: 5000, maxLagMs: 3000 }

  it('drops the member that has not been caught up for longer than replica.lag.time.max.ms', () => {
    expect(shrinkIsrIfLagging(committed, { ...leader, followers: new Map([[2, caughtUp(1999)]]) })).toEqual(shrinking)
  })

  it('spares the member that was caught up recently', () => {
    expect(shrinkIsrIfLagging(committed, { ...leader, followers: new Map([[2, caughtUp(2000)]]) })).toBeUndefined()
  })

  it('never drops the leader, and waits while another change is pending', () => {
    expect(shrinkIsrIfLagging({ ...committed, isr: [1] }, { ...leader, followers: new Map() })).toBeUndefined()
    expect(shrinkIsrIfLagging(expanding, { ...leader, followers: new Map([[2, caughtUp(0)]]) })).toBeUndefined()
  })
})

describe('the answer to AlterPartition', () => {
  it('is adopted when its partition epoch is not older', () => {
    expect(afterAlterPartition(expanding, { error: 'NONE', isr: [1, 2, 3], partitionEpoch: 6 })).toEqual({
      next: { type: 'committed', isr: [1, 2, 3], partitionEpoch: 6 },
      retry: false,
    })
    expect(afterAlterPartition(expanding, { error: 'NONE', isr: [1], partitionEpoch: 4 }).next).toBe(expanding)
  })

  it.each(['INELIGIBLE_REPLICA', 'OPERATION_NOT_ATTEMPTED'] as const)('returns to the committed set on %s', error => {
    expect(afterAlterPartition(expanding, { error })).toEqual({ next: committed, retry: false })
  })

  it.each(['FENCED_LEADER_EPOCH', 'INVALID_UPDATE_VERSION', 'INVALID_REQUEST', 'UNKNOWN_TOPIC_ID', 'NEW_LEADER_ELECTED'] as const)(
    'leaves the change pending on %s, until metadata tells',
    error => expect(afterAlterPartition(shrinking, { error })).toEqual({ next: shrinking, retry: false }),
  )

  it('tries again on any other error', () => {
    expect(afterAlterPartition(shrinking, { error: 'UNKNOWN_SERVER_ERROR' })).toEqual({ next: shrinking, retry: true })
  })

  it('means nothing when metadata was faster', () => {
    expect(afterAlterPartition(committed, { error: 'UNKNOWN_SERVER_ERROR' })).toEqual({ next: committed, retry: false })
  })
})
