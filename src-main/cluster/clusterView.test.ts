import { describe, expect, it } from 'vitest'
import type { ClusterEvent } from '../contract/cluster.ts'
import type { FolderStats, MetadataTold, PartitionStats, PartitionTold, StatsTold } from '../server/config.ts'
import { ClusterView } from './clusterView.ts'

const aPartition = (changes: Partial<PartitionTold> = {}): PartitionTold => ({
  topicId: 'topic-1',
  topic: 'orders',
  partition: 0,
  replicas: [1, 2, 3],
  isr: [1, 2, 3],
  leader: 1,
  leaderEpoch: 0,
  partitionEpoch: 0,
  ...changes,
})

const metadata = (offset: number, atMs: number, changes: Partial<MetadataTold> = {}): MetadataTold => ({
  type: 'metadata',
  full: false,
  offset,
  atMs,
  partitions: [],
  deletedTopicIds: [],
  brokers: [],
  ...changes,
})

/** Three running brokers, controller 1, one partition led by 1. */
function aRunningCluster() {
  const events: ClusterEvent[] = []
  const view = new ClusterView([1, 2, 3], 0, event => events.push(event))
  for (const brokerId of [1, 2, 3]) {
    view.brokerEntered(brokerId, 'starting', 0, { pid: 100 + brokerId })
    view.brokerEntered(brokerId, 'running', 10)
  }
  view.quorumTold({ type: 'quorum', atMs: 5, epoch: 1, leaderId: 1 })
  view.metadataTold(metadata(10, 20, { full: true, partitions: [aPartition()] }))
  events.length = 0
  return { view, events, kinds: () => events.map(event => event.kind) }
}

/** What a broker says of its replica of the first partition. */
function statsOf(stats: Partial<PartitionStats>): StatsTold {
  const partition = {
    topicId: 'topic-1',
    partition: 0,
    logStartOffset: 0,
    highWatermark: 90,
    logEndOffset: 100,
    sizeBytes: 5_000,
    problem: null,
  }
  return {
    type: 'stats',
    atMs: 30,
    bytesIn: 0,
    bytesOut: 0,
    requests: 0,
    memoryBytes: 1,
    cpuMs: 0,
    partitions: [{ ...partition, ...stats }],
    folders: [],
    apis: [],
  }
}

/** What a broker with two log folders says of the second. */
const statsOfFolder = (atMs: number, { failure = null, isFull = false }: Partial<FolderStats>): StatsTold => ({
  ...statsOf({}),
  atMs,
  folders: [
    { path: '/a', failure: null, isFull: false },
    { path: '/b', failure, isFull },
  ],
})

describe('what the supervisor sees', () => {
  it('tells the story of a killed controller and leader, in ms after the kill', () => {
    const { view } = aRunningCluster()
    view.brokerEntered(1, 'killed', 1_000)
    view.quorumTold({ type: 'quorum', atMs: 1_319, epoch: 2, leaderId: 3 })
    view.metadataTold(metadata(11, 1_640, { partitions: [aPartition({ leader: 2, leaderEpoch: 1, partitionEpoch: 1, isr: [2, 3] })] }))
    expect(view.story).toMatchObject({
      brokerId: 1,
      fault: 'killed',
      controllerFrom: 1,
      controllerTo: 3,
      controllerElectedMs: 319,
      leadersMoved: 1,
      leadersMovedMs: 640,
      leaderless: 0,
    })
  })

  it('ends the story when the broker runs and every in-sync replica is back', () => {
    const { view } = aRunningCluster()
    view.brokerEntered(1, 'killed', 1_000)
    view.metadataTold(metadata(11, 1_640, { partitions: [aPartition({ leader: 2, leaderEpoch: 1, partitionEpoch: 1, isr: [2, 3] })] }))
    view.brokerEntered(1, 'starting', 2_000)
    view.brokerEntered(1, 'running', 2_500)
    expect(view.story).not.toBeNull()
    view.metadataTold(metadata(12, 3_000, { partitions: [aPartition({ leader: 2, leaderEpoch: 1, partitionEpoch: 2, isr: [2, 3, 1] })] }))
    expect(view.story).toBeNull()
  })

  it('counts partitions that lost their only leader as leaderless', () => {
    const { view } = aRunningCluster()
    view.brokerEntered(1, 'killed', 1_000)
    view.metadataTold(metadata(11, 1_640, { partitions: [aPartition({ leader: -1, leaderEpoch: 1, partitionEpoch: 1, isr: [1] })] }))
    expect(view.story).toMatchObject({ leaderless: 1, leadersMoved: 0 })
  })

  it('takes what three brokers tell of one batch once', () => {
    const { view, kinds } = aRunningCluster()
    const told = metadata(11, 30, { partitions: [aPartition({ isr: [1, 2], partitionEpoch: 1 })] })
    for (let times = 0; times < 3; times++) view.metadataTold(told)
    expect(kinds()).toEqual(['isrShrunk'])
  })

  it('gathers the changes of many partitions to the same in-sync replicas into one event', () => {
    const { view, events } = aRunningCluster()
    const partitions = Array.from({ length: 20 }, (_, partition) => aPartition({ topicId: 'many', topic: 'many', partition }))
    view.metadataTold(metadata(11, 30, { partitions }))
    view.metadataTold(metadata(12, 40, { partitions: partitions.map(each => ({ ...each, isr: [3, 2], partitionEpoch: 1 })) }))
    expect(events.map(({ kind, count }) => [kind, count])).toEqual([
      ['topicCreated', 20],
      ['isrShrunk', 20],
    ])
    expect(events[1]?.inSyncReplicas).toEqual([2, 3])
  })

  it('ignores the leader of an epoch that is over', () => {
    const { view } = aRunningCluster()
    view.quorumTold({ type: 'quorum', atMs: 50, epoch: 3, leaderId: 2 })
    view.quorumTold({ type: 'quorum', atMs: 60, epoch: 2, leaderId: 3 })
    expect([view.controllerId, view.controllerEpoch]).toEqual([2, 3])
  })

  it('shows a dead broker’s replicas as offline, with the last offsets it told', () => {
    const { view } = aRunningCluster()
    view.statsTold(2, statsOf({}))
    view.brokerEntered(2, 'killed', 1_000)
    const [partition] = view.partitions(1_000)
    expect(partition?.replicas.map(({ brokerId, state, logEndOffset }) => [brokerId, state, logEndOffset])).toEqual([
      [1, 'leader', null],
      [2, 'offline', 100],
      [3, 'inSync', null],
    ])
  })

  it('shows a replica that a living broker cannot serve as offline', () => {
    const { view } = aRunningCluster()
    view.statsTold(2, statsOf({ problem: 'is damaged' }))
    expect(view.partitions(1_000)[0]?.replicas.map(each => each.state)).toEqual(['leader', 'offline', 'inSync'])
    expect(view.partitions(1_000)[0]?.replicas.map(each => each.problem)).toEqual([null, 'is damaged', null])
    view.statsTold(2, statsOf({ problem: null }))
    expect(view.partitions(1_000)[0]?.replicas.map(each => each.state)).toEqual(['leader', 'inSync', 'inSync'])
  })

  it('tells once that a log folder has failed, and no more when its broker starts anew', () => {
    const { view, events } = aRunningCluster()
    view.statsTold(2, statsOfFolder(100, {}))
    for (const atMs of [600, 1_100]) view.statsTold(2, statsOfFolder(atMs, { failure: 'cannot append', isFull: false }))
    expect(events).toMatchObject([{ kind: 'logDirFailed', atMs: 600, brokerId: 2, detail: '/b' }])
    expect(view.logDirs(2, ['/data/a', '/data/b'])).toEqual([
      { path: '/data/a', state: 'online', problem: null },
      { path: '/data/b', state: 'offline', problem: 'cannot append' },
    ])
    view.brokerEntered(2, 'killed', 1_200)
    view.brokerEntered(2, 'starting', 1_300)
    view.brokerEntered(2, 'running', 1_400)
    expect(view.logDirs(2, ['/b'])).toMatchObject([{ state: 'online' }])
    view.statsTold(2, statsOfFolder(1_500, { failure: 'is not there' }))
    expect(view.logDirs(2, ['/a', '/b'])[1]).toMatchObject({ state: 'offline', problem: 'is not there' })
  })

  it('takes a disk that has room now and then for full', () => {
    const { view, kinds } = aRunningCluster()
    for (let atMs = 1_000; atMs < 10_000; atMs += 500) view.statsTold(1, statsOfFolder(atMs, { isFull: atMs % 1_000 === 0 }))
    expect(view.logDirs(1, ['/a', '/b']).map(each => each.state)).toEqual(['online', 'full'])
    expect(kinds()).toEqual(['logDirFull'])
    view.statsTold(1, statsOfFolder(14_000, {}))
    expect(view.logDirs(1, ['/a', '/b']).map(each => each.state)).toEqual(['online', 'online'])
    expect(kinds()).toEqual(['logDirFull', 'logDirHasSpace'])
  })

  it('forgets a deleted topic', () => {
    const { view, kinds } = aRunningCluster()
    view.metadataTold(metadata(11, 30, { deletedTopicIds: ['topic-1'] }))
    expect(view.partitions(30)).toEqual([])
    expect(kinds()).toEqual(['topicDeleted'])
  })
})
