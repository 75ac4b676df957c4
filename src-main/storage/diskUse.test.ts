import { describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import type { Env } from '../env/env.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { DiskCounts, countedDisk } from '../simulation/countedDisk.ts'
import { baseOffset } from '../protocol/records/batch.ts'
import { SOME_TIME, aBatch, aLogConfig, aProducerBatch, openLog } from './builders.ts'
import { FilePool } from './filePool.ts'
import type { LogConfig } from './logConfig.ts'
import { LogDirectory } from './logDirectory.ts'
import type { PartitionLog } from './partitionLog.ts'
import { RecentMemory } from './recentBatches.ts'

/** What the disk is asked for, counted: a guard for speed that needs no clock. */

const NODE = 'broker-1'
const TOPIC_ID = 'AQIDBAUGBwgJCgsMDQ4PEA'

function counted(world: World): { readonly env: Env; readonly counts: DiskCounts } {
  const counts = new DiskCounts()
  const env = world.env(NODE)
  return { env: { ...env, disk: countedDisk(env.disk, counts) }, counts }
}

async function append(world: World, log: PartitionLog, batches: readonly Buffer[]): Promise<void> {
  let last: Promise<void> | undefined
  for (const batch of batches) {
    const result = log.append(batch, { leaderEpoch: 0, origin: 'client' })
    if (result.error !== 'NONE') throw new Error(`${result.error}: ${result.message}`)
    last = result.written
  }
  await world.settle(last)
}

const minutes = (count: number) => Array.from({ length: count }, (_, at) => aBatch({ timestamp: SOME_TIME + at * 60_000, valueBytes: 200 }))

/** A log that an earlier process closed, opened again, with its disk counted from then on. */
async function reopened(batches: number, config: Partial<LogConfig>): Promise<{ world: World; log: PartitionLog; counts: DiskCounts }> {
  const world = simulatedWorld(1)
  const log = await world.settle(openLog(world.env(NODE), { config }))
  await append(world, log, minutes(batches))
  await world.settle(log.close())
  const { env, counts } = counted(world)
  const again = await world.settle(openLog(env, { config, cleanShutdown: true, recoveryPoint: batches, highWatermark: batches }))
  counts.reset()
  return { world, log: again, counts }
}

async function offsetAt(world: World, log: PartitionLog, from: number, maxBytes: number): Promise<number> {
  const read = await world.settle(log.read(from, { maxBytes, upTo: log.logEndOffset, atLeastOneBatch: true }))
  if (read.error !== 'NONE') throw new Error(read.error)
  return baseOffset(read.records)
}

describe('opening a log after a clean stop', () => {
  async function closed(fill: (world: World, log: PartitionLog) => Promise<void>): Promise<{ world: World; end: number }> {
    const world = simulatedWorld(1)
    const directory = await world.settle(
      LogDirectory.open(world.env(NODE), '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger }),
    )
    const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, aLogConfig()))
    await world.settle(log.startEpoch(0))
    await fill(world, log)
    const end = log.logEndOffset
    await world.settle(directory.close(1))
    return { world, end }
  }

  async function openedLazily(world: World): Promise<{ counts: DiskCounts; log: PartitionLog; directory: LogDirectory }> {
    const { env, counts } = counted(world)
    const directory = await world.settle(LogDirectory.open(env, '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger }))
    counts.reset()
    return { counts, directory, log: await world.settle(directory.openLog('topic', 0, TOPIC_ID, aLogConfig(), { lazily: true })) }
  }

  it('asks for the folder, its epochs and the length of its segment, and opens nothing', async () => {
    const { world, end } = await closed((world, log) => append(world, log, minutes(5)))
    const { counts, log } = await openedLazily(world)
    expect(log).toMatchObject({ logEndOffset: end, isReady: false, latestEpoch: 0 })
    expect(counts.operations).toEqual({ list: 1, readFile: 1, stat: 1 })
  })

  it('asks once for each partition whose it is', async () => {
    const world = simulatedWorld(1)
    const openDirectory = (env: Env) => LogDirectory.open(env, '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger })
    const costOf = async (partitions: number) => {
      const directory = await world.settle(openDirectory(world.env(NODE)))
      for (let partition = directory.partitionCount; partition < partitions; partition++) {
        await world.settle(directory.openLog('topic', partition, TOPIC_ID, aLogConfig()))
      }
      await world.settle(directory.close(1))
      const { env, counts } = counted(world)
      const again = await world.settle(openDirectory(env))
      const { total } = counts
      await world.settle(again.close(2))
      return total
    }
    const few = await costOf(3)
    expect(await costOf(20)).toBe(few + 17)
  })

  it('is left alone when it is closed before anybody needed it', async () => {
    const { world } = await closed((world, log) => append(world, log, minutes(3)))
    const { directory, log } = await openedLazily(world)
    const closing = directory.close(2)
    expect(await world.settle(log.deleteOldSegments())).toBe(0)
    await world.settle(closing)
    await world.settle(log.ready())
    expect(log.failure).toBeUndefined()
  })

  it('leaves an idle log as it was', async () => {
    const { world } = await closed((world, log) => append(world, log, minutes(5)))
    const before = new Map(world.disk(NODE).files())
    const { directory } = await openedLazily(world)
    await world.settle(directory.close(2))
    const after = world.disk(NODE).files()
    for (const [path, bytes] of before) if (path.startsWith('/data/topic-0/')) expect(after.get(path)).toEqual(bytes)
    expect(after.has('/data/.kafka_cleanshutdown')).toBe(true)
  })

  it('knows its producers once it is ready, and not before', async () => {
    const { world } = await closed((world, log) =>
      append(world, log, [aProducerBatch({ producerId: 7, baseSequence: 0, isTransactional: true })]),
    )
    const { log } = await openedLazily(world)
    log.advanceHighWatermark(1)
    await world.settle(log.ready())
    expect(log).toMatchObject({ isReady: true, lastStableOffset: 0 })
    expect(log.hasOpenTransaction(7)).toBe(true)
    await append(world, log, [aProducerBatch({ producerId: 7, baseSequence: 1, isTransactional: true })])
    expect(log.logEndOffset).toBe(2)
  })

  it('makes itself ready for what a leader sends, for look-ups and for truncations', async () => {
    const { world } = await closed((world, log) => append(world, log, minutes(3)))
    const replicated = aBatch({ baseOffset: 3 })
    const follower = await openedLazily(world)
    expect(await world.settle(follower.log.appendAsFollower(replicated, { leaderEpoch: 0 }))).toEqual({ error: 'NONE', lastOffset: 3 })
    expect(follower.log).toMatchObject({ isReady: true, logEndOffset: 4 })
    await world.settle(follower.directory.close(2))

    const { log, directory } = await openedLazily(world)
    await world.settle(log.truncateTo(2))
    expect(log).toMatchObject({ isReady: true, logEndOffset: 2 })
    await world.settle(directory.close(3))

    const looked = await openedLazily(world)
    expect((await world.settle(looked.log.offsetForTimestamp(SOME_TIME + 60_000)))?.offset).toBe(1)
  })

  it('goes offline when its last batches are gone, before anybody appends behind them', async () => {
    const { world } = await closed((world, log) => append(world, log, minutes(3)))
    const file = await world.settle(world.env(NODE).disk.open('/data/topic-0/00000000000000000000.log'))
    await world.settle(file.truncate(2 * aBatch({ valueBytes: 200 }).length))
    const { log } = await openedLazily(world)
    await expect(world.settle(log.ready())).rejects.toThrow('where offset 2 should be')
    expect(log.failure).toBeDefined()
  })

  it('goes offline when its last batches are gone, before it is cut behind them', async () => {
    const { world } = await closed((world, log) => append(world, log, minutes(3)))
    const file = await world.settle(world.env(NODE).disk.open('/data/topic-0/00000000000000000000.log'))
    await world.settle(file.truncate(aBatch({ valueBytes: 200 }).length))
    const { log } = await openedLazily(world)
    await expect(world.settle(log.truncateTo(2))).rejects.toThrow('where offset 1 should be')
    expect(log.failure).toBeDefined()
  })

  it('becomes ready later when the disk is full at first', async () => {
    const { world } = await closed((world, log) => append(world, log, minutes(3)))
    world.disk(NODE).put('/data/topic-0/leader-epoch-checkpoint', Buffer.from('0\n1\n7 0\n')) // not what the batches say
    const { log } = await openedLazily(world)
    world.disk(NODE).faults.add({ operations: ['replaceFile'], code: 'ENOSPC', times: 1 })
    await expect(world.settle(log.ready())).rejects.toThrow('ENOSPC')
    expect(log).toMatchObject({ isReady: false, failure: undefined })
    await world.settle(log.ready())
    expect(log).toMatchObject({ isReady: true, latestEpoch: 0 })
  })

  it('looks where it ends when the checkpoint and the snapshot do not agree', async () => {
    const { world, end } = await closed((world, log) => append(world, log, minutes(3)))
    await world.settle(world.env(NODE).disk.remove('/data/topic-0/00000000000000000003.snapshot'))
    expect((await openedLazily(world)).log).toMatchObject({ isReady: true, logEndOffset: end })
  })
})

describe('looking something up', () => {
  const config = { indexIntervalBytes: 500, segmentBytes: 400_000 }
  const BATCHES = 4_000

  it('reads a few pages of an index, however long it is, and not much more of the log than an interval', async () => {
    const { world, log, counts } = await reopened(BATCHES, config)
    for (const wanted of [3, 700, 1_400, 2_100, 2_800, BATCHES - 2]) {
      await world.settle(log.offsetForTimestamp(SOME_TIME)) // which largest timestamps there are is asked once
      counts.reset()
      const found = await world.settle(log.offsetForTimestamp(SOME_TIME + wanted * 60_000 - 1))
      expect(found?.offset).toBe(wanted)
      expect(counts.readBytes['timeindex'] ?? 0).toBeLessThanOrEqual(3 * 4096)
      expect(counts.readBytes['index'] ?? 0).toBeLessThanOrEqual(3 * 4096)
      expect(counts.readBytes['log']).toBeLessThanOrEqual(16 * 1024)
      expect(counts.operations['readFile']).toBeUndefined()
    }
  })

  it('remembers the pages it has read', async () => {
    const { world, log, counts } = await reopened(BATCHES, config)
    await world.settle(log.offsetForTimestamp(SOME_TIME + 60_000))
    counts.reset()
    await world.settle(log.offsetForTimestamp(SOME_TIME + 60_000))
    expect(counts.reads['timeindex'] ?? 0).toBe(0)
    expect(counts.reads['index'] ?? 0).toBe(0)
  })

  it('asks no segment twice for its largest timestamp', async () => {
    const { world, log, counts } = await reopened(BATCHES, config)
    const segments = log.segments.length
    expect(segments).toBeGreaterThan(2)
    await world.settle(log.maxTimestamp())
    counts.reset()
    expect((await world.settle(log.maxTimestamp()))?.offset).toBe(BATCHES - 1)
    expect(counts.total).toBeLessThanOrEqual(5)
    expect(await world.settle(log.offsetForTimestamp(Number.MAX_SAFE_INTEGER))).toBeUndefined()
  })
})

describe('reading', () => {
  it('is one read for each fetch that goes on where the last one stopped', async () => {
    const { world, log, counts } = await reopened(100, { indexIntervalBytes: 500 })
    const bytes = aBatch({ valueBytes: 200 }).length * 10
    await offsetAt(world, log, 0, bytes)
    for (let from = 10; from < 100; from += 10) {
      counts.reset()
      expect(await offsetAt(world, log, from, bytes)).toBe(from)
      expect(counts.operations).toEqual({ read: 1 })
    }
  })

  it.each([
    { given: 'is nothing for somebody who reads along at the end, as followers and most consumers do', recentBytes: undefined, reads: {} },
    { given: 'is one read at the end where nothing is remembered', recentBytes: 0, reads: { read: 1 } },
  ])('$given', async ({ recentBytes, reads }) => {
    const world = simulatedWorld(1)
    const { env, counts } = counted(world)
    const log = await world.settle(openLog(env, { pool: new FilePool(env.disk, undefined, new RecentMemory(recentBytes)) }))
    for (let at = 0; at < 20; at++) {
      await append(world, log, [aBatch()])
      counts.reset()
      expect(await offsetAt(world, log, at, 1e6)).toBe(at)
      expect(counts.operations).toEqual(at === 0 ? { read: 1 } : reads)
    }
  })
})
