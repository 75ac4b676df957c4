import { dirname } from 'node:path/posix'
import { describe, expect, it } from 'vitest'
import type { Disk } from '../env/env.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { decodeMetaProperties } from '../protocol/files/metaProperties.ts'
import { decodeQuorumState } from '../protocol/files/quorumState.ts'
import { ClusterFolder } from './clusterFolder.ts'

const CLUSTER = { version: 1, clusterId: 'c', isNew: false, brokers: 3, logDirs: 1, port: 19_092, profile: 'dev', settings: {} } as const
const seeds = Array.from({ length: 60 }, (_, index) => index + 1)

const folderIn = (world: World) => new ClusterFolder({ random: world.random, disk: emptyingFirst(world.env('host').disk) }, '/data')

/** As systems remove a directory: what is in it first, one after the other, and a crash may come in between. */
function emptyingFirst(disk: Disk): Disk {
  const remove = async (path: string): Promise<void> => {
    if ((await disk.stat(path))?.isDirectory === true) for (const { name } of await disk.list(path)) await remove(`${path}/${name}`)
    await disk.remove(path)
  }
  return new Proxy(disk, { get: (_, name: keyof Disk) => (name === 'remove' ? remove : disk[name].bind(disk)) })
}
const textOf = async (world: World, path: string) => (await world.settle(world.env('host').disk.readFile(path))).toString()
const exists = async (world: World, path: string) => (await world.settle(world.env('host').disk.stat(path))) !== undefined

/** A formatted log dir with something in it. */
async function withLogDir(world: World): Promise<ClusterFolder> {
  const folder = folderIn(world)
  await world.settle(folder.write(CLUSTER))
  await world.settle(folder.format(2, 'c'))
  for (const name of ['a.log', 'b.log', 'c.log']) {
    await world.settle(world.env('host').disk.replaceFile(`/data/broker-2/${name}`, Buffer.from('records')))
  }
  return folder
}

describe('a log dir', () => {
  it('is formatted once', async () => {
    const world = simulatedWorld(1)
    const folder = await withLogDir(world)
    const before = await textOf(world, '/data/broker-2/meta.properties')
    await world.settle(folder.format(2, 'c'))
    expect(await textOf(world, '/data/broker-2/meta.properties')).toBe(before)
    expect(decodeMetaProperties(Buffer.from(before))).toMatchObject({ clusterId: 'c', nodeId: 2 })
  })

  it('of a new voter says that it has promised nothing; one that was destroyed does not say so', async () => {
    const world = simulatedWorld(1)
    const folder = folderIn(world)
    await world.settle(folder.write(CLUSTER))
    await world.settle(folder.format(1, 'c', { isNewVoter: true }))
    const file = '/data/broker-1/__cluster_metadata-0/quorum-state'
    expect(decodeQuorumState(Buffer.from(await textOf(world, file)))).toMatchObject({ leaderEpoch: 0, votedId: -1 })
    await world.settle(folder.wipe(1))
    await world.settle(folder.format(1, 'c'))
    expect(await exists(world, file)).toBe(false)
  })

  it('of another cluster, or of another broker, is refused and left as it is', async () => {
    const world = simulatedWorld(1)
    const folder = await withLogDir(world)
    await expect(world.settle(folder.format(2, 'other'))).rejects.toThrow(
      '/data/broker-2 belongs to broker 2 of cluster c, not to broker 2 of cluster other',
    )
    await world.settle(world.env('host').disk.rename('/data/broker-2', '/data/broker-3'))
    await expect(world.settle(folder.format(3, 'c'))).rejects.toThrow('belongs to broker 2')
    expect(await textOf(world, '/data/broker-3/a.log')).toBe('records')
  })

  it.each(seeds)('is whole or not there after a crash in a wipe (seed %i)', async seed => {
    const world = simulatedWorld(seed)
    const wiped = (await withLogDir(world)).wipe(2)
    wiped.catch(() => undefined)
    await world.run(world.random.below(100) / 10)
    world.crash('host', { loseUnsynced: true })
    if (await exists(world, '/data/broker-2')) {
      for (const name of ['meta.properties', 'a.log', 'b.log', 'c.log'])
        expect(await exists(world, `/data/broker-2/${name}`), name).toBe(true)
    }
    await world.settle(folderIn(world).format(2, 'c'))
    expect(await exists(world, '/data/broker-2/meta.properties')).toBe(true)
    expect(await exists(world, '/data/broker-2.wiped')).toBe(false)
  })

  it.each(seeds)('can be formatted after a crash while it was (seed %i)', async seed => {
    const world = simulatedWorld(seed)
    await world.settle(folderIn(world).write(CLUSTER))
    folderIn(world)
      .format(1, 'c')
      .catch(() => undefined)
    await world.run(world.random.below(40) / 10)
    world.crash('host', { loseUnsynced: true })
    await world.settle(folderIn(world).format(1, 'c'))
    expect(decodeMetaProperties(Buffer.from(await textOf(world, '/data/broker-1/meta.properties'))).nodeId).toBe(1)
  })
})

describe('several log dirs of one broker', () => {
  async function withTwo(world: World): Promise<ClusterFolder> {
    const folder = await withLogDir(world)
    for (const path of ['/data/broker-2-disk-2/a.log', '/data/broker-22/a.log', '/data/broker-2-notes/a.txt']) {
      await world.settle(world.env('host').disk.makeDirectory(dirname(path)))
      await world.settle(world.env('host').disk.replaceFile(path, Buffer.from('records')))
    }
    return folder
  }
  const names = async (world: World) => (await world.settle(world.env('host').disk.list('/data'))).map(entry => entry.name).sort()

  it('are beside each other, the first where the only one would be', () => {
    const folder = folderIn(simulatedWorld(1))
    expect(folder.brokerDirectories(2, 1)).toEqual(['/data/broker-2'])
    expect(folder.brokerDirectories(2, 3)).toEqual(['/data/broker-2', '/data/broker-2-disk-2', '/data/broker-2-disk-3'])
  })

  it('are all wiped, and nobody else’s', async () => {
    const world = simulatedWorld(1)
    const folder = await withTwo(world)
    await world.settle(folder.wipe(2))
    expect(await names(world)).toEqual(['broker-2-notes', 'broker-22', 'cluster.json', 'logs'])
  })

  it('are all removed with the cluster', async () => {
    const world = simulatedWorld(1)
    const folder = await withTwo(world)
    await world.settle(folder.remove())
    expect(await names(world)).toEqual(['broker-2-notes'])
  })
})

describe("a cluster's file", () => {
  it.each(['', '{', '[]', '{"version":2}', JSON.stringify({ ...CLUSTER, brokers: 0 })])('cannot be %j', async text => {
    const world = simulatedWorld(1)
    const folder = folderIn(world)
    await world.settle(folder.write(CLUSTER))
    await world.settle(world.env('host').disk.replaceFile('/data/cluster.json', Buffer.from(text)))
    await expect(world.settle(folder.read())).rejects.toThrow('/data/cluster.json is not a cluster of this version')
  })

  it('of a time when a broker had one log dir says so', async () => {
    const world = simulatedWorld(1)
    const folder = folderIn(world)
    await world.settle(folder.write(CLUSTER))
    const { logDirs, ...before } = CLUSTER
    await world.settle(world.env('host').disk.replaceFile('/data/cluster.json', Buffer.from(JSON.stringify(before))))
    expect(await world.settle(folder.read())).toEqual({ ...before, logDirs })
  })

  it('comes back as it was written', async () => {
    const world = simulatedWorld(1)
    await world.settle(folderIn(world).write(CLUSTER))
    expect(await world.settle(folderIn(world).read())).toEqual(CLUSTER)
  })
})

describe('removing a cluster', () => {
  it('takes its folder, when nothing else is in it', async () => {
    const world = simulatedWorld(1)
    const folder = await withLogDir(world)
    const lock = await world.settle(folder.hold())
    expect(await world.settle(folder.remove())).toBe(true)
    await world.settle(lock.release())
    expect(await exists(world, '/data')).toBe(false)
  })

  it("leaves other people's files", async () => {
    const world = simulatedWorld(1)
    const folder = await withLogDir(world)
    for (const name of ['thesis.txt', 'broker-notes', 'broker-2.bak'])
      await world.settle(world.env('host').disk.replaceFile(`/data/${name}`, Buffer.from('mine')))
    await world.settle(folder.remove())
    expect((await world.settle(world.env('host').disk.list('/data'))).map(entry => entry.name).sort()).toEqual([
      'broker-2.bak',
      'broker-notes',
      'thesis.txt',
    ])
  })

  it('touches nothing in a folder without a cluster', async () => {
    const world = simulatedWorld(1)
    await world.settle(world.env('host').disk.makeDirectory('/data/logs'))
    expect(await world.settle(folderIn(world).remove())).toBe(false)
    expect(await exists(world, '/data/logs')).toBe(true)
  })

  it('can be asked again after it failed half-way', async () => {
    const world = simulatedWorld(1)
    const folder = await withLogDir(world)
    world.disk('host').faults.add({ operations: ['remove'], path: path => path.includes('broker-2'), code: 'EIO', times: 1 })
    await expect(world.settle(folder.remove())).rejects.toThrow('EIO')
    expect(await world.settle(folder.remove())).toBe(true)
  })
})
