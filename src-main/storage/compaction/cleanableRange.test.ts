import { describe, expect, it } from 'vitest'
import { type CleanableSegment, cleanableRange, firstDirtyOffsetOf } from './cleanableRange.ts'

const NOW = 1_000_000
const NEVER = Number.MAX_SAFE_INTEGER

/** Segments of ten offsets and 100 bytes; the last is the active one. */
const segments = (count: number, times: (index: number) => Partial<CleanableSegment> = () => ({})): CleanableSegment[] =>
  Array.from({ length: count }, (_, index) => ({
    baseOffset: index * 10,
    sizeInBytes: 100,
    firstTimestampMs: NOW - 1000,
    largestTimestampMs: NOW - 1000,
    ...times(index),
  }))

const range = (
  of: CleanableSegment[],
  given: Partial<Parameters<typeof cleanableRange>[1]> & { lags?: readonly [min: number, max: number]; minRatio?: number } = {},
) =>
  cleanableRange(of, {
    firstDirtyOffset: 0,
    lastStableOffset: of.length * 10,
    recoveryPoint: of.length * 10,
    config: {
      minCompactionLagMs: given.lags?.[0] ?? 0,
      maxCompactionLagMs: given.lags?.[1] ?? NEVER,
      minCleanableDirtyRatio: given.minRatio ?? 0.5,
    },
    nowMs: NOW,
    ...given,
  })

describe('what of a log can be cleaned', () => {
  it('is everything but the active segment', () => {
    expect(range(segments(4))).toMatchObject({ firstUncleanableOffset: 30, cleanBytes: 0, cleanableBytes: 300, ratio: 1, isDue: true })
  })

  it('is nothing of a log that has only its active segment', () => {
    expect(range(segments(1))).toMatchObject({ firstUncleanableOffset: 0, cleanableBytes: 0, ratio: 0, isDue: false })
  })

  it.each([
    { what: 'an open transaction or the high watermark', bounds: { lastStableOffset: 25 }, firstUncleanableOffset: 20 },
    { what: 'what is not synced', bounds: { recoveryPoint: 29 }, firstUncleanableOffset: 20 },
    { what: 'nothing that ends right there', bounds: { recoveryPoint: 30, lastStableOffset: 30 }, firstUncleanableOffset: 30 },
  ])('does not reach into a segment with $what', ({ bounds, firstUncleanableOffset }) => {
    expect(range(segments(6), bounds)).toMatchObject({ firstUncleanableOffset, cleanableBytes: firstUncleanableOffset * 10 })
  })

  it('ends before the first segment with a record younger than min.compaction.lag.ms, even if older ones follow', () => {
    const withYoung = segments(5, index => ({ largestTimestampMs: index === 1 ? NOW - 49 : NOW - 1000 }))
    expect(range(withYoung, { lags: [50, NEVER] })).toMatchObject({ firstUncleanableOffset: 10, cleanableBytes: 100 })
    expect(range(withYoung, { lags: [49, NEVER] })).toMatchObject({ firstUncleanableOffset: 40 })
    expect(range(withYoung, { lags: [0, NEVER] })).toMatchObject({ firstUncleanableOffset: 40 })
  })

  it('does not ask how young what is clean already is', () => {
    const young = segments(5, index => ({ largestTimestampMs: index === 0 ? NOW : NOW - 1000 }))
    expect(range(young, { lags: [50, NEVER], firstDirtyOffset: 10 })).toMatchObject({
      firstUncleanableOffset: 40,
      cleanBytes: 100,
      cleanableBytes: 300,
    })
  })

  it('begins with the segment in which the last pass ended', () => {
    expect(range(segments(5), { firstDirtyOffset: 15 })).toMatchObject({
      firstDirtyOffset: 15,
      cleanBytes: 100,
      cleanableBytes: 300,
      ratio: 0.75,
    })
  })

  it('is nothing when the last pass went further than the next one could', () => {
    expect(range(segments(5), { firstDirtyOffset: 40 })).toMatchObject({
      firstUncleanableOffset: 40,
      cleanBytes: 400,
      cleanableBytes: 0,
      isDue: false,
    })
    expect(range(segments(5), { firstDirtyOffset: 33, lastStableOffset: 12 })).toMatchObject({
      firstUncleanableOffset: 33,
      cleanableBytes: 0,
      isDue: false,
    })
  })
})

describe('whether a log is due', () => {
  it('is when more than min.cleanable.dirty.ratio of it is dirty', () => {
    expect(range(segments(5), { firstDirtyOffset: 20, minRatio: 0.5 })).toMatchObject({ ratio: 0.5, isDue: false })
    expect(range(segments(5), { firstDirtyOffset: 20, minRatio: 0.49 })).toMatchObject({ isDue: true })
  })

  it('is when a dirty record is older than max.compaction.lag.ms, and something can be done about it (KIP-354)', () => {
    expect(range(segments(5), { firstDirtyOffset: 30, lags: [0, 999] })).toMatchObject({ ratio: 0.25, overdueMs: 1, isDue: true })
    expect(range(segments(5), { firstDirtyOffset: 30, lags: [0, 1000] })).toMatchObject({ overdueMs: 0, isDue: false })
    expect(range(segments(5), { firstDirtyOffset: 30, lags: [0, 999], lastStableOffset: 30 })).toMatchObject({ overdueMs: 1, isDue: false })
  })

  it('does not count segments that tell no time, nor the active one', () => {
    const timeless = segments(5, index => ({ firstTimestampMs: index === 4 ? 1 : index === 3 ? -1 : undefined }))
    expect(range(timeless, { firstDirtyOffset: 30, lags: [0, 10] })).toMatchObject({ overdueMs: 0, isDue: false })
  })
})

describe('where the dirty part begins', () => {
  const log = { logStartOffset: 10, logEndOffset: 50 }

  it.each([
    { given: 'what was checkpointed', checkpointed: 30, begins: 30 },
    { given: 'the log start when nothing was', checkpointed: undefined, begins: 10 },
    { given: 'the log start when that was raised since', checkpointed: 5, begins: 10 },
    { given: 'the log start when the log does not reach that far any more', checkpointed: 51, begins: 10 },
    { given: 'the log end when all is clean', checkpointed: 50, begins: 50 },
  ])('is $given', ({ checkpointed, begins }) => expect(firstDirtyOffsetOf(checkpointed, log)).toBe(begins))
})
