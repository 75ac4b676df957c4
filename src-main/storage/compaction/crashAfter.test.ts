import { expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import type { Env } from '../../env/env.ts'
import { simulatedWorld } from '../../simulation/world.ts'
import { SOME_TIME, aBatch, aLogConfig } from '../builders.ts'
import { LogDirectory } from '../logDirectory.ts'
import { Throttle } from './throttle.ts'

const NODE = 'broker-1'
const config = aLogConfig({ cleanupPolicy: ['compact'], segmentBytes: 1000, retentionMs: -1, fileDeleteDelayMs: 1 })

async function open(env: Env) {
  const directory = await LogDirectory.open(env, '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger })
  return directory.openLog('topic', 0, undefined, config)
}

it.each([{ power: false }, { power: true }])(
  'a crash right after a pass of compaction leaves all that is behind the gaps that it made (power failure: $power)',
  async ({ power }) => {
    const world = simulatedWorld(1)
    const log = await world.settle(open(world.env(NODE)))
    for (let count = 0; count < 60; count += 1) {
      const batch = aBatch({ key: `${count % 9}`, timestamp: SOME_TIME + count, valueBytes: 100, records: 1 })
      const result = log.append(batch, { leaderEpoch: 1, origin: 'client' })
      if (result.error !== 'NONE') throw new Error(result.error)
      await world.settle(result.written)
    }
    log.advanceHighWatermark(log.logEndOffset)
    const limits = { offsetMapBytes: 10_000, throttle: new Throttle(world.env(NODE).clock), signal: new AbortController().signal }
    await world.settle(log.compact(limits))
    const segments = log.segments.map(each => each.baseOffset)
    world.crash(NODE, { loseUnsynced: power })

    const again = await world.settle(open(world.env(NODE)))
    expect(again.logEndOffset).toBe(60)
    expect(again.segments.map(each => each.baseOffset)).toEqual(segments)
  },
)
