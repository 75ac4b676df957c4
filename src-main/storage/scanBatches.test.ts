import { describe, expect, it } from 'vitest'
import { baseOffset, batchSize } from '../protocol/records/batch.ts'
import { seededRandom } from '../simulation/seededRandom.ts'
import { aBatch } from './builders.ts'
import { type ScannedSegment, scanBatches, scanHeaders } from './scanBatches.ts'

/** A segment in memory that counts what is read of it; it spoils what it is to read into as soon as it is asked. */
function aSegment(batches: readonly Buffer[]): ScannedSegment & { bytes: Buffer; readBytes: number } {
  const bytes = Buffer.concat(batches)
  return {
    baseOffset: 0,
    bytes,
    readBytes: 0,
    async read(position, length, into) {
      into?.fill(0xee)
      await Promise.resolve()
      const found = this.bytes.subarray(position, position + length)
      this.readBytes += found.length
      if (into === undefined) return Buffer.from(found)
      return into.subarray(0, found.copy(into))
    },
  }
}

const batchesOf = (sizes: readonly number[]) => sizes.map((valueBytes, at) => aBatch({ baseOffset: at, valueBytes }))

const mixes: Readonly<Record<string, readonly number[]>> = {
  'small ones': Array.from({ length: 9_000 }, () => 40),
  'ones larger than what is read at a time': [300_000, 700_000, 300_000, 10, 1_500_000, 10, 10],
  'a small one before each large one': [10, 300_000, 10, 600_000, 10, 20, 900_000, 10, 1_800_000, 10],
  'ones of about what is read at a time': Array.from({ length: 12 }, (_, at) => 262_144 - 75 + at),
  'ones of any size': Array.from(
    { length: 300 },
    (
      random => () =>
        random.below(random.chance(0.05) ? 400_000 : 3_000)
    )(seededRandom(7)),
  ),
}

describe.each(Object.entries(mixes))('a segment of %s', (_, sizes) => {
  const batches = batchesOf(sizes)

  it('is scanned batch by batch, whole and in order', async () => {
    const segment = aSegment(batches)
    let count = 0
    let before: Buffer | undefined
    const result = await scanBatches(segment, { from: 0, to: segment.bytes.length, fromOffset: 0, checksums: true }, (batch, position) => {
      expect(batch.equals(batches[count]!)).toBe(true)
      if (before !== undefined) expect(before.equals(batches[count - 1]!)).toBe(true)
      before = batch
      expect(segment.bytes.subarray(position, position + batch.length).equals(batch)).toBe(true)
      count += 1
    })
    expect(result).toEqual({ end: segment.bytes.length, problem: undefined })
    expect(count).toBe(batches.length)
  })

  it('is scanned by headers alone', async () => {
    const segment = aSegment(batches)
    let count = 0
    const result = await scanHeaders(segment, { from: 0, to: segment.bytes.length, fromOffset: 0 }, batch => {
      expect([baseOffset(batch), batchSize(batch)]).toEqual([count, batches[count]!.length])
      count += 1
    })
    expect(result).toEqual({ end: segment.bytes.length, problem: undefined })
    expect(count).toBe(batches.length)
  })

  it('ends before a byte that is not what was written', async () => {
    const at = batches.length >> 1
    const position = batches.slice(0, at).reduce((sum, batch) => sum + batch.length, 0)
    const segment = aSegment(batches)
    segment.bytes[position + batches[at]!.length - 1]! ^= 1
    const result = await scanBatches(segment, { from: 0, to: segment.bytes.length, fromOffset: 0, checksums: true }, () => true)
    expect(result).toEqual({ end: position, problem: `the checksum of the batch at offset ${at} is wrong` })
  })

  it('is scanned no further than wanted', async () => {
    const segment = aSegment(batches)
    const last = batches.length - 1
    const to = segment.bytes.length - batches[last]!.length
    const result = await scanBatches(segment, { from: 0, to, fromOffset: 0, checksums: false }, () => true)
    expect(result).toEqual({ end: to, problem: undefined })
    const stopped = await scanBatches(segment, { from: 0, to, fromOffset: 0, checksums: false }, batch => baseOffset(batch) < 2)
    expect(stopped).toEqual({ end: batches[0]!.length + batches[1]!.length, problem: undefined })
  })
})

it('reads little for a few headers, and nothing of large batches but these', async () => {
  const segment = aSegment(batchesOf(Array.from({ length: 20 }, () => 500_000)))
  await scanHeaders(segment, { from: 0, to: segment.bytes.length, fromOffset: 0 }, () => true)
  expect(segment.readBytes).toBeLessThanOrEqual(20 * 8 * 1024)
})
