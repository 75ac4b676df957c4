import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startCluster, type RunningCluster } from './startCluster.ts'
import type * as Declared from './trilog.d.ts'

/** What users are promised is what there is. */
const promised: typeof Declared.startCluster = startCluster

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const pidsOf = (cluster: RunningCluster) => cluster.brokerIds.flatMap(id => cluster.pidOf(id) ?? [])

const accepts = (port: number) =>
  new Promise<boolean>(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy())
  })

describe('the Node API', () => {
  it('starts two clusters at once in one process, which know nothing of each other', async () => {
    const ended: number[] = []
    const folders: string[] = []
    {
      await using disposal = new AsyncDisposableStack()
      const clusters = await Promise.all([promised({ brokers: 1 }), promised({ brokers: 3 })])
      for (const cluster of clusters) disposal.use(cluster)
      const [one, three] = clusters
      folders.push(one.directory, three.directory)
      ended.push(...pidsOf(one), ...pidsOf(three))
      expect(new Set(ended).size).toBe(4)
      expect(new Set([...one.brokerIds.map(id => one.portOf(id)), ...three.brokerIds.map(id => three.portOf(id))]).size).toBe(4)

      await three.kill(2)
      expect(three.pidOf(2)).toBeNull()
      expect(three.snapshot().brokers.map(broker => broker.state)).toEqual(['running', 'killed', 'running'])
      expect(one.snapshot().brokers.map(broker => broker.state)).toEqual(['running'])
      await three.start(2)
      ended.push(...pidsOf(three))
      expect(await accepts(three.portOf(2))).toBe(true)
    }
    expect(ended.filter(isAlive)).toEqual([])
    expect(folders.filter(folder => existsSync(folder))).toEqual([])
  })

  it('keeps a folder that was named, and stops as often as it is asked', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'trilog named é '))
    const cluster = await promised({ brokers: 1, directory })
    const events: string[] = []
    cluster.onEvent(event => events.push(event.kind))
    const { bootstrapServers } = cluster
    await Promise.all([cluster.stop(), cluster[Symbol.asyncDispose]()])
    await cluster.stop()
    expect(events).toContain('brokerStopped')
    expect(await readdir(directory)).toContain('broker-1')
    await expect(cluster.start(1)).rejects.toThrow('The cluster is stopping')
    {
      await using again = await promised({ directory })
      expect(again.bootstrapServers).toBe(bootstrapServers)
    }
    await rm(directory, { recursive: true })
  })

  it('gives up a broker that starts and has no quorum when it is told to stop', async () => {
    await using cluster = await promised()
    for (const id of [1, 2, 3]) await cluster.kill(id)
    const start = cluster.start(1)
    start.catch(() => undefined)
    await cluster.stopBroker(1)
    await expect(start).rejects.toThrow(/called off|stopped before it was ready/)
    await Promise.all([cluster.start(1), cluster.start(2), cluster.start(3)])
  })

  it('fails in words, and leaves nothing behind', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'trilog-'))
    await expect(promised({ directory, settings: { 'no.such.config': '1' } })).rejects.toThrow('There is no broker config no.such.config')
    await using cluster = await promised({ brokers: 1, directory })
    await expect(promised({ directory })).rejects.toThrow('Another cluster holds')
    await expect(promised({ brokers: 1, port: cluster.portOf(1) })).rejects.toThrow(
      process.platform === 'linux' ? `Port ${cluster.portOf(1)} is in use by node (pid ${cluster.pidOf(1)})` : 'is in use',
    )
    await expect(cluster.kill(2)).rejects.toThrow('There is no broker 2')
    const file = join(directory, 'file')
    await writeFile(file, '')
    await expect(promised({ directory: join(file, 'below') })).rejects.toThrow("cannot be a cluster's folder")
  })
})
