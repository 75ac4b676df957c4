import { describe, expect, it } from 'vitest'
import type { BrokerState, ClusterSnapshot } from '../contract/cluster.ts'
import { livingSnapshot } from './livingSnapshot.ts'

/** Broker 1 controls and leads one of two partitions, broker 2 leads the other. */
function told(states: readonly BrokerState[]): ClusterSnapshot {
  return {
    atMs: 0,
    bootstrapServers: '',
    profile: 'dev',
    dataDirectory: '',
    controllerId: 1,
    controllerEpoch: 1,
    links: [],
    story: null,
    brokers: states.map((state, index) => ({
      brokerId: index + 1,
      state,
      stateSinceMs: 0,
      reason: null,
      pid: null,
      host: '127.0.0.1',
      port: 19092,
      directory: '',
      logDirs: [],
      startedAtMs: null,
      isController: index === 0,
      isActive: true,
      cpuPercent: null,
      memoryBytes: null,
      logBytes: 0,
      leaders: 1,
      followers: 1,
      bytesInPerSecond: 0,
      bytesOutPerSecond: 0,
    })),
    partitions: [1, 2].map(leader => ({
      topic: 'orders',
      partition: leader - 1,
      isInternal: false,
      leader,
      leaderEpoch: 0,
      highWatermark: 0,
      inSyncReplicas: [1, 2],
      replicas: [],
      moved: null,
    })),
  }
}
const leadersOf = (snapshot: ClusterSnapshot) => snapshot.partitions.map(each => each.leader)

describe('a snapshot without what only the dead believe', () => {
  it('is as it was told while every broker is there', () => {
    expect(livingSnapshot(told(['running', 'stopping']))).toEqual(told(['running', 'stopping']))
  })

  it.each(['killed', 'died', 'stopped', 'frozen'] as const)('lets no broker lead or control that is %s', state => {
    const snapshot = livingSnapshot(told([state, 'running', 'running']))
    expect(snapshot.controllerId).toBeNull()
    expect(leadersOf(snapshot)).toEqual([null, 2])
    expect(snapshot.brokers[0]).toMatchObject({ isController: false, leaders: 0, followers: 2 })
  })

  it('has no controller without a majority, though one still believes to be it', () => {
    const snapshot = livingSnapshot(told(['running', 'killed', 'frozen']))
    expect(snapshot.controllerId).toBeNull()
    expect(snapshot.brokers.some(each => each.isController)).toBe(false)
    expect(leadersOf(snapshot)).toEqual([1, null])
  })

  it('lets a starting broker control, for a majority elects before anyone is ready, but not lead', () => {
    const snapshot = livingSnapshot(told(['starting', 'running']))
    expect(snapshot.controllerId).toBe(1)
    expect(leadersOf(snapshot)).toEqual([null, 2])
  })
})
