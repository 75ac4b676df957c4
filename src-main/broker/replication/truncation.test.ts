import { describe, expect, it } from 'vitest'
import { EpochCache } from '../../storage/epochCache.ts'
import { afterOffsetOutOfRange, checkFetchPosition, checkFollowerPosition, truncationOffset } from './truncation.ts'

describe('a fetch that names the epoch before its offset (KIP-595)', () => {
  it.each([
    { given: 'no epoch', lastFetchedEpoch: -1, end: { epoch: -1, endOffset: -1 }, position: 'matches' },
    { given: 'an epoch the leader never had', lastFetchedEpoch: 4, end: { epoch: -1, endOffset: -1 }, position: 'OFFSET_OUT_OF_RANGE' },
    { given: 'an epoch that reaches as far', lastFetchedEpoch: 4, end: { epoch: 4, endOffset: 50 }, position: 'matches' },
    {
      given: 'an epoch that ended earlier at the leader',
      lastFetchedEpoch: 4,
      end: { epoch: 4, endOffset: 49 },
      position: { diverging: { epoch: 4, endOffset: 49 } },
    },
    {
      given: 'an epoch in place of which the leader has an older one',
      lastFetchedEpoch: 4,
      end: { epoch: 3, endOffset: 60 },
      position: { diverging: { epoch: 3, endOffset: 60 } },
    },
  ])('is checked with $given', ({ lastFetchedEpoch, end, position }) => {
    expect(checkFetchPosition({ offset: 50, lastFetchedEpoch }, end)).toEqual(position)
  })
})

describe('a follower at the start of its leader’s log', () => {
  const leader = (entries: readonly (readonly [epoch: number, startOffset: number])[]) => {
    const cache = new EpochCache(entries.map(([epoch, startOffset]) => ({ epoch, startOffset })))
    const trueEndOffsetFor = (epoch: number) => cache.endOffsetFor(epoch, 90)
    return { logStartOffset: 50, oldestEpoch: cache.entries[0]?.epoch, trueEndOffsetFor }
  }
  const position = (lastFetchedEpoch: number, entries: Parameters<typeof leader>[0], logStartOffset = 20) =>
    checkFollowerPosition({ offset: 50, lastFetchedEpoch, logStartOffset }, leader(entries))

  const parted = [
    [3, 0],
    [4, 40],
  ] as const

  it('has to agree on what the leader has deleted, as far as that is known', () => {
    expect(position(3, parted)).toEqual({ diverging: { epoch: 3, endOffset: 40 } })
    expect(position(4, parted)).toBe('matches')
    expect(position(4, [...parted, [5, 50]])).toBe('matches')
  })

  it('begins anew where nobody knows any more', () => {
    expect(position(3, [[4, 50]])).toBe('OFFSET_OUT_OF_RANGE')
    expect(position(4, [[4, 50]])).toBe('matches')
    // It has nothing that may be wrong.
    expect(position(3, [[4, 50]], 50)).toBe('matches')
  })
})

describe('a follower that diverges', () => {
  it('cuts where the leader’s epoch ended', () => {
    const offset = truncationOffset({
      leader: { epoch: 4, endOffset: 49 },
      own: { epoch: 4, endOffset: 60 },
      logEndOffset: 70,
      highWatermark: 40,
    })
    expect(offset).toBe(49)
  })

  it('cuts where its own epoch ended when that was earlier', () => {
    const offset = truncationOffset({
      leader: { epoch: 4, endOffset: 49 },
      own: { epoch: 4, endOffset: 45 },
      logEndOffset: 70,
      highWatermark: 40,
    })
    expect(offset).toBe(45)
  })

  it('cuts to the end of its own older epoch first when it lacks the leader’s', () => {
    const offset = truncationOffset({
      leader: { epoch: 4, endOffset: 49 },
      own: { epoch: 3, endOffset: 44 },
      logEndOffset: 70,
      highWatermark: 40,
    })
    expect(offset).toBe(44)
  })

  it('never cuts behind its own end', () => {
    expect(
      truncationOffset({ leader: { epoch: 4, endOffset: 99 }, own: { epoch: -1, endOffset: -1 }, logEndOffset: 70, highWatermark: 40 }),
    ).toBe(70)
  })
})

it.each([
  { given: 'a leader with less', offsets: { leaderStart: 0, leaderEnd: 60, ownEnd: 70 }, remedy: { type: 'truncateTo', offset: 60 } },
  {
    given: 'a leader that has deleted the gap',
    offsets: { leaderStart: 80, leaderEnd: 90, ownEnd: 70 },
    remedy: { type: 'restartAt', offset: 80 },
  },
  {
    given: 'a leader that has deleted all of it',
    offsets: { leaderStart: 70, leaderEnd: 90, ownEnd: 70 },
    remedy: { type: 'restartAt', offset: 70 },
  },
  { given: 'a leader that has it by now', offsets: { leaderStart: 0, leaderEnd: 90, ownEnd: 70 }, remedy: { type: 'fetchFromOwnEnd' } },
])('finds back from an offset out of range with $given', ({ offsets, remedy }) => {
  expect(afterOffsetOutOfRange(offsets)).toEqual(remedy)
})
