import { describe, expect, it } from 'vitest'
import { afterFetch, isCaughtUp, unseenFollower } from './followerProgress.ts'

const fetch = (fetchOffset: number, leaderEndOffset: number, nowMs: number) => ({
  fetchOffset,
  logStartOffset: 0,
  brokerEpoch: 7,
  leaderEndOffset,
  nowMs,
})

describe('what a leader knows of a follower', () => {
  it('counts the offset of a fetch as what the follower has on its disk', () => {
    expect(afterFetch(unseenFollower(true, 0), fetch(40, 100, 1000))).toMatchObject({ logEndOffset: 40, brokerEpoch: 7, lastFetchMs: 1000 })
  })

  it('is caught up now with a fetch at or behind the leader’s end', () => {
    expect(afterFetch(unseenFollower(false, 0), fetch(100, 100, 1000)).lastCaughtUpMs).toBe(1000)
  })

  it('was caught up at its previous fetch when it now has all that the leader had then', () => {
    const first = afterFetch(unseenFollower(false, 0), fetch(90, 100, 1000))
    expect(afterFetch(first, fetch(100, 200, 1400)).lastCaughtUpMs).toBe(1000)
  })

  it('is not caught up by fetching less than the leader had last time', () => {
    const first = afterFetch(unseenFollower(false, 0), fetch(10, 100, 1000))
    expect(afterFetch(first, fetch(99, 200, 1400)).lastCaughtUpMs).toBe(-Infinity)
  })

  it('trusts in-sync members for one lag period after an election, and nobody else', () => {
    const at = { leaderEndOffset: 100, nowMs: 2900, maxLagMs: 2000 }
    expect(isCaughtUp(unseenFollower(true, 1000), at)).toBe(true)
    expect(isCaughtUp(unseenFollower(true, 800), at)).toBe(false)
    expect(isCaughtUp(unseenFollower(false, 2900), at)).toBe(false)
  })

  it('never calls a follower lagging that has everything, however long it has been silent', () => {
    const idle = afterFetch(unseenFollower(false, 0), fetch(100, 100, 0))
    expect(isCaughtUp(idle, { leaderEndOffset: 100, nowMs: 1e9, maxLagMs: 1 })).toBe(true)
  })
})
