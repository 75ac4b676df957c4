import { describe, expect, it } from 'vitest'
import type { TopicDetail } from '../../../../src-main/contract/topics.ts'
import { enrich } from './enrich.ts'

const log = (brokerId: number, logEndOffset: number | null) => ({
  brokerId,
  isOnline: logEndOffset !== null,
  logStartOffset: 0,
  highWatermark: null,
  logEndOffset,
  sizeBytes: null,
  offsetLag: null,
})
const topic: TopicDetail = {
  name: 'orders',
  topicId: null,
  isInternal: false,
  atMs: 0,
  partitions: [
    {
      partition: 0,
      leader: 1,
      leaderEpoch: 2,
      replicas: [1, 2, 3],
      inSyncReplicas: [1, 2],
      eligibleLeaderReplicas: null,
      logStartOffset: 0,
      highWatermark: 90,
      replicaLogs: [log(1, 100), log(2, 90), log(3, null)],
    },
  ],
}

describe('the replicas of a partition', () => {
  it('of any cluster are what its answers say', () => {
    expect(enrich(topic, [])[0]?.replicas.map(each => [each.brokerId, each.state, each.logEndOffset])).toEqual([
      [1, 'leader', 100],
      [2, 'inSync', 90],
      [3, 'offline', null],
    ])
  })

  it('of the local cluster keep the last offsets of a broker that is down', () => {
    const local = {
      topic: 'orders',
      partition: 0,
      isInternal: false,
      leader: 1,
      leaderEpoch: 2,
      highWatermark: 95,
      inSyncReplicas: [1, 2],
      moved: null,
      replicas: [{ brokerId: 3, state: 'offline' as const, problem: 'is damaged', logStartOffset: 0, logEndOffset: 70, sizeBytes: 1 }],
    }
    const row = enrich(topic, [local])[0]
    expect(row?.highWatermark).toBe(95)
    expect(row?.replicas.find(each => each.brokerId === 3)).toMatchObject({ state: 'offline', problem: 'is damaged', logEndOffset: 70 })
  })
})
