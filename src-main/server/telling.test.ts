import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { applyRecords } from '../metadata/delta.ts'
import { aTopic, anImage, uuidOf } from '../metadata/builders.ts'
import type { MetadataDelta } from '../metadata/delta.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { metadataRecord } from '../protocol/messages/metadataRecords.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { RequestCounts } from '../wire/requestCounts.ts'
import type { FromBroker, StatsTold } from './control.ts'
import type { Server } from './server.ts'
import { tellOf } from './telling.ts'

let world: World
let told: FromBroker[]
let isBehind: boolean
let stop: () => void
let folderFailed: () => void
let logs: { topicId: string; index: number; log: object | undefined; isOffline: boolean; failure?: Error }[]
let first: (image: MetadataImage) => void
let next: (image: MetadataImage, delta: MetadataDelta) => void
let elected: (leader: { leaderId: number | undefined; epoch: number }) => void

const aLog = (logEndOffset: number) => ({ logStartOffset: 0, highWatermark: logEndOffset, logEndOffset, sizeInBytes: logEndOffset * 10 })
const stats = () => told.filter((message): message is StatsTold => message.type === 'stats')

beforeEach(() => {
  world = simulatedWorld(1)
  told = []
  isBehind = false
  logs = [{ topicId: 't', index: 0, log: aLog(1), isOffline: false }]
  // The parts of a server that are told of: what they do is tested where they are.
  const server = {
    quorum: { onLeaderChange: (listen: typeof elected) => (elected = listen) },
    metadata: { follow: (onFirst: typeof first, onNext: typeof next) => ([first, next] = [onFirst, onNext]) },
    wireStats: { bytesIn: 1, bytesOut: 2, requests: 3, byApi: new RequestCounts() },
    peerStats: { byApi: new RequestCounts() },
    replicas: { partitions: () => logs },
    onLogFolderFailure: (listen: typeof folderFailed) => (folderFailed = listen),
    logFolders: [
      { path: '/a', failure: undefined, isFull: true },
      { path: '/b', failure: new Error('cannot append'), isFull: false },
    ],
  }
  stop = tellOf(server as unknown as Server, world.env('broker').clock, {
    tell: message => told.push(message),
    usage: () => ({ memoryBytes: 4, cpuMs: 5 }),
    isBehind: () => isBehind,
  })
})
afterEach(() => {
  stop()
  world.close()
})

describe('what a broker tells of its partitions', () => {
  it('is everything once, then what changed', async () => {
    logs.push({ topicId: 't', index: 1, log: aLog(7), isOffline: false })
    await world.run(600)
    logs[1]!.log = aLog(8)
    await world.run(1_000)
    expect(stats().map(({ partitions }) => partitions.map(({ partition, logEndOffset }) => [partition, logEndOffset]))).toEqual([
      [
        [0, 1],
        [1, 7],
      ],
      [[1, 8]],
      [],
    ])
    expect(stats()[0]).toMatchObject({ bytesIn: 1, bytesOut: 2, requests: 3, memoryBytes: 4, cpuMs: 5 })
    expect(stats()[0]!.folders).toEqual([
      { path: '/a', failure: null, isFull: true },
      { path: '/b', failure: 'cannot append', isFull: false },
    ])
  })

  it('has a replica that cannot be served, and why', async () => {
    logs = [{ topicId: 't', index: 0, log: undefined, isOffline: true, failure: new Error('damaged at byte 3') }]
    await world.run(600)
    expect(stats()[0]?.partitions).toMatchObject([{ partition: 0, logEndOffset: null, sizeBytes: null, problem: 'damaged at byte 3' }])
  })

  it('does not wait when a log folder fails', async () => {
    await world.run(600)
    folderFailed()
    expect(stats()).toHaveLength(2)
    await world.run(499)
    expect(stats()).toHaveLength(2)
    await world.run(1)
    expect(stats()).toHaveLength(3)
  })

  it('waits while the supervisor does not listen, and lacks nothing afterwards', async () => {
    isBehind = true
    logs[0]!.log = aLog(3)
    await world.run(5_000)
    expect(stats()).toEqual([])
    isBehind = false
    await world.run(600)
    expect(stats()[0]?.partitions).toMatchObject([{ logEndOffset: 3 }])
  })

  it('is told anew when a partition comes back', async () => {
    await world.run(600)
    const { log } = logs[0]!
    logs[0]!.log = undefined
    await world.run(500)
    logs[0]!.log = log
    await world.run(500)
    expect(stats().map(({ partitions }) => partitions.length)).toEqual([1, 0, 1])
  })

  it('ends when it is stopped', async () => {
    stop()
    await world.run(5_000)
    expect(stats()).toEqual([])
  })
})

describe('what a broker tells of the cluster', () => {
  it('is who leads the quorum, or that nobody does', () => {
    elected({ leaderId: 2, epoch: 7 })
    elected({ leaderId: undefined, epoch: 8 })
    expect(told).toMatchObject([
      { type: 'quorum', leaderId: 2, epoch: 7 },
      { type: 'quorum', leaderId: null, epoch: 8 },
    ])
  })

  it('is all of the metadata first, then what each batch changed', () => {
    const image = anImage({ topics: [aTopic('orders'), aTopic('payments')] })
    first(image)
    const delta = applyRecords(image, [
      metadataRecord({ type: 'RemoveTopicRecord', topicId: uuidOf('payments') }),
      metadataRecord({ type: 'PartitionChangeRecord', topicId: uuidOf('orders'), partitionId: 0, leader: 2 }),
    ])
    next(image, delta)
    expect(told).toMatchObject([
      { type: 'metadata', full: true, partitions: [{ topic: 'orders', leader: 1 }, { topic: 'payments' }], brokers: [{}, {}, {}] },
      {
        type: 'metadata',
        full: false,
        partitions: [{ topic: 'orders', partition: 0, leader: 2, leaderEpoch: 6 }],
        deletedTopicIds: [uuidOf('payments')],
      },
    ])
  })
})
