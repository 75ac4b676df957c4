import { describe, expect, it } from 'vitest'
import { afterFetch, type FollowerProgress, unseenFollower } from './followerProgress.ts'
import { effectiveMinIsr, type LeaderView, nextHighWatermark, produceOutcome } from './highWatermark.ts'

const at = (logEndOffset: number, options: { caughtUpMs?: number } = {}): FollowerProgress => ({
  ...afterFetch(unseenFollower(false, 0), {
    fetchOffset: logEndOffset,
    logStartOffset: 0,
    brokerEpoch: 1,
    leaderEndOffset: 1000,
    nowMs: 0,
  }),
  lastCaughtUpMs: options.caughtUpMs ?? -Infinity,
})

const leader = (changes: Partial<LeaderView>): LeaderView => ({
  leaderId: 1,
  leaderEndOffset: 100,
  highWatermark: 10,
  inSync: { type: 'committed', isr: [1, 2, 3], partitionEpoch: 0 },
  followers: new Map([
    [2, at(90)],
    [3, at(80)],
  ]),
  isEligible: () => true,
  minIsr: 1,
  nowMs: 10_000,
  maxLagMs: 3000,
  ...changes,
})

describe('the high watermark of a leader', () => {
  it('is what every in-sync replica has', () => {
    expect(nextHighWatermark(leader({}))).toBe(80)
  })

  it('is the leader’s end when it is alone in sync', () => {
    expect(nextHighWatermark(leader({ inSync: { type: 'committed', isr: [1], partitionEpoch: 0 } }))).toBe(100)
  })

  it('waits for the member that an expansion in flight may already have added', () => {
    const inSync = { type: 'expanding', isr: [1, 2], partitionEpoch: 0, added: 3 } as const
    expect(nextHighWatermark(leader({ inSync }))).toBe(80)
  })

  it('waits for the member that a shrink in flight has not removed yet', () => {
    const inSync = { type: 'shrinking', isr: [1, 2, 3], partitionEpoch: 0, removed: [3] } as const
    expect(nextHighWatermark(leader({ inSync }))).toBe(80)
  })

  it('waits for a replica that is caught up and about to join', () => {
    const inSync = { type: 'committed', isr: [1, 2], partitionEpoch: 0 } as const
    const followers = new Map([
      [2, at(90)],
      [3, at(80, { caughtUpMs: 9000 })],
    ])
    expect(nextHighWatermark(leader({ inSync, followers }))).toBe(80)
    expect(nextHighWatermark(leader({ inSync, followers, isEligible: id => id !== 3 }))).toBe(90)
  })

  it('stands still while fewer are in sync than min.insync.replicas asks for (KIP-966)', () => {
    expect(nextHighWatermark(leader({ inSync: { type: 'committed', isr: [1], partitionEpoch: 0 }, minIsr: 2 }))).toBe(10)
  })

  it('never falls, not even for a member that has not been heard of in this epoch', () => {
    expect(nextHighWatermark(leader({ followers: new Map([[2, unseenFollower(true, 0)]]) }))).toBe(10)
  })
})

describe('an acks=-1 append', () => {
  const inSync = { type: 'committed', isr: [1, 2], partitionEpoch: 0 } as const

  it('waits for the high watermark', () => {
    expect(produceOutcome({ requiredOffset: 11, highWatermark: 10, inSync, minIsr: 2 })).toBeUndefined()
    expect(produceOutcome({ requiredOffset: 11, highWatermark: 11, inSync, minIsr: 2 })).toBe('NONE')
  })

  it('fails when the in-sync set has become too small by the time it is committed', () => {
    expect(produceOutcome({ requiredOffset: 11, highWatermark: 11, inSync: { ...inSync, isr: [1] }, minIsr: 2 })).toBe(
      'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    )
  })

  it('never asks for more in-sync replicas than there are replicas', () => {
    expect(effectiveMinIsr(2, 1)).toBe(1)
    expect(effectiveMinIsr(2, 3)).toBe(2)
  })
})
