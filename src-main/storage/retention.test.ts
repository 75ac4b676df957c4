import { describe, expect, it } from 'vitest'
import { aLogConfig } from './builders.ts'
import type { LogConfig } from './logConfig.ts'
import { deletableSegments } from './retention.ts'

/** Four segments of 100 bytes and 10 offsets each, written at 1000, 2000, 3000 and 4000. */
const segments = [0, 10, 20, 30].map((baseOffset, index) => ({ baseOffset, sizeInBytes: 100, largestTimestampMs: 1000 * (index + 1) }))

const deletable = (
  config: Partial<LogConfig>,
  log: { highWatermark?: number; logStartOffset?: number; nowMs?: number } = {},
  of = segments,
) =>
  deletableSegments(of, {
    config: aLogConfig({ retentionMs: -1, retentionBytes: -1, ...config }),
    logStartOffset: 0,
    highWatermark: 40,
    logEndOffset: 40,
    nowMs: 5000,
    ...log,
  })

describe('retention', () => {
  it.each([
    { keeps: 'everything without limits', config: {}, count: 0 },
    { keeps: 'what is as old as allowed', config: { retentionMs: 3000 }, count: 1 },
    { keeps: 'nothing when all is older, the active segment included', config: { retentionMs: 500 }, count: 4 },
    { keeps: 'as many bytes as asked for', config: { retentionBytes: 250 }, count: 1 },
    { keeps: 'what fits exactly', config: { retentionBytes: 200 }, count: 2 },
    { keeps: 'nothing for no bytes', config: { retentionBytes: 0 }, count: 4 },
    { keeps: 'all of a compacted topic', config: { retentionMs: 1, retentionBytes: 0, cleanupPolicy: ['compact' as const] }, count: 0 },
    {
      keeps: 'what a topic keeps that is compacted and deleted',
      config: { retentionMs: 3000, cleanupPolicy: ['compact' as const, 'delete' as const] },
      count: 1,
    },
    { keeps: 'all of a topic without policy', config: { retentionMs: 1, cleanupPolicy: [] }, count: 0 },
  ])('keeps $keeps', ({ config, count }) => expect(deletable(config)).toBe(count))

  it('never goes past the high watermark', () => {
    expect(deletable({ retentionMs: 500 }, { highWatermark: 25 })).toBe(2)
  })

  it('is stopped by a segment with a timestamp in the future', () => {
    const future = segments.map((segment, index) => (index === 1 ? { ...segment, largestTimestampMs: 9000 } : segment))
    expect(deletable({ retentionMs: 500 }, {}, future)).toBe(1)
  })

  it('lets go what is wholly below the log start, also of a compacted topic', () => {
    expect(deletable({ cleanupPolicy: ['compact'] }, { logStartOffset: 29 })).toBe(2)
    expect(deletable({ cleanupPolicy: ['compact'] }, { logStartOffset: 30 })).toBe(3)
    expect(deletable({}, { logStartOffset: 40 })).toBe(3)
  })

  it('leaves an empty last segment alone', () => {
    const ended = [...segments.slice(0, 3), { baseOffset: 30, sizeInBytes: 0, largestTimestampMs: 0 }]
    expect(deletable({ retentionMs: 1 }, { highWatermark: 30 }, ended)).toBe(3)
  })
})
