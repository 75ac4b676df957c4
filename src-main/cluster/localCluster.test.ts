import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Listener } from '../env/env.ts'
import { SimulatedProcesses } from '../simulation/simulatedProcesses.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { readServerConfig } from '../server/config.ts'
import { LocalCluster, type LocalClusterOptions } from './localCluster.ts'

let world: World
let processes: SimulatedProcesses

beforeEach(() => {
  world = simulatedWorld(7)
  processes = new SimulatedProcesses(world.env('host').clock)
})
afterEach(() => world.close())

const USUAL: LocalClusterOptions = {
  directory: '/data',
  brokers: undefined,
  port: undefined,
  profile: undefined,
  settings: {},
  restartDied: false,
}

const open = (options: Partial<LocalClusterOptions> = {}) =>
  world.settle(LocalCluster.open({ ...world.env('host'), processes }, { ...USUAL, ...options }))
const close = (cluster: LocalCluster) => world.settle(cluster.close())
async function started(options: Partial<LocalClusterOptions> = {}): Promise<LocalCluster> {
  const cluster = await open(options)
  await world.settle(cluster.startAll())
  return cluster
}
const listen = (port: number): Promise<Listener> =>
  world.settle(world.env('host').network.listen({ host: '127.0.0.1', port }, connection => connection.destroy()))
const text = async (path: string) => (await world.settle(world.env('host').disk.readFile(path))).toString()
const exists = async (path: string) => (await world.settle(world.env('host').disk.stat(path))) !== undefined
const childOf = (id: number) => processes.alive.find(child => child.command.parameters[0] === `/data/broker-${id}.properties`)!
const statesOf = (cluster: LocalCluster) => cluster.snapshot().brokers.map(broker => broker.state)

describe('a folder', () => {
  it('becomes a cluster of three on the usual ports', async () => {
    const cluster = await open()
    expect(cluster.bootstrapServers).toBe('127.0.0.1:19092,127.0.0.1:19093,127.0.0.1:19094')
    expect(await text('/data/broker-2.properties')).toContain('node.id=2\n')
    await close(cluster)
  })

  it('keeps what it is: its id, brokers, ports, profile and settings', async () => {
    const first = await open({ brokers: 2, port: 20_000, profile: 'kafka-defaults', settings: { 'num.partitions': '7' } })
    await close(first)
    const again = await open({ settings: { 'log.retention.hours': '1' } })
    expect(again.file).toEqual({ ...first.file, settings: { 'num.partitions': '7', 'log.retention.hours': '1' } })
  })

  it('cannot be opened twice, and can be once it was let go', async () => {
    const first = await open()
    await expect(open()).rejects.toThrow(/Another cluster holds \/data: locked by process .*trilog down --data \/data/)
    await close(first)
    await close(await open())
  })

  it('refuses another number of brokers, and stays as it was', async () => {
    await close(await open({ brokers: 1 }))
    await expect(open({ brokers: 3 })).rejects.toThrow('The cluster in /data has one broker, not 3')
    await close(await open())
  })

  it('gives each broker as many log folders as were asked for, and takes none away', async () => {
    const dirsOf = async (folder: string) => /^log\.dirs=(.*)$/m.exec(await text(`${folder}/broker-2.properties`))?.[1]
    await close(await open({ logDirs: 2 }))
    expect(await dirsOf('/data')).toBe('/data/broker-2,/data/broker-2-disk-2')
    await expect(open({ logDirs: 1 })).rejects.toThrow(
      'Each broker of the cluster in /data has 2 log folders: with 1, data would be missing',
    )
    const more = await open({ logDirs: 3 })
    expect(more.snapshot().brokers[0]!.logDirs.map(({ path }) => path)).toEqual([
      '/data/broker-1',
      '/data/broker-1-disk-2',
      '/data/broker-1-disk-3',
    ])
    await close(more)
    expect((await open()).file.logDirs).toBe(3)
  })

  it('may have a comma in its name, which a list of log folders cannot', async () => {
    await close(await open({ directory: '/da,ta', logDirs: 2 }))
    const properties = await text('/da,ta/broker-2.properties')
    expect(readServerConfig(properties, '/da,ta').directories).toEqual(['/da,ta/broker-2', '/da,ta/broker-2-disk-2'])
  })

  it('does not remember settings that were refused', async () => {
    await expect(open({ settings: { 'no.such.config': '1' } })).rejects.toThrow('There is no broker config no.such.config')
    await expect(open({ settings: { 'num.partitions': 'many' } })).rejects.toThrow('num.partitions')
    const cluster = await open()
    expect(cluster.file.settings).toEqual({})
  })

  it.each([0, 8, 1.5])('cannot have %d brokers', async brokers => {
    await expect(open({ brokers })).rejects.toThrow('A cluster has 1 to 7 brokers')
  })

  it('that cannot be made is named', async () => {
    world.disk('host').faults.add({ operations: ['makeDirectory'], code: 'EACCES' })
    await expect(open()).rejects.toThrow(/\/data cannot be a cluster's folder: .*EACCES.*Choose another with --data/)
  })

  it('is let go when the disk is full at the start', async () => {
    world.disk('host').faults.add({ operations: ['replaceFile'], code: 'ENOSPC', times: 1 })
    await expect(open()).rejects.toThrow('ENOSPC')
    await close(await open())
  })
})

describe('ports', () => {
  it.each([19_092, 19_097])('in use are named, and who has them: %d', async port => {
    await listen(port)
    processes.holders.set(port, { pid: 4711, command: 'java', commandLine: 'java kafka.Kafka' })
    await expect(open()).rejects.toThrow(`Port ${port} is in use by java (pid 4711). Stop it, or choose other ports with --port`)
  })

  it('in use by who knows whom are named alone', async () => {
    await listen(19_093)
    await expect(open()).rejects.toThrow('Port 19093 is in use by another program.')
    expect(await exists('/data/cluster.json')).toBe(false)
  })

  it('beyond the last do not exist', async () => {
    await expect(open({ port: 65_534 })).rejects.toThrow('There is no port 65536')
  })

  it('chosen by the cluster stay its own', async () => {
    const first = await open({ port: 0 })
    const { port } = first.file
    await close(first)
    for (const asked of [0, undefined]) {
      const again = await open({ port: asked })
      expect(again.file.port).toBe(port)
      await close(again)
    }
  })

  it('of clusters that are opened at the same moment do not meet', async () => {
    const clusters = await world.settle(
      Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          LocalCluster.open({ ...world.env('host'), processes }, { ...USUAL, directory: `/data-${index}`, port: 0 }),
        ),
      ),
    )
    expect(new Set(clusters.map(cluster => cluster.file.port)).size).toBe(10)
  })

  it('that were claimed are free after a start that failed', async () => {
    world.disk('host').faults.add({ operations: ['replaceFile'], code: 'ENOSPC', times: 1 })
    await expect(open({ port: 0 })).rejects.toThrow('ENOSPC')
    expect(world.openConnections('host')).toBe(0)
    await close(await open({ port: 0 }))
  })
})

const quorumStateOf = (id: number) => `/data/broker-${id}/__cluster_metadata-0/quorum-state`

describe('a cluster', () => {
  it('starts all brokers, each in a log dir of its own that belongs to the cluster', async () => {
    const cluster = await started()
    expect(statesOf(cluster)).toEqual(['running', 'running', 'running'])
    const metas = await Promise.all([1, 2, 3].map(id => text(`/data/broker-${id}/meta.properties`)))
    for (const meta of metas) expect(meta).toContain(`cluster.id=${cluster.file.clusterId}`)
    expect(new Set(metas).size).toBe(3)
    for (const id of [1, 2, 3]) expect(await exists(quorumStateOf(id))).toBe(true)
    expect(cluster.file.isNew).toBe(false)
  })

  it('does what it is asked of one broker one after the other', async () => {
    const cluster = await started()
    await world.settle(Promise.all([cluster.restart(2), cluster.restart(2), cluster.start(2)]))
    expect(statesOf(cluster)).toEqual(['running', 'running', 'running'])
    expect(processes.children).toHaveLength(5)
    expect(processes.alive).toHaveLength(3)
  })

  it('stops a broker that waits for a quorum, and calls off the starts behind it', async () => {
    processes.habits.readyAfterMs = 'never'
    const cluster = await open()
    const starts = Promise.allSettled([cluster.start(1), cluster.start(1)])
    await world.run(1_000)
    await world.settle(cluster.stop(1))
    expect((await world.settle(starts)).map(start => (start.status === 'rejected' ? String(start.reason) : 'started'))).toEqual([
      'Error: The broker was stopped before it was ready',
      'Error: The start of broker 1 was called off',
    ])
    expect(processes.alive).toEqual([])
    processes.habits.readyAfterMs = 10
    await world.settle(cluster.start(1))
    expect(cluster.snapshot().brokers[0]?.state).toBe('running')
  })

  it.each(['stop', 'kill'] as const)(
    'does not start a broker whose disk was still being made ready when it was asked to %s it',
    async end => {
      const cluster = await open()
      const start = Promise.allSettled([cluster.start(1)])
      await world.settle(cluster[end](1))
      expect((await world.settle(start))[0]).toMatchObject({ status: 'rejected' })
      await world.run(1_000)
      expect(processes.alive).toEqual([])
    },
  )

  it('kills a broker at once, whatever else it was asked', async () => {
    processes.habits.stopsAfterMs = 'never'
    const cluster = await started()
    const stopped = cluster.stop(3)
    await world.run(10)
    const killedAt = world.elapsed
    await world.settle(cluster.kill(3))
    expect(world.elapsed - killedAt).toBeLessThan(5)
    await world.settle(stopped)
    expect(statesOf(cluster)[2]).toBe('killed')
  })

  it('restarts a broker that waits for a quorum', async () => {
    processes.habits.readyAfterMs = 'never'
    const cluster = await open()
    const start = Promise.allSettled([cluster.start(1)])
    await world.run(100)
    processes.habits.readyAfterMs = 10
    await world.settle(cluster.restart(1))
    await start
    expect(statesOf(cluster)[0]).toBe('running')
  })

  it('says what a broker waits for that was started alone, and it is ready when a majority runs', async () => {
    const cluster = await started()
    await world.settle(Promise.all([1, 2, 3].map(id => cluster.kill(id))))
    processes.habits.readyAfterMs = 'never'
    await expect(world.settle(cluster.restart(1))).rejects.toMatchObject({
      code: 'NO_QUORUM',
      details: { brokerId: 1, running: 1, voters: 3, needed: 2, missing: '2, 3' },
    })
    expect(statesOf(cluster)).toEqual(['starting', 'killed', 'killed'])
    const second = cluster.restart(2)
    await world.run(10_000)
    expect(statesOf(cluster)).toEqual(['starting', 'starting', 'killed']) // a majority: nothing is missing, it takes its time
    for (const id of [1, 2]) childOf(id).tell({ type: 'ready', brokerEpoch: 1 })
    await world.settle(second)
    expect(statesOf(cluster)).toEqual(['running', 'running', 'killed'])
  })

  it('does not say that a quorum is missing when others start at the same time', async () => {
    const cluster = await started()
    await world.settle(Promise.all([1, 2, 3].map(id => cluster.kill(id))))
    await world.settle(Promise.all([cluster.restart(1), cluster.restart(2)]))
    expect(statesOf(cluster)).toEqual(['running', 'running', 'killed'])
  })

  it('wipes a broker: kills it, destroys its disk, starts it empty', async () => {
    const cluster = await started()
    const before = await text('/data/broker-2/meta.properties')
    await world.settle(world.env('host').disk.replaceFile('/data/broker-2/some.log', Buffer.from('records')))
    await world.settle(cluster.wipe(2))
    expect(processes.children.filter(child => child.heard.length > 0)).toEqual([])
    expect(await exists('/data/broker-2/some.log')).toBe(false)
    expect(await text('/data/broker-2/meta.properties')).not.toBe(before)
    expect(await exists(quorumStateOf(2))).toBe(false) // its voter has to learn first what it may have forgotten
    expect(cluster.view.events.map(event => event.kind)).toContain('brokerWiped')
    expect(statesOf(cluster)).toEqual(['running', 'running', 'running'])
  })

  it('wipes no disk under a broker that was started again meanwhile', async () => {
    const cluster = await started()
    let aliveWhileWiped = 0
    const { wipe } = cluster.folder
    cluster.folder.wipe = async id => {
      aliveWhileWiped += processes.alive.filter(child => child.command.parameters[0]?.includes(`broker-${id}.`)).length
      await wipe.call(cluster.folder, id)
    }
    await world.settle(
      Promise.all([cluster.kill(2), cluster.start(2), cluster.wipe(2), cluster.start(2)].map(each => each.catch(() => undefined))),
    )
    expect(aliveWhileWiped).toBe(0)
    expect(statesOf(cluster)[1]).toBe('running')
  })

  it('freezes and thaws running brokers only, and has the frozen ones guarded as long as they are', async () => {
    const cluster = await started()
    await cluster.pause(2)
    await cluster.pause(3)
    expect(processes.guarded).toEqual([cluster.pidOf(2), cluster.pidOf(3)])
    await cluster.resume(2)
    expect(processes.guarded).toEqual([cluster.pidOf(3)])
    await world.settle(cluster.kill(3))
    expect(processes.guarded).toEqual([])
    await expect(cluster.pause(3)).rejects.toThrow('Broker 3 is killed; only a running broker can be frozen')
    await expect(cluster.resume(3)).rejects.toThrow('Broker 3 is killed; only a frozen broker can be thawed')
  })

  it('knows its brokers by their numbers only', async () => {
    const cluster = await open()
    expect(() => cluster.start(4)).toThrow('There is no broker 4; there are 1, 2, 3')
  })

  it.each([
    { restartDied: true, state: 'running' },
    { restartDied: false, state: 'died' },
  ])('starts a broker again that died, when it is to: $restartDied', async ({ restartDied, state }) => {
    const cluster = await started({ restartDied })
    childOf(1).end({ exitCode: 1, signal: null })
    await world.run(3_000)
    expect(statesOf(cluster)[0]).toBe(state)
  })

  it.each(['kill', 'stop'] as const)('does not start a broker again that it was asked to %s', async end => {
    const cluster = await started({ restartDied: true })
    await world.settle(cluster[end](1))
    await world.run(5_000)
    expect(processes.alive).toHaveLength(2)
  })

  it('fails the start of all when one cannot start, with its words', async () => {
    const cluster = await open()
    const start = cluster.startAll()
    start.catch(() => undefined)
    await world.run(() => processes.children.length === 3)
    processes.children[1]!.tell({ type: 'failed', message: 'the log is in pieces' })
    processes.children[1]!.end({ exitCode: 1, signal: null })
    await expect(world.settle(start)).rejects.toThrow('the log is in pieces')
    await close(cluster)
    expect(processes.alive).toEqual([])
  })
})

describe('a cluster that closes', () => {
  it('stops all brokers without handing over, and lets go of folder and ports', async () => {
    const cluster = await started({ port: 0 })
    const { port } = cluster.file
    await world.settle(Promise.all([cluster.close(), cluster.close()]))
    expect(processes.children.map(child => child.heard)).toEqual(Array(3).fill([{ type: 'stop', handOver: false }]))
    expect(processes.alive).toEqual([])
    await listen(port - 1)
    await close(await open())
  })

  it.each([0, 1, 5, 50])('while its brokers start, after %d ms, leaves none behind', async afterMs => {
    processes.habits.readyAfterMs = 'never'
    const cluster = await open()
    const start = Promise.allSettled([cluster.startAll(), cluster.restart(2), cluster.wipe(3)])
    await world.run(afterMs)
    await close(cluster)
    await world.settle(start)
    await world.run(60_000)
    expect(processes.alive).toEqual([])
  })

  it('can be asked nothing any more', async () => {
    const cluster = await started({ restartDied: true })
    await close(cluster)
    await expect(world.settle(cluster.start(1))).rejects.toThrow('The cluster is stopping')
    expect(processes.alive).toEqual([])
  })

  it('ends frozen brokers too', async () => {
    const cluster = await started()
    await cluster.pause(1)
    await close(cluster)
    expect(processes.alive).toEqual([])
    expect(processes.guarded).toEqual([])
  })

  it('holds the folder until what is to be done meanwhile is done, also when that fails', async () => {
    const cluster = await started()
    const closing = cluster.close(async () => {
      expect(processes.alive).toEqual([])
      await LocalCluster.open({ ...world.env('host'), processes }, USUAL)
    })
    await expect(world.settle(closing)).rejects.toThrow('Another cluster holds /data')
    await close(await open())
  })
})
