import { describe, expect, it } from 'vitest'
import { DiskFaults } from '../env/faults/diskFaults.ts'
import { faultyDisk } from '../env/faults/faultyDisk.ts'
import { faultyNetwork } from '../env/faults/faultyNetwork.ts'
import { LinkFaults } from '../env/faults/linkFaults.ts'
import { diskBehaves } from './diskBehaves.suite.ts'
import { networkBehaves } from './networkBehaves.suite.ts'
import { simulatedWorld, type World } from './world.ts'

let seed = 0

async function onNewDisk() {
  const world = simulatedWorld(++seed)
  const { disk } = world.env('a')
  await world.settle(disk.makeDirectory('/data'))
  const simulated = world.disk('a')
  const fill = async (freeBytes: number) => {
    simulated.capacityBytes = simulated.usedBytes + freeBytes
    return { giveBack: async () => void (simulated.capacityBytes = Number.MAX_SAFE_INTEGER) }
  }
  return { world, disk, directory: '/data', settle: <T>(promise: Promise<T>) => world.settle(promise), fill }
}

function onNewNetwork(world: World = simulatedWorld(++seed)) {
  return {
    world,
    server: world.env('server').network,
    client: world.env('client').network,
    settle: <T>(promise: Promise<T>) => world.settle(promise),
    until: (condition: () => boolean) => world.run(condition),
    aWhile: () => world.run(1_000),
  }
}

diskBehaves('a simulated disk', onNewDisk)
diskBehaves('a faulty disk without faults', async () => {
  const given = await onNewDisk()
  return { ...given, disk: faultyDisk(given.disk, new DiskFaults()) }
})
networkBehaves('a simulated network', onNewNetwork)
networkBehaves('a slow and lossy simulated network', () =>
  onNewNetwork(simulatedWorld(++seed, { link: { latencyMs: [1, 50], loss: 0.1 } })),
)
networkBehaves('a faulty network without faults', () => faulty().given)
networkBehaves('a faulty network that is slow', () => {
  const { given, faults } = faulty()
  faults.set('server', { delayMs: 20, loss: 0.1 })
  return given
})

function faulty() {
  const given = onNewNetwork()
  const faults = new LinkFaults()
  const { clock, random } = given.world.env('client')
  const client = faultyNetwork(given.client, { clock, random, faults, linkTo: () => 'server', linkAt: () => undefined })
  return { given: { ...given, client }, faults }
}

describe.each(Array.from({ length: 30 }, (_, index) => index + 1))('a power failure (seed %i)', each => {
  const given = async () => {
    const world = simulatedWorld(each)
    const { disk } = world.env('a')
    await world.settle(disk.makeDirectory('/data/sub'))
    const lose = () => {
      world.crash('a', { loseUnsynced: true })
      return world.env('a').disk
    }
    return { world, disk, lose, settle: <T>(promise: Promise<T>) => world.settle(promise) }
  }

  it('leaves what was synced and a prefix of the rest, torn at worst', async () => {
    const { disk, lose, settle } = await given()
    const file = await settle(disk.open('/data/log', { create: true }))
    await settle(file.append([Buffer.alloc(100, 'a')]))
    await settle(file.sync())
    await settle(file.append([Buffer.alloc(100, 'b')]))
    const left = await settle(lose().readFile('/data/log'))
    expect(left.subarray(0, 100).toString()).toBe('a'.repeat(100))
    expect(left.subarray(100).toString()).toMatch(/^[b\0]{0,100}$/)
  })

  it('may bring back what was truncated, but never both the old and the new end', async () => {
    const { disk, lose, settle } = await given()
    const file = await settle(disk.open('/data/log', { create: true }))
    await settle(file.append([Buffer.from('one two')]))
    await settle(file.sync())
    await settle(file.truncate(4))
    await settle(file.append([Buffer.from('2')]))
    expect((await settle(lose().readFile('/data/log'))).toString()).toMatch(/^one (two|2|\0)?$/)
  })

  it('does not undo a rename once the directory was synced, and leaves one of the two names before', async () => {
    const { disk, lose, settle } = await given()
    await settle(disk.replaceFile('/data/a', Buffer.from('a')))
    await settle(disk.rename('/data/a', '/data/b'))
    await settle(disk.syncDirectory('/data'))
    await settle(disk.rename('/data/b', '/data/sub/c'))
    const after = lose()
    const found = await Promise.all(['/data/a', '/data/b', '/data/sub/c'].map(async path => (await settle(after.stat(path))) !== undefined))
    expect([
      [false, true, false],
      [false, false, true],
    ]).toContainEqual(found)
  })

  it('takes with it what a failed sync covered, even when a later one says it succeeded', async () => {
    const { world, disk, lose, settle } = await given()
    const file = await settle(disk.open('/data/log', { create: true }))
    await settle(file.sync())
    await settle(file.append([Buffer.alloc(1_000, 'x')]))
    world.disk('a').faults.add({ operations: ['sync'], code: 'EIO', times: 1 })
    await expect(settle(file.sync())).rejects.toMatchObject({ code: 'EIO' })
    await settle(file.sync())
    expect((await settle(lose().readFile('/data/log'))).length).toBeLessThanOrEqual(1_000)
  })

  it('leaves a prefix of a write that was under way when the process was killed', async () => {
    const { world, disk, settle } = await given()
    const file = await settle(disk.open('/data/log', { create: true }))
    void file.append([Buffer.from('half a write')])
    await world.run(0)
    world.crash('a')
    expect('half a write'.startsWith((await settle(world.env('a').disk.readFile('/data/log'))).toString())).toBe(true)
  })
})

describe('a full disk', () => {
  it('refuses an append after a part of it, and takes it once there is room', async () => {
    const { world, disk, settle } = await onNewDisk()
    const file = await settle(disk.open('/data/log', { create: true }))
    world.disk('a').capacityBytes = 10
    await expect(settle(file.append([Buffer.alloc(20, 'x')]))).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(file.size).toBeLessThanOrEqual(10)
    await settle(file.truncate(0))
    await settle(file.append([Buffer.alloc(10, 'y')]))
  })
})

describe('links that are made to fail', () => {
  const connected = async () => {
    const { given, faults } = faulty()
    const { server, client, settle } = given
    let received = ''
    let echoClosed = false
    const listener = await settle(
      server.listen({ host: '127.0.0.1', port: 0 }, connection => {
        connection.onData(chunk => connection.write([Buffer.from(chunk)]))
        connection.onClose(() => (echoClosed = true))
      }),
    )
    const connection = await settle(client.connect(listener.address, { timeoutMs: 1_000 }))
    let closedBecause: Error | undefined
    let isClosed = false
    connection.onData(chunk => (received += chunk.toString()))
    connection.onClose(why => {
      isClosed = true
      closedBecause = why
    })
    return {
      ...given,
      faults,
      connection,
      listener,
      received: () => received,
      echoClosed: () => echoClosed,
      why: () => closedBecause,
      isClosed: () => isClosed,
    }
  }

  it('hold back what is sent while they are cut, and carry it once they are healed', async () => {
    const { faults, connection, world, received, until } = await connected()
    faults.set('server', { cut: true })
    connection.write([Buffer.from('one ')])
    connection.write([Buffer.from('two')])
    expect(connection.pendingBytes).toBe(7)
    await world.run(5_000)
    expect(received()).toBe('')
    faults.healAll()
    await until(() => received() === 'one two' && connection.pendingBytes === 0)
  })

  it('let requests through and no answers, when only one way is cut', async () => {
    const { faults, connection, world, received, until, echoClosed } = await connected()
    faults.set('server', { cut: true }, 'in')
    connection.write([Buffer.from('asked')])
    connection.end()
    await until(echoClosed)
    await world.run(1_000)
    expect(received()).toBe('')
    faults.set('server', undefined)
    await until(() => received() === 'asked')
  })

  it('time out or refuse new connections', async () => {
    const { faults, client, listener, settle } = await connected()
    faults.set('server', { cut: true }, 'out')
    await expect(settle(client.connect(listener.address, { timeoutMs: 300 }))).rejects.toMatchObject({ code: 'ETIMEDOUT' })
    faults.set('server', { refuse: true })
    await expect(settle(client.connect(listener.address, { timeoutMs: 300 }))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('let a connection stand that was asked for while they were cut, when they heal in time', async () => {
    const { faults, client, listener, settle, world } = await connected()
    faults.set('server', { cut: true })
    const connecting = client.connect(listener.address, { timeoutMs: 1_000 })
    await world.run(500)
    faults.set('server', undefined)
    await settle(connecting)
  })

  it('tell nobody that a connection was given up while they are cut', async () => {
    const { faults, connection, world, until, echoClosed } = await connected()
    faults.set('server', { cut: true })
    connection.destroy()
    await world.run(5_000)
    expect(echoClosed()).toBe(false)
    faults.healAll()
    await until(echoClosed)
  })

  it('tell nobody that the other end is gone while they are cut', async () => {
    const { faults, world, until, isClosed } = await connected()
    faults.set('server', { cut: true }, 'in')
    world.crash('server')
    await world.run(5_000)
    expect(isClosed()).toBe(false)
    faults.healAll()
    await until(isClosed)
  })

  it('hold back what an accepted connection sends, once its first bytes have told whose it is', async () => {
    const { server, client, settle, world, until } = onNewNetwork()
    const faults = new LinkFaults()
    const { clock, random } = world.env('server')
    const linkAt = () => (first: Buffer) => first.toString()
    let received = ''
    const listener = await settle(
      faultyNetwork(server, { clock, random, faults, linkTo: () => undefined, linkAt }).listen(
        { host: '127.0.0.1', port: 0 },
        connection => {
          connection.onData(chunk => (received += chunk.toString()))
          connection.onClose(() => undefined)
        },
      ),
    )
    for (const name of ['one', 'two']) {
      const connection = await settle(client.connect(listener.address, { timeoutMs: 1_000 }))
      connection.onClose(() => undefined)
      faults.set('one', { cut: true })
      connection.write([Buffer.from(name)])
      await world.run(1_000)
    }
    expect(received).toBe('two')
    faults.healAll()
    await until(() => received === 'twoone')
  })

  it('break on command, for both ends', async () => {
    const { faults, until, echoClosed, why } = await connected()
    faults.breakConnections('server')
    await until(() => echoClosed() && why() !== undefined)
  })
})
