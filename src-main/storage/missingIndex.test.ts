import { describe, expect, it } from 'vitest'
import { simulatedWorld } from '../simulation/world.ts'
import { aBatch, openLog } from './builders.ts'
import type { PartitionLog } from './partitionLog.ts'

const NODE = 'broker-1'
const config = { segmentBytes: 400, retentionBytes: 0, fileDeleteDelayMs: 10 }
const append = (log: PartitionLog) => void log.append(aBatch({ valueBytes: 100 }), { leaderEpoch: 1, origin: 'client' })

describe('a log of which somebody removed the indexes', () => {
  it.each([
    { cleanShutdown: true, kinds: ['index', 'timeindex'] },
    { cleanShutdown: false, kinds: ['index', 'timeindex'] },
    { cleanShutdown: true, kinds: ['index'] },
    { cleanShutdown: false, kinds: ['timeindex'] },
  ])('is appended to, rolled, truncated and deleted from as any other: $kinds, clean $cleanShutdown', async ({ cleanShutdown, kinds }) => {
    const world = simulatedWorld(1)
    const before = await world.settle(openLog(world.env(NODE), { config }))
    for (let batch = 0; batch < 4; batch++) append(before)
    await world.settle(before.close())
    const { disk } = world.env(NODE)
    for (const path of world.disk(NODE).files().keys()) {
      if (kinds.some(kind => path.endsWith(`.${kind}`))) await world.settle(disk.remove(path))
    }

    const recoveryPoint = cleanShutdown ? 4 : 2
    const log = await world.settle(openLog(world.env(NODE), { config, cleanShutdown, recoveryPoint, highWatermark: 4 }))
    await world.settle(log.flush())
    for (let batch = 0; batch < 10; batch++) append(log)
    await world.settle(log.flush())
    await world.run(20)
    expect(log.failure).toBeUndefined()
    expect((await world.settle(log.offsetForTimestamp(1)))?.offset).toBe(0)
    await world.settle(log.truncateTo(9))
    log.advanceHighWatermark(9)
    expect(await world.settle(log.deleteOldSegments())).toBeGreaterThan(0)
    await world.run(50)
    expect(log.failure).toBeUndefined()
    await world.settle(log.close())
  })
})
