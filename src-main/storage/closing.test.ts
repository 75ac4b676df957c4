import { describe, expect, it } from 'vitest'
import { countedDisk, DiskCounts } from '../simulation/countedDisk.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { aBatch, aMarker, aProducerBatch, openLog } from './builders.ts'
import { CleaningAborted } from './compaction/cleanSegments.ts'
import { Throttle } from './compaction/throttle.ts'
import { LogClosed, type PartitionLog } from './partitionLog.ts'

const NODE = 'broker-1'
const SEGMENTS = 12

/** A log of many segments, each with a transaction that was aborted. */
async function aLog(): Promise<{ world: World; log: PartitionLog; end: number }> {
  const world = simulatedWorld(1)
  const log = await world.settle(openLog(world.env(NODE), { config: { segmentBytes: 300, cleanupPolicy: ['compact'] } }))
  for (let producerId = 1; producerId <= SEGMENTS; producerId++) {
    log.append(aProducerBatch({ producerId, baseSequence: 0, isTransactional: true, valueBytes: 100 }), {
      leaderEpoch: 1,
      origin: 'client',
    })
    log.append(aMarker({ type: 'abort', producerId }), { leaderEpoch: 1, origin: 'coordinator' })
  }
  log.append(aBatch(), { leaderEpoch: 1, origin: 'client' })
  await world.settle(log.flush())
  log.advanceHighWatermark(log.logEndOffset)
  return { world, log, end: log.logEndOffset }
}

const uses: readonly (readonly [string, (log: PartitionLog, end: number) => Promise<unknown>])[] = [
  ['asked for aborted transactions', (log, end) => log.abortedTransactions(0, end)],
  ['searched for a time', log => log.offsetForTimestamp(1)],
  ['asked for the largest time', log => log.maxTimestamp()],
]

describe('a log that is closed, as one of a deleted topic', () => {
  it.each(uses)('while it is %s, answers or says that it is closed, and has not failed', async (_, use) => {
    for (let delay = 0; delay < 3; delay += 0.15) {
      const { world, log, end } = await aLog()
      const told = use(log, end).then(
        () => 'answered',
        (problem: unknown) => expect(problem).toBeInstanceOf(LogClosed),
      )
      await world.run(delay)
      await world.settle(delay < 1.5 ? log.close() : log.moveAway('/data/topic-0-delete'))
      await world.settle(told)
      expect(log.failure).toBeUndefined()
    }
    const { world, log, end } = await aLog()
    await world.settle(log.close())
    await world.settle(use(log, end)).catch((problem: unknown) => expect(problem).toBeInstanceOf(LogClosed))
    expect(log.failure).toBeUndefined()
  })

  it('leaves no file open, not even of segments that wait for their deletion', async () => {
    const world = simulatedWorld(1)
    const counts = new DiskCounts()
    const env = world.env(NODE)
    const disk = countedDisk(env.disk, counts)
    const log = await world.settle(
      openLog({ ...env, disk }, { config: { segmentBytes: 300, retentionBytes: 300, fileDeleteDelayMs: 60_000 } }),
    )
    for (let batch = 0; batch < SEGMENTS; batch++) log.append(aBatch({ valueBytes: 150 }), { leaderEpoch: 1, origin: 'client' })
    await world.settle(log.flush())
    log.advanceHighWatermark(log.logEndOffset)
    expect(await world.settle(log.deleteOldSegments())).toBeGreaterThan(0)
    await world.settle(log.close())
    expect(counts.operations['close']).toBe(counts.operations['open'])
  })

  it('does not wait for a compaction that is held to a few bytes a second', async () => {
    const { world, log } = await aLog()
    const throttle = new Throttle(world.env(NODE).clock, 10)
    const compacted = log.compact({ offsetMapBytes: 1000, throttle, signal: new AbortController().signal })
    const told = compacted.catch((problem: unknown) => expect(problem).toBeInstanceOf(CleaningAborted))
    await world.run(100)
    const before = world.elapsed
    await world.settle(log.close())
    await world.settle(told)
    expect(world.elapsed - before).toBeLessThan(100)
  })

  it('is not compacted any more', async () => {
    const { world, log } = await aLog()
    await world.settle(log.close())
    expect(await world.settle(log.cleanable())).toBeUndefined()
    const throttle = new Throttle(world.env(NODE).clock)
    const { signal } = new AbortController()
    expect(await world.settle(log.compact({ offsetMapBytes: 1000, throttle, signal }))).toBeUndefined()
    expect(log.failure).toBeUndefined()
  })
})
