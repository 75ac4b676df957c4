import { describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import { LOST_DIRECTORY, UNASSIGNED_DIRECTORY, type Uuid } from '../base/uuid.ts'
import type { Env } from '../env/env.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { aBatch, aLogConfig } from './builders.ts'
import { LogDirectories, LogDirectoryOffline } from './logDirectories.ts'
import { ForeignLogDirectory } from './logDirectory.ts'
import type { PartitionLog } from './partitionLog.ts'

const NODE = 'broker-1'
const TOPIC_ID = 'AQIDBAUGBwgJCgsMDQ4PEA'
const PATHS = ['/a', '/b', '/c']
const config = aLogConfig()

const open = (env: Env, paths = PATHS, metadataPath?: string) =>
  LogDirectories.open(env, paths, {
    clusterId: 'cluster',
    nodeId: 1,
    log: silentLogger,
    ...(metadataPath !== undefined && { metadataPath }),
  })

async function threeFolders(): Promise<{ world: World; env: Env; directories: LogDirectories }> {
  const world = simulatedWorld(1)
  const env = world.env(NODE)
  return { world, env, directories: await world.settle(open(env)) }
}

const logOf = (directories: LogDirectories, partition: number, { assigned = UNASSIGNED_DIRECTORY, isNew = true } = {}) =>
  directories.openLog({ topic: 'topic', partition, topicId: TOPIC_ID }, config, { assigned, isNew })

async function appendTo(world: World, log: PartitionLog): Promise<void> {
  const result = log.append(aBatch(), { leaderEpoch: 0, origin: 'client' })
  if (result.error !== 'NONE') throw new Error(result.error)
  await world.settle(result.written)
}

/** The folder fails at the next thing that touches it. */
async function fail(world: World, directories: LogDirectories, path: string): Promise<void> {
  world.disk(NODE).faults.add({ operations: ['makeDirectory'], path: each => each.startsWith(`${path}/`), code: 'EIO' })
  const directory = directories.all.find(each => each.path === path)!
  await expect(world.settle(directory.openLog('probe', 0, TOPIC_ID, config))).rejects.toThrow('EIO')
}

const idOf = (directories: LogDirectories, path: string): Uuid => directories.all.find(each => each.path === path)!.directoryId
const places = (directories: LogDirectories) =>
  directories
    .listPartitions()
    .map(({ partition, directory }) => `${directory.path} ${partition}`)
    .sort()

describe('the log folders of a broker', () => {
  it('belong to one cluster and node, and each has an id of its own', async () => {
    const { directories } = await threeFolders()
    expect(directories.all.map(({ path, clusterId, nodeId }) => [path, clusterId, nodeId])).toEqual(PATHS.map(path => [path, 'cluster', 1]))
    expect(new Set(directories.directoryIds).size).toBe(3)
    expect(directories.metadata.path).toBe('/a')
  })

  it('share new logs out evenly, also those that are opened at the same time', async () => {
    const { world, directories } = await threeFolders()
    await world.settle(Promise.all([0, 1, 2, 3, 4, 5, 6].map(partition => logOf(directories, partition))))
    expect(places(directories)).toEqual(['/a 0', '/a 3', '/a 6', '/b 1', '/b 4', '/c 2', '/c 5'])
  })

  it('keep a log where it is, whatever metadata says, and put a new one where it is told to', async () => {
    const { world, env, directories } = await threeFolders()
    const log = await world.settle(logOf(directories, 0, { assigned: idOf(directories, '/c') }))
    await appendTo(world, log)
    expect(directories.directoryOf(log)?.path).toBe('/c')
    await world.settle(directories.close(1))
    const again = await world.settle(open(env))
    const found = await world.settle(logOf(again, 0, { assigned: idOf(again, '/b') }))
    expect(again.directoryOf(found)?.path).toBe('/c')
    expect(found.logEndOffset).toBe(1)
  })

  it('of which one was added later have it formatted', async () => {
    const world = simulatedWorld(1)
    const env = world.env(NODE)
    const one = await world.settle(open(env, ['/a']))
    const [id] = one.directoryIds
    await world.settle(one.close(1))
    const two = await world.settle(open(env, ['/a', '/b']))
    expect(two.directoryIds[0]).toBe(id)
    expect(two.directoryIds[1]).not.toBe(id)
  })

  it('may keep the metadata log in a folder of its own', async () => {
    const world = simulatedWorld(1)
    const directories = await world.settle(open(world.env(NODE), ['/a', '/b'], '/m'))
    expect(directories.metadata.path).toBe('/m')
    expect(directories.directoryIds).toEqual(directories.all.map(each => each.directoryId))
    expect(directories.all.map(each => each.path)).toEqual(['/a', '/b'])
    await world.settle(directories.close(1))
    await world.settle(open(world.env(NODE), ['/a', '/b'], '/m'))
  })

  it('tell the epoch of the process before only when all of them do (KIP-966)', async () => {
    const { world, env, directories } = await threeFolders()
    expect(directories.previousBrokerEpoch).toBe(-1)
    await world.settle(directories.close(42))
    const again = await world.settle(open(env))
    expect(again.previousBrokerEpoch).toBe(42)
    await world.settle(again.close(43))
    await world.settle(env.disk.remove('/b/.kafka_cleanshutdown'))
    expect((await world.settle(open(env))).previousBrokerEpoch).toBe(-1)
  })

  it.each([
    { given: 'of another cluster', path: '/b/meta.properties', text: 'cluster.id=other' },
    { given: 'of another node', path: '/b/meta.properties', text: 'node.id=2' },
  ])('are none when one is $given, and all are let go again', async ({ path, text }) => {
    const { world, env, directories } = await threeFolders()
    await world.settle(directories.close(1))
    const before = await world.settle(env.disk.readFile(path))
    const [key = ''] = text.split('=')
    await world.settle(env.disk.replaceFile(path, Buffer.from(String(before).replace(new RegExp(`^${key}=.*$`, 'm'), text))))
    await expect(world.settle(open(env))).rejects.toThrow(ForeignLogDirectory)
    await world.settle(env.disk.replaceFile(path, before))
    await world.settle(open(env))
  })

  it('are none when two have the same id: one was copied', async () => {
    const { world, env, directories } = await threeFolders()
    await world.settle(directories.close(1))
    await world.settle(env.disk.replaceFile('/c/meta.properties', await world.settle(env.disk.readFile('/b/meta.properties'))))
    await expect(world.settle(open(env))).rejects.toThrow(/has the directory id .*, as another log folder has/)
  })

  it('are none when one is in use', async () => {
    const { world, env, directories } = await threeFolders()
    await world.settle(directories.close(1))
    const lock = await world.settle(env.disk.lock('/c/.lock'))
    await expect(world.settle(open(env))).rejects.toMatchObject({ code: 'ELOCKED' })
    await world.settle(lock.release())
    await world.settle(open(env))
  })
})

describe('a log folder that fails', () => {
  it('takes its own logs offline and no others', async () => {
    const { world, directories } = await threeFolders()
    const [a, b] = [await world.settle(logOf(directories, 0)), await world.settle(logOf(directories, 1))]
    const heard: string[] = []
    directories.onFailure(({ path }) => heard.push(`${path} with ${b.failure === undefined ? 'no log' : 'its log'}`))
    await fail(world, directories, '/b')
    expect(heard).toEqual(['/b with its log'])
    expect(directories.online.map(each => each.path)).toEqual(['/a', '/c'])
    expect(directories.failedIds).toEqual([idOf(directories, '/b')])
    expect(directories.directoryIds).toEqual([idOf(directories, '/a'), idOf(directories, '/c')])
    expect(directories.logs).toEqual([a])
    await appendTo(world, a)
    await world.settle(directories.checkpoint())
    await world.settle(directories.close(1))
  })

  it.each([
    { given: 'assigned to it', assigned: '/b', isNew: false, made: undefined },
    { given: 'assigned to one that is not here any more', assigned: 'goneAAAAAAAAAAAAAAAAAA', isNew: true, made: undefined },
    { given: 'assigned to another', assigned: '/c', isNew: false, made: '/c' },
    { given: 'old and not assigned', assigned: UNASSIGNED_DIRECTORY, isNew: false, made: undefined },
    { given: 'lost, and not trusted', assigned: LOST_DIRECTORY, isNew: true, made: '/a' },
    { given: 'new', assigned: UNASSIGNED_DIRECTORY, isNew: true, made: '/a' },
  ])('may hold a log that is $given', async ({ assigned, isNew, made }) => {
    const { world, directories } = await threeFolders()
    await fail(world, directories, '/b')
    const opened = world.settle(
      logOf(directories, 0, { assigned: PATHS.includes(assigned) ? idOf(directories, assigned) : assigned, isNew }),
    )
    if (made === undefined) await expect(opened).rejects.toThrow(LogDirectoryOffline)
    else expect(directories.directoryOf(await opened)?.path).toBe(made)
  })

  it('need not be there at the start, unless it has the metadata log', async () => {
    const { world, env, directories } = await threeFolders()
    await world.settle(logOf(directories, 0))
    await world.settle(logOf(directories, 1))
    await world.settle(directories.close(1))
    const end = world.disk(NODE).faults.add({ operations: ['list'], path: path => path === '/b', code: 'EIO' })
    const two = await world.settle(open(env))
    expect(two).toMatchObject({ hasOffline: true, previousBrokerEpoch: -1, failedIds: [] })
    expect([...two.unopened.keys()]).toEqual(['/b'])
    expect(two.states.map(({ path, failure }) => [path, failure])).toEqual([
      ['/a', undefined],
      ['/b', expect.objectContaining({ code: 'EIO' })],
      ['/c', undefined],
    ])
    expect(places(two)).toEqual(['/a 0'])
    await world.settle(two.close(1))
    await expect(world.settle(open(env, ['/b', '/a']))).rejects.toMatchObject({ code: 'EIO' })
    end()
    expect(places(await world.settle(open(env)))).toEqual(['/a 0', '/b 1'])
  })

  it.each([
    { given: 'the process was killed', power: false, orderly: false, full: false },
    { given: 'it failed as the process ended in order', power: false, orderly: true, full: false },
    { given: 'the power failed', power: true, orderly: false, full: false },
    { given: 'it failed while the other disks were full', power: false, orderly: false, full: true },
  ])(
    'has what its disk seemed to hold written to it again: after $given a power failure takes nothing of it',
    async ({ power, orderly, full }) => {
      const { world, directories } = await threeFolders()
      const log = await world.settle(logOf(directories, 0, { assigned: idOf(directories, '/b') }))
      const mend = world.disk(NODE).faults.add({ operations: ['sync'], path: path => path.startsWith('/b/'), code: 'EIO' })
      await appendTo(world, log)
      const disk = world.disk(NODE)
      if (full) disk.capacityBytes = disk.usedBytes
      if (orderly) await world.settle(directories.close(1))
      else await expect(world.settle(log.flush())).rejects.toThrow('EIO')
      await world.run(1_000)
      disk.capacityBytes = Number.MAX_SAFE_INTEGER
      await world.run(1_000)
      mend()

      world.crash(NODE, { loseUnsynced: power })
      const again = await world.settle(open(world.env(NODE)))
      const kept = await world.settle(logOf(again, 0, { isNew: false }))
      const end = kept.logEndOffset
      await world.settle(kept.flush())
      await world.settle(again.checkpoint())
      world.crash(NODE, { loseUnsynced: true })
      const last = await world.settle(open(world.env(NODE)))
      expect((await world.settle(logOf(last, 0, { isNew: false }))).logEndOffset).toBe(end)
      if (!power) expect(end).toBe(log.logEndOffset)

      await world.settle(last.close(1))
      const trusted = await world.settle(open(world.env(NODE)))
      await world.settle(trusted.close(1))
      expect(world.disk(NODE).peek('/a/failed-log-directories', 0, 100)).toEqual(Buffer.alloc(0))
    },
  )

  it('leaves nothing to put a log in when it was the last', async () => {
    const { world, directories } = await threeFolders()
    for (const path of PATHS) await fail(world, directories, path)
    await expect(world.settle(logOf(directories, 0))).rejects.toThrow(LogDirectoryOffline)
  })
})

describe('a full disk', () => {
  it('is no reason for a checkpoint to fail', async () => {
    const { world, directories } = await threeFolders()
    await world.settle(logOf(directories, 0))
    const disk = world.disk(NODE)
    disk.capacityBytes = disk.usedBytes
    await world.settle(directories.checkpoint())
    expect(directories.hasOffline).toBe(false)
  })
})
