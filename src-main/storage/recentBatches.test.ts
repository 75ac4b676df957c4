import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { baseOffset, batchSize, batchesIn, lastOffset, setBaseOffset } from '../protocol/records/batch.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { aBatch, openLog } from './builders.ts'
import type { PartitionLog } from './partitionLog.ts'
import { RecentBatches, RecentMemory } from './recentBatches.ts'

const NODE = 'broker-1'
const EVERYTHING = { maxBytes: 1_000_000, upTo: Number.MAX_SAFE_INTEGER, atLeastOneBatch: true }

/** A batch of one record that comes to so many bytes or a few more. */
function batchAt(offset: number, bytes = 100): Buffer {
  const batch = buildBatch({ records: [{ timestamp: 1, key: null, value: Buffer.alloc(Math.max(0, bytes - 72)) }] })
  setBaseOffset(batch, 0, offset)
  return batch
}

function offsetsIn(records: Buffer | undefined): number[] | undefined {
  return records && [...batchesIn(records)].map(at => baseOffset(records, at))
}

/** What a log remembers that somebody has begun to read along with, at offset 0. */
function readAlong(memory = new RecentMemory()): RecentBatches {
  const recent = new RecentBatches(memory)
  recent.written([batchAt(0)])
  expect(recent.read(0, EVERYTHING)).toBeUndefined()
  return recent
}

describe('recent batches', () => {
  it('are remembered once somebody reads along, from then on', () => {
    const recent = new RecentBatches(new RecentMemory())
    recent.written([batchAt(0)])
    recent.written([batchAt(1)])
    expect(recent.isEmpty).toBe(true)
    expect(recent.read(1, EVERYTHING)).toBeUndefined()
    recent.written([batchAt(2), batchAt(3)])
    recent.written([batchAt(4)])
    expect(offsetsIn(recent.read(2, EVERYTHING))).toEqual([2, 3, 4])
    expect(offsetsIn(recent.read(4, EVERYTHING))).toEqual([4])
    expect(recent.read(1, EVERYTHING)).toBeUndefined()
    expect(recent.read(5, EVERYTHING)).toBeUndefined()
  })

  it('are not remembered for somebody who reads what is old', () => {
    const recent = new RecentBatches(new RecentMemory())
    for (let offset = 0; offset < 200; offset++) recent.written([batchAt(offset, 10_000)])
    recent.read(10, EVERYTHING)
    recent.written([batchAt(200)])
    expect(recent.isEmpty).toBe(true)
  })

  it('are forgotten when nobody has read them for long', () => {
    const recent = readAlong()
    for (let offset = 1; offset < 500; offset++) recent.written([batchAt(offset, 10_000)])
    expect(recent.isEmpty).toBe(true)
  })

  it('give no more than was asked for, and the first whatever its size, if that is wanted', () => {
    const recent = readAlong()
    const batches = [1, 2, 3, 4].map(offset => batchAt(offset, 200))
    recent.written(batches)
    const [{ length }] = batches as [Buffer]
    const read = (options: Partial<typeof EVERYTHING>) => offsetsIn(recent.read(1, { ...EVERYTHING, ...options }))
    expect(read({ maxBytes: 3 * length })).toEqual([1, 2, 3])
    expect(read({ maxBytes: 3 * length - 1 })).toEqual([1, 2])
    expect(read({ maxBytes: 1 })).toEqual([1])
    expect(read({ maxBytes: 1, atLeastOneBatch: false })).toEqual([])
    expect(read({ upTo: 3 })).toEqual([1, 2])
    expect(read({ upTo: 1 })).toEqual([])
  })

  it('begin anew where offsets go back, or are missing', () => {
    const recent = readAlong()
    recent.written([batchAt(1), batchAt(2)])
    recent.written([batchAt(2)])
    expect(recent.read(1, EVERYTHING)).toBeUndefined()
    expect(offsetsIn(recent.read(2, EVERYTHING))).toEqual([2])
    recent.written([batchAt(5)])
    expect(recent.read(2, EVERYTHING)).toBeUndefined()
    expect(offsetsIn(recent.read(5, EVERYTHING))).toEqual([5])
  })

  it('take no more memory than they may: of one log, and of all, where the stalest forgets first', () => {
    const memory = new RecentMemory(3_000_000)
    const logs = Array.from({ length: 4 }, () => readAlong(memory))
    for (let offset = 1; offset < 2_000; offset++) {
      for (const log of logs) {
        log.written([batchAt(offset, 5_000)])
        log.read(offset, EVERYTHING)
      }
      expect(memory.bytes).toBeLessThanOrEqual(3_000_000)
    }
    const [busy, ...others] = logs as [RecentBatches, ...RecentBatches[]]
    for (let offset = 2_000; offset < 4_000; offset++) {
      busy.written([batchAt(offset, 5_000)])
      busy.read(offset, EVERYTHING)
    }
    expect(memory.bytes).toBeLessThanOrEqual(3_000_000)
    expect(busy.isEmpty).toBe(false)
    for (const log of logs) log.clear()
    expect(memory.bytes).toBe(0)
    expect(others.every(log => log.isEmpty)).toBe(true)
  })

  it('keep nothing where no memory is given for it', () => {
    const recent = readAlong(new RecentMemory(0))
    recent.written([batchAt(1)])
    expect(recent.read(1, EVERYTHING)).toBeUndefined()
  })
})

describe('a log that is read along', () => {
  const logOf = async (seed: number): Promise<{ world: World; log: PartitionLog }> => {
    const world = simulatedWorld(seed)
    return { world, log: await world.settle(openLog(world.env(NODE))) }
  }

  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ type: fc.constant('append' as const), sizes: fc.array(fc.nat(90_000), { minLength: 1, maxLength: 6 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('read' as const), back: fc.nat(8), maxBytes: fc.nat(200_000), first: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('truncate' as const), back: fc.nat(6) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('startOver' as const), gap: fc.nat(5) }) },
  )

  it('gives what its files hold, whatever happens to them', async () => {
    let fromMemory = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), fc.nat(), async (steps, seed) => {
        const { world, log } = await logOf(seed)
        const reads = world.disk(NODE)
        let diskReads = 0
        reads.faults.add({ operations: ['read'], path: () => (diskReads++, false), code: 'EIO' })
        for (const each of steps) {
          if (each.type === 'append') {
            const written = each.sizes.map(valueBytes => log.append(aBatch({ valueBytes }), { leaderEpoch: 0, origin: 'client' }))
            for (const result of written) if (result.error === 'NONE') await world.settle(result.written)
          } else if (each.type === 'truncate')
            await world.settle(log.truncateTo(Math.max(log.logStartOffset, log.logEndOffset - each.back)))
          else if (each.type === 'startOver') await world.settle(log.truncateFullyAndStartAt(log.logEndOffset + each.gap))
          else {
            const from = Math.max(log.logStartOffset, log.logEndOffset - each.back)
            const before = diskReads
            const options = { maxBytes: each.maxBytes, upTo: log.logEndOffset, atLeastOneBatch: each.first }
            const read = await world.settle(log.read(from, options))
            if (read.error !== 'NONE') throw new Error(read.error)
            if (diskReads === before && read.records.length > 0) fromMemory += 1
            const file = [...world.disk(NODE).files()].find(([path]) => path.endsWith('.log'))?.[1] ?? Buffer.alloc(0)
            if (read.records.length === 0) {
              const [first] = [...batchesIn(file)].filter(at => lastOffset(file, at) >= from)
              expect(first === undefined || (!each.first && batchSize(file, first) > each.maxBytes)).toBe(true)
              continue
            }
            const at = file.indexOf(read.records)
            expect(at).toBeGreaterThanOrEqual(0)
            const offsets = offsetsIn(read.records)!
            expect(offsets[0]).toBeLessThanOrEqual(from)
            expect(lastOffset(read.records)).toBeGreaterThanOrEqual(from)
            expect(read.records.length <= each.maxBytes || (each.first && offsets.length === 1)).toBe(true)
          }
        }
      }),
      { numRuns: 600 },
    )
    // Some 225, give or take 20.
    expect(fromMemory).toBeGreaterThan(100)
  })
})
