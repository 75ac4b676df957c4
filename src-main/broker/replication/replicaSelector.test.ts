import { describe, expect, it } from 'vitest'
import { nearestReplica, type ReplicaView } from './replicaSelector.ts'

const leader: ReplicaView = { brokerId: 1, rack: 'a', logEndOffset: 9, lastCaughtUpMs: 100 }
const aFollower = (brokerId: number, changes: Partial<ReplicaView> = {}): ReplicaView => ({
  brokerId,
  rack: 'b',
  logEndOffset: 9,
  lastCaughtUpMs: 90,
  ...changes,
})

describe('the replica for a consumer (KIP-392)', () => {
  it.each([
    { given: 'a consumer of no rack', rack: '', followers: [aFollower(2)], chosen: 1 },
    { given: 'a leader in the rack', rack: 'a', followers: [aFollower(2, { rack: 'a' })], chosen: 1 },
    { given: 'nobody in the rack', rack: 'c', followers: [aFollower(2)], chosen: 1 },
    { given: 'a follower in the rack', rack: 'b', followers: [aFollower(2)], chosen: 2 },
    { given: 'one that has more', rack: 'b', followers: [aFollower(2, { logEndOffset: 8 }), aFollower(3)], chosen: 3 },
    { given: 'one that was caught up later', rack: 'b', followers: [aFollower(2, { lastCaughtUpMs: 95 }), aFollower(3)], chosen: 2 },
    { given: 'two that are equal', rack: 'b', followers: [aFollower(2), aFollower(3)], chosen: 3 },
    { given: 'brokers without racks', rack: 'b', followers: [aFollower(2, { rack: null })], chosen: 1 },
  ])('with $given is $chosen', ({ rack, followers, chosen }) => expect(nearestReplica(rack, leader, followers)).toBe(chosen))
})
