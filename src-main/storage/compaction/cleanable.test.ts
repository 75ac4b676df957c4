import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { type World, simulatedWorld } from '../../simulation/world.ts'
import { SOME_TIME, aBatch, aLogConfig, aMarker, aProducerBatch } from '../builders.ts'
import type { LogConfig } from '../logConfig.ts'
import { LogDirectory } from '../logDirectory.ts'
import type { PartitionLog } from '../partitionLog.ts'
import { Throttle } from './throttle.ts'

const NODE = 'broker-1'

async function opened(
  world: World,
  config: Partial<LogConfig> = {},
): Promise<{ readonly directory: LogDirectory; readonly log: PartitionLog }> {
  const directory = await world.settle(LogDirectory.open(world.env(NODE), '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger }))
  const all = aLogConfig({ cleanupPolicy: ['compact'], segmentBytes: 300, ...config })
  return { directory, log: await world.settle(directory.openLog('topic', 0, undefined, all, { lazily: true })) }
}

async function append(world: World, log: PartitionLog, batches: readonly Buffer[]): Promise<void> {
  for (const batch of batches) {
    const result = log.append(batch, { leaderEpoch: 1, origin: 'coordinator' })
    if (result.error !== 'NONE') throw new Error(result.error)
    await world.settle(result.written)
  }
}

const some = (count: number) =>
  Array.from({ length: count }, (_, at) => aBatch({ key: `${at % 3}`, timestamp: SOME_TIME + at, valueBytes: 50 }))
const limits = (world: World) => ({
  offsetMapBytes: 10_000,
  throttle: new Throttle(world.env(NODE).clock),
  signal: new AbortController().signal,
})

describe('what of a log can be compacted', () => {
  it('is what is stable, synced and no longer written to', async () => {
    const world = simulatedWorld(1)
    const { log } = await opened(world)
    await append(world, log, some(4))
    expect(await world.settle(log.cleanable())).toMatchObject({ cleanableBytes: 0, isDue: false })
    log.advanceHighWatermark(log.logEndOffset)
    await world.settle(log.flush())
    const bases = log.segments.map(segment => segment.baseOffset)
    expect(await world.settle(log.cleanable())).toMatchObject({
      firstDirtyOffset: 0,
      firstUncleanableOffset: bases.at(-1),
      ratio: 1,
      isDue: true,
    })
  })

  it('ends before an open transaction', async () => {
    const world = simulatedWorld(1)
    const { log } = await opened(world)
    await append(world, log, some(4))
    const begun = log.logEndOffset
    await append(world, log, [aProducerBatch({ producerId: 1, baseSequence: 0, isTransactional: true }), ...some(8)])
    log.advanceHighWatermark(log.logEndOffset)
    await world.settle(log.flush())
    const { segments } = log
    const before = segments.findLast(segment => segment.baseOffset <= begun)!.baseOffset
    expect(await world.settle(log.cleanable())).toMatchObject({ firstUncleanableOffset: before })
    await append(world, log, [aMarker({ type: 'commit', producerId: 1 })])
    log.advanceHighWatermark(log.logEndOffset)
    expect((await world.settle(log.cleanable()))!.firstUncleanableOffset).toBeGreaterThan(before)
  })

  it('begins where the last pass ended, after a restart and after a crash too', async () => {
    const world = simulatedWorld(1)
    let { log, directory } = await opened(world)
    await append(world, log, some(10))
    log.advanceHighWatermark(log.logEndOffset)
    const { endOffset } = (await world.settle(log.compact(limits(world))))!
    expect(endOffset).toBe(log.segments.at(-1)!.baseOffset)
    await world.settle(directory.checkpoint())
    await world.settle(directory.close(1))
    ;({ log, directory } = await opened(world))
    await world.settle(log.ready())
    expect(await world.settle(log.cleanable())).toMatchObject({ firstDirtyOffset: endOffset })
    world.crash(NODE, { loseUnsynced: true })
    ;({ log, directory } = await opened(world))
    log.advanceHighWatermark(log.logEndOffset)
    expect(await world.settle(log.cleanable())).toMatchObject({ firstDirtyOffset: endOffset, isDue: false })
  })

  it('begins lower again when the log was cut below that', async () => {
    const world = simulatedWorld(1)
    const { log } = await opened(world)
    await append(world, log, some(10))
    log.advanceHighWatermark(log.logEndOffset)
    await world.settle(log.compact(limits(world)))
    await world.settle(log.truncateTo(2))
    expect((await world.settle(log.cleanable()))!.firstDirtyOffset).toBeLessThanOrEqual(2)
  })

  it('is not asked of a log that nobody has needed since the start, unless there is a day by which it must be clean', async () => {
    const world = simulatedWorld(1)
    const first = await opened(world)
    await append(world, first.log, some(10))
    await world.settle(first.directory.close(1))
    const idle = await opened(world)
    expect(await world.settle(idle.log.cleanable())).toBeUndefined()
    expect(idle.log.isReady).toBe(false)
    await world.settle(idle.directory.close(2))
    const urgent = await opened(world, { maxCompactionLagMs: 1 })
    expect(await world.settle(urgent.log.cleanable())).toMatchObject({ firstDirtyOffset: 0 })
    expect(urgent.log.isReady).toBe(true)
  })
})
