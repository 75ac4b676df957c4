import { createPinia } from 'pinia'
import { describe, expect, it } from 'vitest'
import { createApp, watch } from 'vue'
import type { ClusterEvent, ClusterSnapshot, LocalBroker, PartitionReplicas } from '../../src-main/contract/cluster.ts'
import { aBridge, type PartialBridge } from '../composables/aBridge.ts'
import { bridgeKey } from '../composables/useBridge.ts'
import { useClusterStore } from './cluster.ts'
import { useTopicsStore } from './topics.ts'

function appWith(operations: PartialBridge) {
  const app = createApp({}).provide(bridgeKey, aBridge(operations)).use(createPinia())
  return { cluster: app.runWithContext(() => useClusterStore()), topics: app.runWithContext(() => useTopicsStore()) }
}
const aBroker = (over: Partial<LocalBroker>): LocalBroker => ({
  brokerId: 1,
  state: 'running',
  stateSinceMs: 0,
  reason: null,
  pid: 1,
  host: '127.0.0.1',
  port: 19092,
  directory: '',
  logDirs: [],
  startedAtMs: 0,
  isController: false,
  isActive: true,
  cpuPercent: null,
  memoryBytes: null,
  logBytes: 0,
  leaders: 0,
  followers: 0,
  bytesInPerSecond: 0,
  bytesOutPerSecond: 0,
  ...over,
})
const aPartition = (over: Partial<PartitionReplicas>): PartitionReplicas => ({
  topic: 'orders',
  partition: 0,
  isInternal: false,
  leader: 1,
  leaderEpoch: 0,
  highWatermark: 0,
  inSyncReplicas: [1, 2],
  replicas: ([1, 2, 3] as const).map(brokerId => ({
    brokerId,
    state: brokerId === 1 ? 'leader' : brokerId === 2 ? 'inSync' : 'offline',
    problem: null,
    logStartOffset: 0,
    logEndOffset: 0,
    sizeBytes: 0,
  })),
  moved: null,
  ...over,
})
const anEvent = (id: number): ClusterEvent => ({
  id,
  atMs: id,
  kind: 'topicCreated',
  brokerId: null,
  from: null,
  count: 1,
  topic: 'orders',
  partition: null,
  inSyncReplicas: null,
  detail: null,
})
const aSnapshot = (over: Partial<ClusterSnapshot>): ClusterSnapshot => ({
  atMs: 1000,
  bootstrapServers: '',
  profile: 'dev',
  dataDirectory: '',
  controllerId: 1,
  controllerEpoch: 1,
  brokers: [],
  partitions: [],
  links: [],
  story: null,
  ...over,
})

describe('the cluster on screen', () => {
  it('counts as serving who runs and is not fenced', () => {
    const { cluster } = appWith({})
    cluster.take(
      aSnapshot({ brokers: [aBroker({}), aBroker({ brokerId: 2, isActive: false }), aBroker({ brokerId: 3, state: 'frozen' })] }),
    )
    expect(cluster.serving).toBe(1)
  })

  it('counts replicas in sync, and partitions without a leader', () => {
    const { cluster } = appWith({})
    cluster.take(
      aSnapshot({ brokers: [aBroker({})], partitions: [aPartition({}), aPartition({ partition: 1, leader: null, inSyncReplicas: [3] })] }),
    )
    expect(cluster.replicas).toEqual({ inSync: 2, all: 6, offlinePartitions: 1 })
  })

  it('shows events that come together at once, the newest first', async () => {
    const { cluster } = appWith({})
    const shown: number[][] = []
    watch(
      () => cluster.events,
      events => void shown.push(events.map(({ id }) => id)),
      { flush: 'sync' },
    )
    for (const id of [1, 2, 3]) cluster.takeEvent(anEvent(id))
    await expect.poll(() => shown).toEqual([[3, 2, 1]])
    cluster.takeEvent(anEvent(4))
    await expect
      .poll(() => shown)
      .toEqual([
        [3, 2, 1],
        [4, 3, 2, 1],
      ])
  })

  it('knows what was asked of a broker until it is done, well or not', async () => {
    const { promise, reject } = Promise.withResolvers<void>()
    const { cluster } = appWith({ cluster: { kill: () => promise } })
    const killing = cluster.act('kill', 2)
    expect(cluster.pending.get(2)).toBe('kill')
    reject(new Error('no such process'))
    await expect(killing).rejects.toThrow('no such process')
    expect(cluster.pending.size).toBe(0)
  })
})

describe('the topics on screen', () => {
  it('stay as they were when a refresh fails, and say why', async () => {
    const failure = new Error('no broker')
    let fails = false
    const topic = {
      name: 'orders',
      topicId: null,
      isInternal: false,
      partitions: 1,
      replicationFactor: 3,
      records: 0,
      logEndOffsets: null,
      sizeBytes: 0,
      underReplicated: 0,
      offline: 0,
    }
    const { topics } = appWith({
      topics: { list: async () => (fails ? Promise.reject(failure) : [topic, { ...topic, name: '__consumer_offsets', isInternal: true }]) },
    })
    await topics.refresh()
    fails = true
    await topics.refresh()
    expect(topics.ours.map(each => each.name)).toEqual(['orders'])
    expect(topics.failure).toBe(failure)
  })
})
