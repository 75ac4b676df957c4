import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../base/logger.ts'
import { LOST_DIRECTORY, UNASSIGNED_DIRECTORY, type Uuid } from '../../base/uuid.ts'
import { aBroker, anImage, aTopic, uuidOf } from '../../metadata/builders.ts'
import type { MetadataImage } from '../../metadata/image.ts'
import { simulatedWorld, type World } from '../../simulation/world.ts'
import { aLogConfig } from '../../storage/builders.ts'
import { LogDirectories } from '../../storage/logDirectories.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import { ReplicaPlaces } from './replicaPlaces.ts'

const NODE = 'broker-1'
const orders = uuidOf('orders')
const replica = { topic: 'orders', topicId: orders, index: 0 }

/** The folders /a and /b of broker 1, and what its controller is told of them. */
class Places {
  readonly world: World
  readonly directories: LogDirectories
  readonly told: Uuid[] = []
  image: MetadataImage = anImage()
  readonly places: ReplicaPlaces

  private constructor(world: World, directories: LogDirectories) {
    this.world = world
    this.directories = directories
    this.places = new ReplicaPlaces(world.env(NODE).clock, {
      brokerId: 1,
      brokerEpoch: () => 7,
      logDirectories: directories,
      metadata: () => this.image,
      send: async (_, request) => {
        this.told.push(...request.directories.map(each => each.id))
        return {
          throttleTimeMs: 0,
          errorCode: 0,
          directories: request.directories.map(({ id, topics }) => ({
            id,
            topics: topics.map(({ topicId, partitions }) => ({
              topicId,
              partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: 0 })),
            })),
          })),
        }
      },
      logger: silentLogger,
    })
  }

  static async open(world = simulatedWorld(1)): Promise<Places> {
    const options = { clusterId: 'cluster', nodeId: 1, log: silentLogger }
    return new Places(world, await world.settle(LogDirectories.open(world.env(NODE), ['/a', '/b'], options)))
  }

  idOf(path: string): Uuid {
    return this.directories.all.find(each => each.path === path)!.directoryId
  }

  /** Metadata has the replica of this broker in that folder. */
  has(directory: Uuid, partition: { replicas?: number[]; isr?: number[]; partitionEpoch?: number } = {}): void {
    const { replicas = [1, 2, 3] } = partition
    const directories = replicas.map(id => (id === 1 ? directory : uuidOf(`directory-${id}`)))
    this.image = anImage({
      brokers: [aBroker(1, { directories: [this.idOf('/a'), this.idOf('/b')] }), aBroker(2), aBroker(3)],
      topics: [aTopic('orders', [{ partitionEpoch: 5, ...partition, replicas, directories }])],
    })
  }

  /** A log in a folder, whatever metadata says. */
  async logIn(path: string, { topic, topicId }: { topic: string; topicId: Uuid | undefined } = replica): Promise<PartitionLog> {
    const directory = this.directories.all.find(each => each.path === path)!
    return this.world.settle(directory.openLog(topic, 0, topicId, aLogConfig()))
  }

  /** After which the folders hold what they held, and nothing is open. */
  async again(): Promise<Places> {
    await this.world.settle(this.directories.close(1))
    return Places.open(this.world)
  }

  async fail(path: string): Promise<void> {
    this.world.disk(NODE).faults.add({ operations: ['makeDirectory'], path: each => each.startsWith(`${path}/`), code: 'EIO' })
    await expect(this.logIn(path, { topic: 'probe', topicId: undefined })).rejects.toThrow('EIO')
  }
}

describe('a folder', () => {
  it.each([
    { given: 'of a partition of this broker', topic: 'orders', topicId: orders, strays: [] },
    { given: 'of an earlier topic of that name', topic: 'orders', topicId: uuidOf('earlier'), strays: ['/b orders'] },
    { given: 'of a topic that is gone', topic: 'gone', topicId: uuidOf('gone'), strays: ['/b gone'] },
    { given: 'that does not say of which topic', topic: 'orders', topicId: undefined, strays: ['/b orders'] },
  ])('$given is one of $strays.length strays', async ({ topic, topicId, strays }) => {
    const first = await Places.open()
    await first.logIn('/b', { topic, topicId })
    const places = await first.again()
    places.has(UNASSIGNED_DIRECTORY)
    expect(places.places.strays(places.image).map(each => `${each.directory.path} ${each.topic}`)).toEqual(strays)
  })

  it('of a partition that others have by now is stray', async () => {
    const first = await Places.open()
    await first.logIn('/a')
    const places = await first.again()
    places.has(UNASSIGNED_DIRECTORY, { replicas: [2, 3], isr: [2, 3] })
    const [stray] = places.places.strays(places.image)
    await places.world.settle(places.places.setAside(stray!))
    expect(places.places.strays(places.image)).toEqual([])
    expect(places.directories.listPartitions()).toEqual([])
  })

  it.each([
    { assigned: '/a', stray: '/b' },
    { assigned: '/b', stray: '/a' },
    { assigned: undefined, stray: '/b' },
  ])('is stray when it is one of two, and metadata has the partition in $assigned', async ({ assigned, stray }) => {
    const first = await Places.open()
    for (const path of ['/a', '/b']) await first.logIn(path)
    const places = await first.again()
    places.has(assigned === undefined ? UNASSIGNED_DIRECTORY : places.idOf(assigned))
    expect(places.places.strays(places.image).map(each => each.directory.path)).toEqual([stray])
  })

  it('that cannot say whose it is, is kept for the partition of its name', async () => {
    const first = await Places.open()
    await first.logIn('/a')
    await first.world.settle(first.world.env(NODE).disk.replaceFile('/a/orders-0/partition.metadata', Buffer.from('?')))
    const places = await first.again()
    places.has(places.idOf('/a'))
    expect(places.places.strays(places.image)).toEqual([])
  })
})

describe('the controller', () => {
  it.each([
    { given: 'it has the replica nowhere', assigned: UNASSIGNED_DIRECTORY, told: ['/a'] },
    { given: 'it has the replica elsewhere', assigned: '/b', told: ['/a'] },
    { given: 'it has given the replica up', assigned: LOST_DIRECTORY, told: ['/a'] },
    { given: 'it knows', assigned: '/a', told: [] },
  ])('is told where a replica is: $given', async ({ assigned, told }) => {
    const places = await Places.open()
    const log = await places.logIn('/a')
    places.has(assigned.startsWith('/') ? places.idOf(assigned) : assigned)
    places.places.tell({ ...replica, log, isOffline: false })
    await places.world.run(100)
    expect(places.told).toEqual(told.map(path => places.idOf(path)))
  })

  it.each([
    { given: 'has it in a folder that works', assigned: '/a', isLost: true },
    { given: 'has it nowhere', assigned: UNASSIGNED_DIRECTORY, isLost: true },
    { given: 'has it in the folder that fails, of which it hears', assigned: '/b', isLost: false },
    { given: 'has it in a folder that is not here any more', assigned: uuidOf('former'), isLost: false },
    { given: 'knows', assigned: LOST_DIRECTORY, isLost: false },
  ])('is told that a replica is lost when it $given: $isLost', async ({ assigned, isLost }) => {
    const places = await Places.open()
    await places.fail('/b')
    places.has(assigned.startsWith('/') ? places.idOf(assigned) : assigned)
    places.places.tell({ ...replica, log: undefined, isOffline: true })
    await places.world.run(100)
    expect(places.told).toEqual(isLost ? [LOST_DIRECTORY] : [])
  })

  it('is told nothing of a replica that is not opened yet, or is none', async () => {
    const places = await Places.open()
    const log = await places.logIn('/a')
    places.has(UNASSIGNED_DIRECTORY)
    places.places.tell({ ...replica, log: undefined, isOffline: false })
    places.places.tell({ ...replica, index: 1, log, isOffline: false })
    places.has(UNASSIGNED_DIRECTORY, { replicas: [2, 3], isr: [2, 3] })
    places.places.tell({ ...replica, log, isOffline: false })
    await places.world.run(100)
    expect(places.told).toEqual([])
  })
})

describe('while a folder is offline', () => {
  it.each([
    { given: 'in the in-sync set', partition: {}, isMade: false },
    { given: 'that is not needed', partition: { isr: [2, 3] }, isMade: true },
    { given: 'that is new', partition: { partitionEpoch: 0 }, isMade: true },
  ])('a replica $given is made elsewhere: $isMade', async ({ partition, isMade }) => {
    const places = await Places.open()
    await places.fail('/b')
    places.has(UNASSIGNED_DIRECTORY, partition)
    const opened = places.world.settle(places.places.openLog(replica, aLogConfig()))
    if (isMade) expect(places.directories.directoryOf(await opened)?.path).toBe('/a')
    else await expect(opened).rejects.toThrow('may be in a folder that is offline')
  })
})
