import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { uuidOf } from '../../metadata/builders.ts'
import { simulatedWorld } from '../../simulation/world.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import type { IsrProposal } from './alterPartition.ts'
import { Leadership } from './leadership.ts'

const FIRST_LIFE = 102
const SECOND_LIFE = 202

let log: { logEndOffset: number; highWatermark: number; advanceHighWatermark: (offset: number) => number }
let registered: number
let proposals: IsrProposal[]

beforeEach(() => {
  log = {
    logEndOffset: 10,
    highWatermark: 5,
    advanceHighWatermark: offset => (log.highWatermark = offset),
  }
  registered = FIRST_LIFE
  proposals = []
})

/** Of broker 1; broker 2 follows, in sync or not. */
function leading(isr: readonly number[]): Leadership {
  const { clock } = simulatedWorld(1).env('broker')
  const around = {
    brokerId: 1,
    clock,
    maxLagMs: 30_000,
    logger: silentLogger,
    news: { tell: () => undefined },
    isEligible: (_: unknown, replicaId: number, brokerEpoch: number) => replicaId === 1 || brokerEpoch < 0 || brokerEpoch === registered,
    brokerEpochOf: (id: number) => (id === 1 ? 101 : registered),
    minInsyncReplicas: () => 1,
    isInTouch: () => true,
    propose: (proposal: IsrProposal) => proposals.push(proposal),
    throttle: { holdsBack: () => false, count: () => undefined },
    preferredReplica: () => undefined,
  }
  const state = { replicas: [1, 2], isr, leader: 1, leaderEpoch: 7, partitionEpoch: 3 }
  const partition = { topic: 'orders', topicId: uuidOf('orders'), index: 0, name: 'orders-0' }
  return new Leadership(partition, log as unknown as PartitionLog, state, { around, advanced: () => undefined })
}

const fetched = (leadership: Leadership, fetchOffset: number, brokerEpoch: number) =>
  leadership.fetched({ id: 2, brokerEpoch }, { fetchOffset, logStartOffset: 0 })

describe('a follower that has begun another life (KIP-903)', () => {
  it('commits nothing by a fetch of the one before', () => {
    const leadership = leading([1, 2])
    registered = SECOND_LIFE
    expect(fetched(leadership, 10, FIRST_LIFE)).toBe('stale')
    expect(log.highWatermark).toBe(5)
    fetched(leadership, 8, SECOND_LIFE)
    expect(log.highWatermark).toBe(8)
  })

  it('is not proposed for what it had before', () => {
    const leadership = leading([1])
    registered = -1 // fenced, or not heard of
    fetched(leadership, 10, FIRST_LIFE)
    expect(proposals).toEqual([])
    registered = SECOND_LIFE
    expect(leadership.expandIsrIfCaughtUp(2)).toBe(false)
    fetched(leadership, 10, SECOND_LIFE)
    expect(proposals.map(({ isr }) => isr)).toEqual([
      [
        { brokerId: 1, brokerEpoch: 101 },
        { brokerId: 2, brokerEpoch: SECOND_LIFE },
      ],
    ])
  })

  it('is not taken for one that has had everything all along', () => {
    const leadership = leading([1, 2])
    fetched(leadership, 10, FIRST_LIFE)
    const asked = { fetchOffset: 10, logStartOffset: 0 }
    expect(leadership.isUpToDate({ id: 2, brokerEpoch: FIRST_LIFE }, asked)).toBe(true)
    expect(leadership.isUpToDate({ id: 2, brokerEpoch: SECOND_LIFE }, asked)).toBe(false)
    registered = SECOND_LIFE
    expect(leadership.isUpToDate({ id: 2, brokerEpoch: FIRST_LIFE }, asked)).toBe(false)
  })
})

describe('the in-sync set', () => {
  const adopted = { replicas: [1, 2], leader: 1, leaderEpoch: 7 }

  it('has whom it asked for, until metadata says otherwise that is newer than the request', () => {
    const leadership = leading([1])
    fetched(leadership, 10, FIRST_LIFE)
    expect(proposals).toHaveLength(1)
    log.logEndOffset = 12
    registered = -1 // whether it still may join is for the controller to say
    leadership.adopt({ ...adopted, isr: [1], partitionEpoch: 3 })
    expect([log.highWatermark, proposals[0]!.isWanted()]).toEqual([10, true])
    leadership.adopt({ ...adopted, isr: [1], partitionEpoch: 4 })
    expect([log.highWatermark, proposals[0]!.isWanted()]).toEqual([12, false])
  })
})
