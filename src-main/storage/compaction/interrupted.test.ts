import { beforeEach, describe, expect, it } from 'vitest'
import { baseOffset, lastOffset } from '../../protocol/records/batch.ts'
import { type World, simulatedWorld } from '../../simulation/world.ts'
import { SOME_TIME, aBatch, openLog } from '../builders.ts'
import type { PartitionLog } from '../partitionLog.ts'
import { readAll } from './busyLog.ts'
import { Throttle } from './throttle.ts'

const NODE = 'broker-1'

describe('a pass of compaction is ended by', () => {
  let world: World
  let log: PartitionLog
  let written: Buffer[]
  /** How a pass ended that takes a second by itself. */
  let pass: Promise<unknown>

  beforeEach(async () => {
    world = simulatedWorld(1)
    const { clock } = world.env(NODE)
    log = await world.settle(
      openLog(world.env(NODE), { config: { cleanupPolicy: ['compact'], segmentBytes: 2000, retentionMs: -1, fileDeleteDelayMs: 1 } }),
    )
    written = []
    for (let count = 0; count < 100; count++) {
      const batch = aBatch({ key: `${count % 7}`, timestamp: SOME_TIME + count, valueBytes: 100, records: 2 })
      const result = log.append(batch, { leaderEpoch: 1, origin: 'client' })
      if (result.error !== 'NONE') throw new Error(result.error)
      await world.settle(result.written)
      written.push(Buffer.from(batch))
    }
    log.advanceHighWatermark(log.logEndOffset)
    const limits = { offsetMapBytes: 10_000, throttle: new Throttle(clock, 50_000), signal: new AbortController().signal }
    pass = log.compact(limits).then(
      () => 'done',
      (problem: Error) => problem.name,
    )
    await world.run(500)
  })

  const leftovers = () => [...world.disk(NODE).files().keys()].filter(path => /\.(cleaned|swap)$/.test(path))
  const bases = async () => (await world.settle(readAll(log))).map(batch => baseOffset(batch))

  it('nothing: it goes to its end, while appends and reads go on', async () => {
    expect(await world.settle(pass)).toBe('done')
    expect((await bases()).length).toBeLessThan(30)
  })

  it('a truncation of what it cleans: what was above the cut is as good as never written', async () => {
    await world.settle(log.truncateTo(51))
    expect(await world.settle(pass)).toBe('CleaningAborted')
    expect(log.logEndOffset).toBe(50)
    const kept = written.filter(batch => lastOffset(batch) < 50).map(batch => baseOffset(batch))
    for (const base of await bases()) expect(kept).toContain(base)
    expect(log.firstDirtyOffset ?? 0).toBeLessThanOrEqual(50)
    expect(leftovers()).toEqual([])
  })

  it('a log that starts over elsewhere', async () => {
    await world.settle(log.truncateFullyAndStartAt(1000))
    expect(await world.settle(pass)).toBe('CleaningAborted')
    expect(log).toMatchObject({ logStartOffset: 1000, logEndOffset: 1000 })
    expect(log.firstDirtyOffset ?? 0).toBeLessThanOrEqual(1000)
    expect(leftovers()).toEqual([])
  })

  it('a deletion of its oldest segments', async () => {
    log.raiseLogStartOffset(150)
    await world.settle(log.deleteOldSegments())
    expect(await world.settle(pass)).toBe('CleaningAborted')
    await world.run(100)
    expect((await bases()).every(base => base >= 148)).toBe(true)
    expect(leftovers()).toEqual([])
  })

  it('the end of the log, which waits for it', async () => {
    await world.settle(log.close())
    expect(await world.settle(pass)).toBe('CleaningAborted')
    expect(leftovers()).toEqual([])
  })

  it('a deletion of the whole log', async () => {
    await world.settle(log.moveAway('/data/topic-0.deleted'))
    expect(await world.settle(pass)).toBe('CleaningAborted')
    expect(leftovers()).toEqual([])
  })

  it('a disk that cannot be read, which ends the log too', async () => {
    world.disk(NODE).faults.add({ operations: ['read'], code: 'EIO' })
    expect(await world.settle(pass)).toBe('DiskError')
    expect(log.failure).toMatchObject({ code: 'EIO' })
  })

  it('a full disk, which does not: the next pass does it', async () => {
    world.disk(NODE).faults.add({ operations: ['append'], path: path => path.endsWith('.log.cleaned'), code: 'ENOSPC', times: 1 })
    expect(await world.settle(pass)).toBe('DiskError')
    expect(log.failure).toBeUndefined()
    expect(leftovers()).toEqual([])
    const throttle = new Throttle(world.env(NODE).clock)
    await world.settle(log.compact({ offsetMapBytes: 10_000, throttle, signal: new AbortController().signal }))
    expect((await bases()).length).toBeLessThan(30)
  })
})
