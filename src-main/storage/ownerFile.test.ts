import { describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import type { Env } from '../env/env.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { aBatch, aLogConfig } from './builders.ts'
import { LogDirectory } from './logDirectory.ts'
import type { PartitionLog } from './partitionLog.ts'

const NODE = 'broker-1'
const OWNER = '/data/topic-0/partition.metadata'
const TOPIC_ID = 'AQIDBAUGBwgJCgsMDQ4PEA'
const WHOLE = `version: 0\ntopic_id: ${TOPIC_ID}`
const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1)
const config = aLogConfig()

const open = (env: Env) => LogDirectory.open(env, '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger })
const aLog = async (world: World): Promise<PartitionLog> => {
  const directory = await world.settle(open(world.env(NODE)))
  return world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
}
const appendTo = async (world: World, log: PartitionLog): Promise<void> => {
  const result = log.append(aBatch(), { leaderEpoch: 0, origin: 'client' })
  if (result.error !== 'NONE') throw new Error(result.error)
  await world.settle(result.written)
}
const owner = (world: World) => world.disk(NODE).files().get(OWNER)?.toString()
const cutPower = (world: World) => world.crash(NODE, { loseUnsynced: true })

describe('the file that says whose a folder is', () => {
  it('is not waited for when the folder is made', async () => {
    const left: unknown[] = []
    for (const seed of SEEDS) {
      const world = simulatedWorld(seed)
      await appendTo(world, await aLog(world))
      cutPower(world)
      left.push(owner(world))
    }
    expect(left.some(text => text !== WHOLE)).toBe(true)
  })

  it.each(SEEDS)('is there before anything is that was synced (seed %i)', async seed => {
    const world = simulatedWorld(seed)
    const log = await aLog(world)
    await appendTo(world, log)
    await world.settle(log.flush())
    cutPower(world)
    expect(owner(world)).toBe(WHOLE)
    expect((await aLog(world)).logEndOffset).toBe(1)
  })

  it.each(SEEDS)('is there before anything is that a later process synced (seed %i)', async seed => {
    const world = simulatedWorld(seed)
    await appendTo(world, await aLog(world))
    world.crash(NODE)
    const again = await aLog(world)
    await appendTo(world, again)
    await world.settle(again.flush())
    cutPower(world)
    expect(owner(world)).toBe(WHOLE)
    expect((await aLog(world)).logEndOffset).toBe(2)
  })

  it.each(SEEDS)('is there before a raised log start is (seed %i)', async seed => {
    const world = simulatedWorld(seed)
    const directory = await world.settle(open(world.env(NODE)))
    const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    await appendTo(world, log)
    await appendTo(world, log)
    log.advanceHighWatermark(2)
    log.raiseLogStartOffset(1)
    await world.settle(directory.checkpoint())
    cutPower(world)
    expect(owner(world)).toBe(WHOLE)
    expect((await aLog(world)).logStartOffset).toBe(1)
  })

  it.each(SEEDS)('tears with the power, and the partition begins again, with nothing of another topic (seed %i)', async seed => {
    const world = simulatedWorld(seed)
    await appendTo(world, await aLog(world))
    cutPower(world)
    const left = owner(world)
    const directory = await world.settle(open(world.env(NODE)))
    const found = directory.find('topic', 0)
    if (left === WHOLE) expect(found?.topicId).toBe(TOPIC_ID)
    else if (left !== undefined) expect(found).toBeUndefined()
    else expect(found?.topicId).toBeUndefined() // as one that Kafka made long ago: the metadata tells whether anybody may have it
    if (left !== undefined)
      expect(await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))).toMatchObject({ failure: undefined })
  })

  it('keeps what is beside a torn one under another name', async () => {
    const world = simulatedWorld(1)
    const log = await aLog(world)
    await appendTo(world, log)
    world.crash(NODE)
    world.disk(NODE).put(OWNER, Buffer.from(WHOLE.slice(0, 20)))
    expect((await aLog(world)).logEndOffset).toBe(0)
    const aside = [...world.disk(NODE).files().keys()].filter(path => /\/topic-0\.[0-9a-f]{32}-stray\/0{20}\.log$/.test(path))
    expect(aside).toHaveLength(1)
  })

  it('is damaged, not torn, when anything was synced', async () => {
    const world = simulatedWorld(1)
    const directory = await world.settle(open(world.env(NODE)))
    const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    await appendTo(world, log)
    await world.settle(log.flush())
    await world.settle(directory.checkpoint())
    world.crash(NODE)
    world.disk(NODE).put(OWNER, Buffer.from(WHOLE.slice(0, 20)))
    await expect(aLog(world)).rejects.toThrow('does not say whose folder it is in')
  })

  it('takes a second attempt after a full disk', async () => {
    const world = simulatedWorld(1)
    const directory = await world.settle(open(world.env(NODE)))
    const disk = world.disk(NODE)
    disk.capacityBytes = disk.usedBytes + 10
    await expect(world.settle(directory.openLog('topic', 0, TOPIC_ID, config))).rejects.toMatchObject({ code: 'ENOSPC' })
    disk.capacityBytes = Number.MAX_SAFE_INTEGER
    await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    expect(owner(world)).toBe(WHOLE)
  })
})
