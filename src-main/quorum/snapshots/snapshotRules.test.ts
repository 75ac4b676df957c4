import { expect, it } from 'vitest'
import { snapshotToStartAt } from './snapshotRules.ts'

const HOUR_MS = 3_600_000
const aSnapshot = (endOffset: number, ageHours: number) => ({ endOffset, epoch: 1, sizeInBytes: 100, writtenMs: -ageHours * HOUR_MS })
const snapshots = [aSnapshot(10, 30), aSnapshot(20, 20), aSnapshot(30, 10)]

it.each([
  { given: 'while there is little of it', bytes: 1_000, ms: -1, start: undefined },
  { given: 'by size', bytes: 999, ms: -1, start: 20 },
  { given: 'by size, up to the latest snapshot and no farther', bytes: 0, ms: -1, start: 30 },
  { given: 'by age', bytes: -1, ms: 25 * HOUR_MS, start: 20 },
  { given: 'by age, up to the latest snapshot and no farther', bytes: -1, ms: HOUR_MS, start: 30 },
  { given: 'never, if it is to be kept', bytes: -1, ms: -1, start: undefined },
])('lets the metadata log go $given', ({ bytes, ms, start }) => {
  const config = { metadataMaxRetentionBytes: bytes, metadataMaxRetentionMs: ms }
  expect(snapshotToStartAt(snapshots, { logSizeInBytes: 700, nowMs: 0, config })?.endOffset).toBe(start)
})

it('keeps the log while one snapshot is all there is, and while there is none', () => {
  const config = { metadataMaxRetentionBytes: 0, metadataMaxRetentionMs: 0 }
  expect(snapshotToStartAt([aSnapshot(10, 30)], { logSizeInBytes: 700, nowMs: 0, config })).toBeUndefined()
  expect(snapshotToStartAt([], { logSizeInBytes: 700, nowMs: 0, config })).toBeUndefined()
})
