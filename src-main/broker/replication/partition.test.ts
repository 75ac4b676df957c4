import { expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { DiskError } from '../../env/env.ts'
import { uuidOf } from '../../metadata/builders.ts'
import { simulatedWorld } from '../../simulation/world.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import { Partition, type PartitionOwner } from './partition.ts'

it('stays online when the disk is too full for a follower to find out which transactions are open', async () => {
  const world = simulatedWorld(1)
  let asked = 0
  const log = {
    isReady: false,
    ready: () => {
      asked += 1
      return Promise.reject(new DiskError('ENOSPC', '/data/orders-0', 'no space is left'))
    },
    onAppended: () => undefined,
    onUndone: () => undefined,
    onFailure: () => undefined,
    logStartOffset: 0,
    logEndOffset: 10,
    highWatermark: 10,
    lastStableOffset: 0,
  }
  const owner = {
    brokerId: 2,
    clock: world.env('broker').clock,
    logger: silentLogger,
    openLog: () => Promise.resolve(log as unknown as PartitionLog),
    roleTaken: () => undefined,
    roleLost: () => undefined,
    failed: () => undefined,
  } as unknown as PartitionOwner
  const partition = new Partition({ topic: 'orders', topicId: uuidOf('orders'), index: 0 }, owner)
  partition.apply({ replicas: [1, 2], isr: [1, 2], leader: 1, leaderEpoch: 3, partitionEpoch: 4 })
  await world.run(10)

  let woken = 0
  partition.watch('highWatermark', () => (woken += 1))
  const wanted = {
    currentLeaderEpoch: 3,
    fetchOffset: 0,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    highWatermark: -1,
    partitionMaxBytes: 100,
  }
  const reader = { replica: undefined, rackId: 'here', listener: 'PLAINTEXT', readCommitted: true }
  for (const times of [1, 2]) {
    expect(partition.planFetch(wanted, reader, true)).toMatchObject({ type: 'read', upTo: 0 })
    await world.run(10)
    // Who was woken would ask again at once.
    expect([asked, woken, partition.isOffline]).toEqual([times, 0, false])
  }
})
