import { afterEach, describe, expect, it } from 'vitest'
import { errorName } from '../../protocol/errors.ts'
import { DescribeLogDirs } from '../../protocol/messages/describeLogDirs.ts'
import { AClient } from './aClient.ts'
import { type ClusterScenario, SimulatedCluster } from './simulatedCluster.ts'

const PARTITIONS = [0, 1, 2, 3, 4, 5]

describe('brokers with two log folders', () => {
  let cluster: SimulatedCluster
  let client: AClient
  afterEach(() => cluster.close())

  async function running(scenario: ClusterScenario): Promise<void> {
    cluster = new SimulatedCluster({ logDirs: 2, ...scenario })
    client = new AClient(cluster)
    await cluster.world.settle(cluster.start())
    await client.createTopic('orders', { partitions: PARTITIONS.length, replicas: cluster.brokers.length })
  }

  const imageOf = (id: number) => cluster.broker(id).server!.metadata.image
  const stateOf = (id: number, partition: number) => imageOf(id).topicsByName.get('orders')!.partitions[partition]!
  const allInSync = () => cluster.world.run(() => cluster.isInSync, 30_000)
  /** The folder of a broker's replica. */
  const folderOf = (id: number, partition: number) => {
    const found = cluster.broker(id).server!.replicas.find('orders', partition)
    return typeof found === 'string' ? undefined : found.log?.directory.split('/')[1]
  }
  /** Whether its broker is up or down. */
  function logFileOf(id: number, partition: number): string {
    const paths = [...cluster.world.disk(cluster.broker(id).name).files().keys()]
    return paths.find(path => path.includes(`/orders-${partition}/`) && path.endsWith('.log'))!
  }
  async function produceEverywhere(value: string): Promise<void> {
    for (const partition of PARTITIONS) expect(await client.produce('orders', value, { partition })).toMatchObject({ error: 'NONE' })
  }

  it('spread their replicas over both, and tell the controller which is where (KIP-858)', async () => {
    await running({ seed: 1 })
    await produceEverywhere('one')
    for (const { id, server } of cluster.brokers) {
      expect(PARTITIONS.filter(partition => folderOf(id, partition) === 'data-2')).toHaveLength(3)
      await cluster.world.run(() =>
        PARTITIONS.every(partition => {
          const { replicas, directories } = stateOf(1, partition)
          const log = server!.replicas.find('orders', partition)
          return typeof log !== 'string' && directories[replicas.indexOf(id)] === directoryIdOf(id, folderOf(id, partition)!)
        }),
      )
    }
  })

  function directoryIdOf(id: number, folder: string): string | undefined {
    const file = cluster.world.disk(cluster.broker(id).name).files().get(`/${folder}/meta.properties`)
    return /^directory\.id=(.*)$/m.exec(String(file))?.[1]
  }

  it.each([2, 3, 4, 5])('go on without the one that fails, and lose nothing (seed %i)', async seed => {
    await running({ seed })
    await produceEverywhere('before')
    await allInSync()
    const broken = client.leaderOf(
      'orders',
      PARTITIONS.find(partition => folderOf(client.leaderOf('orders', partition)!, partition) === 'data-2'),
    )!
    const lost = PARTITIONS.filter(partition => folderOf(broken, partition) === 'data-2')
    const kept = PARTITIONS.filter(partition => !lost.includes(partition))
    const disk = cluster.world.disk(cluster.broker(broken).name)
    disk.faults.add({ operations: ['append', 'sync', 'replaceFile'], path: path => path.startsWith('/data-2/'), code: 'EIO' })

    const led = lost.find(partition => client.leaderOf('orders', partition) === broken)!
    expect((await client.produce('orders', 'refused', { partition: led })).error).toBe('KAFKA_STORAGE_ERROR')
    await cluster.world.run(() =>
      PARTITIONS.every(partition => {
        const leader = client.leaderOf('orders', partition)
        return leader !== undefined && !(lost.includes(partition) && leader === broken)
      }),
    )
    await produceEverywhere('after')
    for (const partition of lost) {
      expect((await client.consume('orders', 0, { partition })).values).toEqual(['before', 'after'])
      expect(stateOf(broken, partition).isr).not.toContain(broken)
      expect((await client.produce('orders', 'x', { partition, to: broken })).error).toBe('KAFKA_STORAGE_ERROR')
    }
    for (const partition of kept) expect(stateOf(broken, partition).isr).toContain(broken)
    expect(cluster.broker(broken)).toMatchObject({ state: 'up', failure: undefined })

    const described = await cluster.world.settle(cluster.ask(broken, DescribeLogDirs, { topics: null }))
    expect(described.results.map(({ logDir, errorCode, topics }) => [logDir, errorName(errorCode), topics.length])).toEqual([
      ['/data', 'NONE', 1],
      ['/data-2', 'KAFKA_STORAGE_ERROR', 0],
    ])

    cluster.kill(broken)
    disk.faults.clear()
    await cluster.world.settle(cluster.startBroker(broken))
    await allInSync()
    for (const partition of lost) expect(folderOf(broken, partition)).toBe('data-2')
  })

  it('copy everything to a folder whose disk was replaced', async () => {
    await running({ seed: 6 })
    await produceEverywhere('before')
    await allInSync()
    cluster.kill(2)
    const { disk } = cluster.world.env(cluster.broker(2).name)
    await cluster.world.settle(disk.remove('/data-2'))
    await cluster.world.settle(cluster.startBroker(2))
    await allInSync()
    const of2 = cluster.brokers[1]!.server!.replicas.stats().filter(each => each.topic === 'orders')
    expect(of2.map(each => each.logEndOffset)).toEqual(PARTITIONS.map(() => 1))
  })

  it('start without a folder that cannot be opened, and make nothing anew that may be in it', async () => {
    await running({ seed: 7 })
    await produceEverywhere('before')
    await allInSync()
    const lost = PARTITIONS.filter(partition => folderOf(2, partition) === 'data-2')
    cluster.kill(2)
    const disk = cluster.world.disk(cluster.broker(2).name)
    disk.faults.add({ operations: ['list', 'open', 'readFile', 'makeDirectory'], path: path => path.startsWith('/data-2'), code: 'EIO' })
    await cluster.world.settle(cluster.startBroker(2))
    await cluster.world.run(() => PARTITIONS.every(partition => stateOf(1, partition).isr.length === (lost.includes(partition) ? 2 : 3)))
    await produceEverywhere('meanwhile')
    for (const partition of lost) {
      expect((await client.produce('orders', 'x', { partition, to: 2 })).error).toBe('KAFKA_STORAGE_ERROR')
      expect(folderOf(2, partition)).toBeUndefined()
    }
    cluster.kill(2)
    disk.faults.clear()
    await cluster.world.settle(cluster.startBroker(2))
    await allInSync()
    for (const partition of lost) expect(folderOf(2, partition)).toBe('data-2')
  })

  it('end when the folder of the metadata log fails', async () => {
    await running({ seed: 8 })
    cluster.world.disk(cluster.broker(2).name).faults.add({ operations: ['sync'], path: path => path.startsWith('/data/'), code: 'EIO' })
    await cluster.world.run(() => cluster.broker(2).state === 'down', 30_000)
    expect(cluster.broker(2).failure).toMatchObject({ code: 'EIO' })
    await cluster.world.run(() => PARTITIONS.every(partition => client.leaderOf('orders', partition) !== undefined))
    await produceEverywhere('after')
  })

  it.each([31, 32, 33, 34])('keep through a power failure what they say after the only folder failed to sync (seed %i)', async seed => {
    await running({ seed, brokers: 1, logDirs: 1 })
    const { name } = cluster.broker(1)
    const { faults } = cluster.world.disk(name)
    const mend = faults.add({ operations: ['sync'], path: path => path.endsWith('.log'), code: 'EIO' })
    void client.createTopic('unsynced', { replicas: 1 }).catch(() => undefined)
    await cluster.world.run(() => cluster.broker(1).state === 'down', 30_000)
    mend()
    await cluster.world.settle(cluster.startBroker(1))
    expect((await client.createTopic('after', { replicas: 1 })).error).toBe('NONE')
    cluster.kill(1, { power: true })
    await cluster.world.settle(cluster.startBroker(1))
    expect(imageOf(1).topicsByName.has('after')).toBe(true)
  })

  it('end when they cannot tell the controller of a folder that fails', async () => {
    await running({ seed: 9, settings: { 'log.dir.failure.timeout.ms': '4000' } })
    await produceEverywhere('before')
    await allInSync()
    const isController = (id: number) => cluster.broker(id).server!.quorum.role === 'leader'
    const leads = (id: number, partition: number) => client.leaderOf('orders', partition) === id && folderOf(id, partition) === 'data-2'
    const broken = [1, 2, 3].find(id => !isController(id) && PARTITIONS.some(partition => leads(id, partition)))!
    const { name } = cluster.broker(broken)
    for (const other of cluster.brokers) if (other.id !== broken) cluster.world.cut(name, other.name)
    cluster.world.disk(name).faults.add({ operations: ['append'], path: path => path.startsWith('/data-2/'), code: 'EIO' })
    const partition = PARTITIONS.find(each => leads(broken, each))!
    expect((await client.produce('orders', 'refused', { partition, acks: 1 })).error).toBe('KAFKA_STORAGE_ERROR')
    await cluster.world.run(3500)
    expect(cluster.broker(broken).failure).toBeUndefined()
    await cluster.world.run(2500)
    expect(cluster.broker(broken).failure?.message).toContain('could not be told for 4000 ms that a log folder has failed')
  })

  it.each([11, 12, 13])('refuse what a full disk has no room for, and go on when it has (seed %i)', async seed => {
    await running({ seed })
    await produceEverywhere('before')
    await allInSync()
    const full = client.leaderOf('orders', 0)!
    const disk = cluster.world.disk(cluster.broker(full).name)
    disk.capacityBytes = disk.usedBytes + 1000
    const acknowledged = ['before']
    let refusals = 0
    for (let index = 0; index < 30; index += 1) {
      const value = `${index} ${'x'.repeat(100)}`
      const { error } = await client.produce('orders', value)
      if (error === 'NONE') acknowledged.push(value)
      else refusals += 1
    }
    expect(refusals).toBeGreaterThan(0)
    expect(cluster.broker(full)).toMatchObject({ state: 'up', failure: undefined })
    disk.capacityBytes = Number.MAX_SAFE_INTEGER
    await cluster.world.run(2000)
    await allInSync()
    expect((await client.produce('orders', 'after')).error).toBe('NONE')
    const { values } = await client.consume('orders')
    expect(values.filter(value => acknowledged.includes(value))).toEqual(acknowledged)
    expect(values.at(-1)).toBe('after')
  })

  it.each([21, 22, 23])('take one damaged partition offline and serve the others (seed %i)', async seed => {
    await running({ seed, settings: { 'log.flush.interval.messages': '1' } })
    for (const value of ['one', 'two', 'three']) await produceEverywhere(value)
    await allInSync()
    // Until the recovery points are on the disk.
    await cluster.world.run(6000)
    const broken = client.leaderOf('orders', 0)!
    cluster.kill(broken)
    const path = logFileOf(broken, 0)
    const { disk } = cluster.world.env(cluster.broker(broken).name)
    const bytes = await cluster.world.settle(disk.readFile(path))
    bytes[70]! ^= 1
    await cluster.world.settle(disk.replaceFile(path, bytes))

    await cluster.world.settle(cluster.startBroker(broken))
    await cluster.world.run(() => PARTITIONS.slice(1).every(partition => stateOf(broken, partition).isr.length === 3), 30_000)
    expect(stateOf(broken, 0).isr).not.toContain(broken)
    await produceEverywhere('four')
    expect((await client.consume('orders')).values).toEqual(['one', 'two', 'three', 'four'])
    expect((await client.produce('orders', 'x', { to: broken })).error).toBe('KAFKA_STORAGE_ERROR')
    expect(cluster.broker(broken)).toMatchObject({ state: 'up', failure: undefined })

    // Without the damaged folder it is copied anew.
    cluster.kill(broken)
    const after = cluster.world.env(cluster.broker(broken).name).disk
    await cluster.world.settle(after.remove(path.slice(0, path.lastIndexOf('/'))))
    await cluster.world.settle(cluster.startBroker(broken))
    await allInSync()
    expect(cluster.replicasOf('orders', 0).map(each => each.logEndOffset)).toEqual([4, 4, 4])
  })
})
