import { describe, expect, it } from 'vitest'
import type { Connection, Env } from '../env/env.ts'
import { simulatedWorld } from './world.ts'

const AT = { host: '127.0.0.1', port: 9092 }

/** What is under test in a scenario: it takes an `Env` and knows nothing of the simulation. */
async function startEcho({ network }: Env): Promise<void> {
  await network.listen(AT, connection => {
    connection.onData(chunk => connection.write([Buffer.from(chunk)]))
    connection.onClose(() => {})
  })
}

function collect(connection: Connection): { text: string; closed: boolean; why: Error | undefined } {
  const seen = { text: '', closed: false, why: undefined as Error | undefined }
  connection.onData(chunk => {
    seen.text += chunk.toString()
  })
  connection.onClose(why => {
    seen.closed = true
    seen.why = why
  })
  return seen
}

describe('how to test with the world', () => {
  it('carries bytes between nodes, and runs only while it is told to', async () => {
    const world = simulatedWorld(1)
    await world.settle(startEcho(world.env('broker-1')))
    const connection = await world.settle(world.env('client').network.connect(AT, { timeoutMs: 1_000 }))
    const seen = collect(connection)
    connection.write([Buffer.from('hello')])
    expect(seen.text).toBe('')
    await world.run(() => seen.text === 'hello')
    world.close()
  })

  it('keeps after a power failure what was synced, and no more than was appended', async () => {
    const world = simulatedWorld(2)
    const { disk } = world.env('broker-1')
    await world.settle(disk.makeDirectory('/data'))
    const file = await world.settle(disk.open('/data/log', { create: true }))
    await world.settle(file.append([Buffer.from('synced')]))
    await world.settle(file.sync())
    await world.settle(file.append([Buffer.from(' and not')]))

    world.crash('broker-1', { loseUnsynced: true })
    const after = await world.settle(world.env('broker-1').disk.readFile('/data/log'))
    expect(after.subarray(0, 6).toString()).toBe('synced')
    expect(after.length).toBeLessThanOrEqual(14)
  })

  it('lets nothing of a crashed node happen any more, and tells its peers', async () => {
    const world = simulatedWorld(3)
    const broker = world.env('broker-1')
    await world.settle(startEcho(broker))
    const seen = collect(await world.settle(world.env('client').network.connect(AT, { timeoutMs: 1_000 })))
    let rang = false
    broker.clock.after(10, () => {
      rang = true
    })
    world.crash('broker-1')
    await world.run(100)
    expect(rang).toBe(false)
    expect(seen.closed).toBe(true)
    await expect(world.settle(world.env('client').network.connect(AT, { timeoutMs: 1_000 }))).rejects.toThrow('nobody listens')
  })

  it('holds back what is sent over a cut link, until it is healed', async () => {
    const world = simulatedWorld(4)
    await world.settle(startEcho(world.env('broker-1')))
    const connection = await world.settle(world.env('client').network.connect(AT, { timeoutMs: 1_000 }))
    const seen = collect(connection)
    world.cut('client', 'broker-1')
    connection.write([Buffer.from('late')])
    await world.run(5_000)
    expect(seen.text).toBe('')
    expect(connection.pendingBytes).toBe(4)
    world.heal()
    await world.run(() => seen.text === 'late')
  })

  it('stands still when frozen, with its sockets open', async () => {
    const world = simulatedWorld(5)
    await world.settle(startEcho(world.env('broker-1')))
    world.freeze('broker-1')
    const connection = await world.settle(world.env('client').network.connect(AT, { timeoutMs: 1_000 }))
    const seen = collect(connection)
    connection.write([Buffer.from('hello')])
    await world.run(1_000)
    expect(seen).toMatchObject({ text: '', closed: false })
    world.thaw('broker-1')
    await world.run(() => seen.text === 'hello')
  })

  it('does the same thing twice from one seed, and something else from another', async () => {
    const run = async (seed: number) => {
      const world = simulatedWorld(seed, { link: { loss: 0.1 } })
      await world.settle(startEcho(world.env('broker-1')))
      const seen = collect(await world.settle(world.env('client').network.connect(AT, { timeoutMs: 10_000 })))
      const again = await world.settle(world.env('client').network.connect(AT, { timeoutMs: 10_000 }))
      collect(again)
      for (let round = 0; round < 20; round++) {
        again.write([world.random.bytes(100)])
        await world.run(10)
      }
      return { fingerprint: world.fingerprint, elapsed: world.elapsed, seen }
    }
    const first = await run(6)
    expect(await run(6)).toEqual(first)
    expect((await run(7)).fingerprint).not.toBe(first.fingerprint)
  })

  it('names the seed when an invariant does not hold', async () => {
    const world = simulatedWorld(8)
    let rang = 0
    world.always(() => expect(rang).toBeLessThan(2))
    world.env('a').clock.after(1, () => (rang = 1))
    world.env('a').clock.after(2, () => (rang = 2))
    await expect(world.run(10)).rejects.toThrow('seed 8')
  })

  it('fails when a node throws, as the process would have died', async () => {
    const world = simulatedWorld(9)
    world.env('a').clock.after(1, () => {
      throw new Error('a bug')
    })
    await expect(world.run(10)).rejects.toThrow('a bug')
  })
})
