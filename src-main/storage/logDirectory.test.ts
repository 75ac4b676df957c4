import { describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import type { DiskError, Env } from '../env/env.ts'
import type { DiskFault } from '../env/faults/diskFaults.ts'
import { type World, simulatedWorld } from '../simulation/world.ts'
import { aBatch, aLogConfig } from './builders.ts'
import { CorruptLog } from './corruptLog.ts'
import { ForeignLogDirectory, LogDirectory } from './logDirectory.ts'
import type { PartitionLog } from './partitionLog.ts'

const NODE = 'broker-1'
const TOPIC_ID = 'AQIDBAUGBwgJCgsMDQ4PEA'
const OTHER_ID = 'BQIDBAUGBwgJCgsMDQ4PEA'
const config = aLogConfig({ fileDeleteDelayMs: 50 })

const open = (env: Env, options: { clusterId?: string; nodeId?: number } = {}) =>
  LogDirectory.open(env, '/data', { clusterId: 'cluster', nodeId: 1, log: silentLogger, ...options })

async function aDirectory(): Promise<{ world: World; env: Env; directory: LogDirectory }> {
  const world = simulatedWorld(1)
  const env = world.env(NODE)
  return { world, env, directory: await world.settle(open(env)) }
}

async function appendTo(world: World, log: PartitionLog, records = 1): Promise<void> {
  const result = log.append(aBatch({ records }), { leaderEpoch: 0, origin: 'client' })
  if (result.error !== 'NONE') throw new Error(result.error)
  await world.settle(result.written)
}

const textOf = (world: World, name: string) => world.disk(NODE).files().get(`/data/${name}`)?.toString()
const folders = (world: World) => new Set([...world.disk(NODE).files().keys()].map(path => path.split('/')[2]!))

describe('a log folder', () => {
  it('says whose it is, and is nobody else’s', async () => {
    const { world, env, directory } = await aDirectory()
    expect(textOf(world, 'meta.properties')).toBe(`#\ncluster.id=cluster\ndirectory.id=${directory.directoryId}\nnode.id=1\nversion=1\n`)
    await world.settle(directory.close(1))
    await expect(world.settle(open(env, { clusterId: 'other' }))).rejects.toThrow(ForeignLogDirectory)
    await expect(world.settle(open(env, { nodeId: 2 }))).rejects.toThrow(ForeignLogDirectory)
    expect((await world.settle(open(env))).directoryId).toBe(directory.directoryId)
  })

  it('has one owner at a time', async () => {
    const { world, env } = await aDirectory()
    await expect(world.settle(open(env))).rejects.toMatchObject({ code: 'ELOCKED' })
    world.crash(NODE)
    await world.settle(open(world.env(NODE)))
  })

  it('tells a clean shutdown once, and only when there was one', async () => {
    const { world, env, directory } = await aDirectory()
    expect(directory).toMatchObject({ wasCleanShutdown: false, previousBrokerEpoch: -1 })
    await world.settle(directory.close(42))
    expect(textOf(world, '.kafka_cleanshutdown')).toBe('{"version":0,"brokerEpoch":42}')
    const second = await world.settle(open(env))
    expect(second).toMatchObject({ wasCleanShutdown: true, previousBrokerEpoch: 42 })
    expect(textOf(world, '.kafka_cleanshutdown')).toBeUndefined()
    world.crash(NODE, { loseUnsynced: true })
    expect(await world.settle(open(world.env(NODE)))).toMatchObject({ wasCleanShutdown: false, previousBrokerEpoch: -1 })
  })

  it('does not vouch for logs of which one could not be closed', async () => {
    const { world, env, directory } = await aDirectory()
    await appendTo(world, await world.settle(directory.openLog('good', 0, undefined, config)))
    await appendTo(world, await world.settle(directory.openLog('bad', 0, undefined, config)))
    world.disk(NODE).faults.add({ operations: ['sync'], path: path => path.includes('/bad-0/'), code: 'EIO' })
    await world.settle(directory.close(1))
    expect(textOf(world, '.kafka_cleanshutdown')).toBeUndefined()
    world.disk(NODE).faults.clear()
    const again = await world.settle(open(env))
    expect(again.wasCleanShutdown).toBe(false)
    expect((await world.settle(again.openLog('good', 0, undefined, config))).logEndOffset).toBe(1)
  })

  it('does not vouch for logs that nobody looked at since a crash, or that are damaged', async () => {
    const { world, directory } = await aDirectory()
    const log = await world.settle(directory.openLog('topic', 0, undefined, config))
    await appendTo(world, log, 3)
    await appendTo(world, log, 3)
    await world.settle(log.flush())
    await world.settle(directory.checkpoint())
    const file = await world.settle(world.env(NODE).disk.open('/data/topic-0/00000000000000000000.log'))
    await world.settle(file.truncate(100))
    world.crash(NODE)

    const unopened = await world.settle(open(world.env(NODE)))
    await world.settle(unopened.close(1))
    const damaged = await world.settle(open(world.env(NODE)))
    expect(damaged.wasCleanShutdown).toBe(false)
    await expect(world.settle(damaged.openLog('topic', 0, undefined, config))).rejects.toThrow('were synced')
    await world.settle(damaged.close(1))
    expect((await world.settle(open(world.env(NODE)))).wasCleanShutdown).toBe(false)
  })

  it('keeps where its logs begin, what was synced and what was committed, as Kafka writes it', async () => {
    const { world, env, directory } = await aDirectory()
    const log = await world.settle(directory.openLog('with-hyphen', 3, TOPIC_ID, config))
    await appendTo(world, log, 10)
    await world.settle(log.flush())
    await appendTo(world, log, 5)
    log.advanceHighWatermark(12)
    log.raiseLogStartOffset(4)
    await world.settle(directory.checkpoint())
    expect(textOf(world, 'recovery-point-offset-checkpoint')).toBe('0\n1\nwith-hyphen 3 10\n')
    expect(textOf(world, 'log-start-offset-checkpoint')).toBe('0\n1\nwith-hyphen 3 4\n')
    expect(textOf(world, 'replication-offset-checkpoint')).toBe('0\n1\nwith-hyphen 3 12\n')
    expect(textOf(world, 'with-hyphen-3/partition.metadata')).toBe(`version: 0\ntopic_id: ${TOPIC_ID}`)
    world.crash(NODE)
    const after = await world.settle(open(world.env(NODE)))
    expect(after.listPartitions()).toEqual([{ topic: 'with-hyphen', partition: 3, topicId: TOPIC_ID }])
    const recovered = await world.settle(after.openLog('with-hyphen', 3, TOPIC_ID, config))
    expect(recovered).toMatchObject({ logStartOffset: 4, highWatermark: 12, logEndOffset: 15, recoveryPoint: 10 })
    expect(env).not.toBe(world.env(NODE))
  })

  it('keeps the lines of logs that nobody opened', async () => {
    const { world, env, directory } = await aDirectory()
    const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    await appendTo(world, log, 10)
    log.advanceHighWatermark(7)
    await world.settle(directory.close(1))
    const second = await world.settle(open(env))
    await world.settle(second.checkpoint())
    await world.settle(second.close(1))
    const third = await world.settle(open(env))
    expect((await world.settle(third.openLog('topic', 0, TOPIC_ID, config))).highWatermark).toBe(7)
  })

  it('does not take the folder of another topic for the log of this one', async () => {
    const { world, env, directory } = await aDirectory()
    await appendTo(world, await world.settle(directory.openLog('topic', 0, TOPIC_ID, config)))
    await world.settle(directory.close(1))
    const second = await world.settle(open(env))
    await expect(world.settle(second.openLog('topic', 0, OTHER_ID, config))).rejects.toThrow(ForeignLogDirectory)
    await world.settle(second.deleteFolder(second.listPartitions()[0]!, 10))
    const log = await world.settle(second.openLog('topic', 0, OTHER_ID, config))
    expect(log.logEndOffset).toBe(0)
  })

  it('deletes a log at once where there is no room for another name', async () => {
    const { world, directory } = await aDirectory()
    const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    await appendTo(world, log)
    world.disk(NODE).faults.add({ operations: ['rename'], code: 'ENOSPC' })
    await world.settle(directory.deleteLog(log))
    await world.run(100)
    expect([...folders(world)].filter(name => name.startsWith('topic'))).toEqual([])
    expect(directory.failure).toBeUndefined()
    await world.settle(directory.openLog('topic', 0, OTHER_ID, config))
  })

  it('puts a deleted log aside at once and removes it later', async () => {
    const { world, directory } = await aDirectory()
    const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    await appendTo(world, log)
    await world.settle(directory.deleteLog(log))
    expect(log.append(aBatch(), { leaderEpoch: 0, origin: 'client' })).toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    expect([...folders(world)].some(name => /^topic-0\.[0-9a-f]{32}-delete$/.test(name))).toBe(true)
    expect(directory.listPartitions()).toEqual([])
    const anew = await world.settle(directory.openLog('topic', 0, OTHER_ID, config))
    expect(anew.logEndOffset).toBe(0)
    await world.run(60)
    expect([...folders(world)].filter(name => name.endsWith('-delete'))).toEqual([])
    expect(folders(world)).toContain('topic-0')
  })

  it('deletes a log while its checkpoint is written', async () => {
    const { world, directory } = await aDirectory()
    const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    await appendTo(world, log, 3)
    log.advanceHighWatermark(3)
    log.raiseLogStartOffset(2) // before the checkpoint may tell of it, the names in the folder are synced
    await world.settle(Promise.all([directory.checkpoint(), directory.deleteLog(log)]))
    expect(directory.failure).toBeUndefined()
    await world.settle(directory.checkpoint())
    expect(textOf(world, 'log-start-offset-checkpoint')).toBe('0\n0\n')
    expect(textOf(world, 'recovery-point-offset-checkpoint')).toBe('0\n0\n')
  })

  it('removes at its start what an earlier process had put aside', async () => {
    const { world, directory } = await aDirectory()
    const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    await world.settle(directory.deleteLog(log))
    world.crash(NODE)
    const after = await world.settle(open(world.env(NODE)))
    expect(after.listPartitions()).toEqual([])
    await world.run(10)
    expect([...folders(world)].filter(name => name.includes('topic'))).toEqual([])
  })

  it('does not let a new log inherit what an earlier one of its name had synced', async () => {
    const { world, directory } = await aDirectory()
    const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    await appendTo(world, log, 10)
    await world.settle(log.flush())
    log.advanceHighWatermark(10)
    await world.settle(directory.checkpoint())
    await world.settle(directory.deleteLog(log))
    const anew = await world.settle(directory.openLog('topic', 0, OTHER_ID, config))
    await appendTo(world, anew, 2)
    world.crash(NODE)
    const after = await world.settle(open(world.env(NODE)))
    const recovered = await world.settle(after.openLog('topic', 0, OTHER_ID, config))
    expect(recovered).toMatchObject({ logEndOffset: 2, highWatermark: 0 })
  })

  it('is as good after a crash in the middle of anything', async () => {
    for (let dies = 0; dies < 60; dies++) {
      const world = simulatedWorld(dies)
      const act = async (env: Env) => {
        const directory = await open(env)
        const log = await directory.openLog('topic', 0, TOPIC_ID, config)
        const result = log.append(aBatch({ records: 3 }), { leaderEpoch: 0, origin: 'client' })
        if (result.error === 'NONE') await result.written
        await log.flush()
        await directory.checkpoint()
        await directory.deleteLog(log)
        const anew = await directory.openLog('topic', 0, OTHER_ID, config)
        const second = anew.append(aBatch(), { leaderEpoch: 0, origin: 'client' })
        if (second.error === 'NONE') await second.written
        await directory.close(5)
      }
      let events = 0
      let isDone = false
      void act(world.env(NODE)).then(() => (isDone = true))
      await world.run(() => isDone || events++ >= dies)
      world.crash(NODE, { loseUnsynced: dies % 2 === 0 })
      const directory = await world.settle(open(world.env(NODE)))
      for (const { topic, partition, topicId } of directory.listPartitions()) {
        const log = await world.settle(directory.openLog(topic, partition, topicId, config))
        expect(log.logEndOffset).toBeLessThanOrEqual(topicId === OTHER_ID ? 1 : 3)
        expect(log.logStartOffset).toBe(0)
      }
      await world.settle(directory.close(6))
      world.close()
    }
  })

  it.each([
    'recovery-point-offset-checkpoint',
    'log-start-offset-checkpoint',
    'replication-offset-checkpoint',
    'cleaner-offset-checkpoint',
  ])('does without a %s that cannot be read', async name => {
    const { world, directory } = await aDirectory()
    const log = await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    await appendTo(world, log, 10)
    await world.settle(log.flush())
    log.advanceHighWatermark(7)
    await world.settle(directory.checkpoint())
    world.crash(NODE)
    await world.settle(world.env(NODE).disk.replaceFile(`/data/${name}`, Buffer.from('0\n7\ntopic 0 5\n')))
    const again = await world.settle(open(world.env(NODE)))
    expect(await world.settle(again.openLog('topic', 0, TOPIC_ID, config))).toMatchObject({ logStartOffset: 0, logEndOffset: 10 })
    await world.settle(again.checkpoint())
    expect(textOf(world, name)).not.toContain('5')
  })

  it('opens no log in a folder that does not say whose it is, and all the others', async () => {
    const { world, directory } = await aDirectory()
    for (const topic of ['good', 'bad']) {
      const log = await world.settle(directory.openLog(topic, 0, TOPIC_ID, config))
      await appendTo(world, log)
      await world.settle(log.flush())
    }
    await world.settle(directory.checkpoint())
    world.crash(NODE)
    await world.settle(world.env(NODE).disk.replaceFile('/data/bad-0/partition.metadata', Buffer.from('version: 0\n')))
    const again = await world.settle(open(world.env(NODE)))
    await expect(world.settle(again.openLog('bad', 0, TOPIC_ID, config))).rejects.toThrow(CorruptLog)
    expect((await world.settle(again.openLog('good', 0, TOPIC_ID, config))).logEndOffset).toBe(1)
    expect(again.failure).toBeUndefined()
  })

  it('keeps what is no partition’s under another name, for good', async () => {
    const { world, directory } = await aDirectory()
    await appendTo(world, await world.settle(directory.openLog('topic', 0, TOPIC_ID, config)))
    await world.settle(directory.close(1))
    const again = await world.settle(open(world.env(NODE)))
    const path = (await world.settle(again.setAside({ topic: 'topic', partition: 0, topicId: TOPIC_ID })))!
    expect(path).toMatch(/^\/data\/topic-0\.[0-9a-f]{32}-stray$/)
    expect(again.listPartitions()).toEqual([])
    await world.settle(again.close(1))
    expect((await world.settle(open(world.env(NODE)))).listPartitions()).toEqual([])
    await world.run(1000)
    expect(folders(world)).toContain(path.slice('/data/'.length))
  })

  it('remembers up to where its logs were compacted', async () => {
    const { world, env, directory } = await aDirectory()
    await appendTo(world, await world.settle(directory.openLog('topic', 0, TOPIC_ID, config)), 10)
    await world.settle(directory.close(1))
    await world.settle(env.disk.replaceFile('/data/cleaner-offset-checkpoint', Buffer.from('0\n1\ntopic 0 4\n')))
    const again = await world.settle(open(env))
    expect((await world.settle(again.openLog('topic', 0, TOPIC_ID, config))).firstDirtyOffset).toBe(4)
    await world.settle(again.close(1))
    expect(textOf(world, 'cleaner-offset-checkpoint')).toBe('0\n1\ntopic 0 4\n')
  })

  it('writes nothing while nothing happens', async () => {
    const { world, directory } = await aDirectory()
    await world.settle(directory.openLog('topic', 0, TOPIC_ID, config))
    await world.settle(directory.checkpoint())
    world.disk(NODE).faults.add({ operations: ['replaceFile'], code: 'EIO' })
    await world.settle(directory.checkpoint())
    expect(directory.failure).toBeUndefined()
  })
})

describe('a log folder whose disk fails', () => {
  async function withTwoLogs() {
    const { world, env, directory } = await aDirectory()
    const [one, other] = [
      await world.settle(directory.openLog('one', 0, TOPIC_ID, config)),
      await world.settle(directory.openLog('other', 0, TOPIC_ID, config)),
    ]
    for (const log of [one, other]) await appendTo(world, log, 3)
    const heard: string[] = []
    one.onFailure(() => heard.push(`one, ${other.failure === undefined ? 'alone' : 'with the other'}`))
    other.onFailure(() => heard.push('other'))
    directory.onFailure(cause => heard.push(`folder ${(cause as DiskError).code}`))
    return { world, env, directory, one, other, heard }
  }
  const fails = (world: World, operations: DiskFault['operations'], path: string) =>
    world.disk(NODE).faults.add({ operations, path: each => each.startsWith(path), code: 'EIO' })

  it('is offline with all its logs in one turn, and is left alone from then on', async () => {
    const { world, directory, one, other, heard } = await withTwoLogs()
    fails(world, ['sync'], '/data/one-0/')
    await expect(world.settle(one.flush())).rejects.toThrow('EIO')
    expect(heard.toSorted()).toEqual(['folder EIO', 'one, with the other', 'other'])
    expect(other.append(aBatch(), { leaderEpoch: 0, origin: 'client' })).toMatchObject({ error: 'KAFKA_STORAGE_ERROR' })
    await expect(world.settle(directory.openLog('third', 0, TOPIC_ID, config))).rejects.toThrow('EIO')
    await expect(world.settle(directory.checkpoint())).rejects.toThrow('EIO')
    await world.settle(directory.deleteLog(other))
    world.disk(NODE).faults.clear()
    const before = new Map(world.disk(NODE).files())
    await world.settle(directory.close(7))
    expect(new Map(world.disk(NODE).files())).toEqual(before)
    expect(heard).toHaveLength(3)
  })

  it('comes back with a new process, which checks everything', async () => {
    const { world, env, directory, one } = await withTwoLogs()
    fails(world, ['sync'], '/data/one-0/')
    await expect(world.settle(one.flush())).rejects.toThrow()
    await world.settle(directory.close(7))
    world.disk(NODE).faults.clear()
    const again = await world.settle(open(env))
    expect(again).toMatchObject({ wasCleanShutdown: false, failure: undefined })
    for (const topic of ['one', 'other']) expect((await world.settle(again.openLog(topic, 0, TOPIC_ID, config))).logEndOffset).toBe(3)
  })

  it.each([
    { what: 'a checkpoint', operations: ['replaceFile'] as const, act: (directory: LogDirectory) => directory.checkpoint() },
    {
      what: 'a new log',
      operations: ['makeDirectory'] as const,
      act: (directory: LogDirectory) => directory.openLog('new', 0, TOPIC_ID, config),
    },
    { what: 'a deletion', operations: ['rename'] as const, act: (directory: LogDirectory) => directory.deleteLog(directory.logs[0]!) },
  ])('is known by $what', async ({ operations, act }) => {
    const { world, directory, heard } = await withTwoLogs()
    fails(world, operations, '/data/')
    await expect(world.settle<unknown>(act(directory))).rejects.toThrow('EIO')
    expect(heard).toContain('folder EIO')
  })

  it('is not what a full disk is', async () => {
    const { world, directory, one, heard } = await withTwoLogs()
    const disk = world.disk(NODE)
    disk.capacityBytes = disk.usedBytes
    await expect(world.settle(directory.checkpoint())).rejects.toThrow('ENOSPC')
    await expect(world.settle(directory.openLog('new', 0, TOPIC_ID, config))).rejects.toThrow('ENOSPC')
    expect(heard).toEqual([])
    disk.capacityBytes = Number.MAX_SAFE_INTEGER
    await world.settle(directory.checkpoint())
    expect((await world.settle(directory.openLog('new', 0, TOPIC_ID, config))).logEndOffset).toBe(0)
    await appendTo(world, one)
  })

  it('leaves no mark of a clean shutdown when there is no room for it', async () => {
    const { world, env, directory } = await withTwoLogs()
    const disk = world.disk(NODE)
    disk.capacityBytes = disk.usedBytes
    await world.settle(directory.close(7))
    expect(textOf(world, '.kafka_cleanshutdown')).toBeUndefined()
    disk.capacityBytes = Number.MAX_SAFE_INTEGER
    expect((await world.settle(open(env))).wasCleanShutdown).toBe(false)
  })
})
