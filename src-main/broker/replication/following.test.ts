import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { type World, simulatedWorld } from '../../simulation/world.ts'
import { aBatch, aLogConfig } from '../../storage/builders.ts'
import { LogDirectory } from '../../storage/logDirectory.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import { follow, type Following } from './following.ts'

const NODE = 'broker-1'
const TOPIC_ID = 'AQIDBAUGBwgJCgsMDQ4PEA'
const about = { name: 'topic-0', logger: silentLogger }

/** Ten records of epoch 0, of which seven are known to be committed. */
async function aFollower(): Promise<{ world: World; log: PartitionLog; reopened: () => Promise<PartitionLog> }> {
  const world = simulatedWorld(1)
  const open = async () => {
    const directory = await LogDirectory.open(world.env(NODE), '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger })
    return directory.openLog('topic', 0, TOPIC_ID, aLogConfig())
  }
  const log = await world.settle(open())
  for (const records of [7, 2, 1]) {
    const result = log.append(aBatch({ records }), { leaderEpoch: 0, origin: 'client' })
    if (result.error !== 'NONE') throw new Error(result.error)
    await world.settle(result.written)
  }
  log.advanceHighWatermark(7)
  return { world, log, reopened: () => world.settle(open()) }
}

const diverge = (endOffset: number, leaderLogStart: number): Following => ({
  type: 'diverge',
  leader: { epoch: 0, endOffset },
  leaderLogStart,
})

describe('a follower whose leader tells where they part', () => {
  it('keeps what is before', async () => {
    const { world, log } = await aFollower()
    await world.settle(follow(log, 1, diverge(9, 7), about))
    expect(log).toMatchObject({ logStartOffset: 0, logEndOffset: 9, highWatermark: 7 })
  })

  it('begins anew when the leader has deleted more than what it would keep, and a crash brings nothing of it back', async () => {
    const { world, log, reopened } = await aFollower()
    await world.settle(follow(log, 1, diverge(7, 9), about))
    expect(log).toMatchObject({ logStartOffset: 9, logEndOffset: 9, highWatermark: 9 })
    world.crash(NODE)
    expect(await reopened()).toMatchObject({ logStartOffset: 9, logEndOffset: 9 })
  })
})
