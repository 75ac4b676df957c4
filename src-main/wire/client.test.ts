import { describe, expect, it } from 'vitest'
import { silentLogger } from '../base/logger.ts'
import { type Connection, NetworkError } from '../env/env.ts'
import { encodeResponse } from '../protocol/header.ts'
import { ApiVersions } from '../protocol/messages/apiVersions.ts'
import { api, string } from '../protocol/schema.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { KafkaConnection } from './client.ts'
import { bind, byApiKey, type Handler, handlerFor } from './handler.ts'
import { PeerLink } from './peerLink.ts'
import { serve } from './serve.ts'

const Echo = api({ key: 900, name: 'Echo', versions: [0, 3], flexibleFrom: 2, request: { text: string }, response: { text: string } })
const AT = { host: '127.0.0.1', port: 9092 }
const handle = handlerFor<void>()
const echo = handle(Echo, ({ text }, _, { apiVersion }) => ({ text: `${text} in version ${apiVersion}` }))
const never = handle(Echo, () => new Promise<never>(() => {}))

async function aBroker(world: World, handlers: readonly Handler<void>[] = [echo], node = 'broker') {
  const env = world.env(node)
  await world.settle(
    env.network.listen(AT, connection => {
      serve(env, connection, {
        listener: 'PLAINTEXT',
        handlers: byApiKey(bind(handlers, undefined)),
        maxRequestBytes: 1_000_000,
        maxPendingResponseBytes: 1_000_000,
        idleTimeoutMs: 600_000,
        log: silentLogger,
      })
    }),
  )
}

/** A broker of which only the bytes are known: each frame that comes is answered by the next of `answers`. */
async function aRawBroker(world: World, answers: readonly (readonly Buffer[])[]) {
  const asked: Buffer[] = []
  await world.settle(
    world.env('broker').network.listen(AT, (connection: Connection) => {
      connection.onClose(() => {})
      let pending = Buffer.alloc(0)
      connection.onData(chunk => {
        pending = Buffer.concat([pending, chunk])
        for (
          ;
          pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0);
          pending = pending.subarray(4 + pending.readInt32BE(0))
        ) {
          connection.write(answers[asked.push(pending.subarray(4, 4 + pending.readInt32BE(0))) - 1] ?? [])
        }
      })
    }),
  )
  return asked
}

const options = { clientId: 'test', connectTimeoutMs: 1_000, requestTimeoutMs: 2_000 }
const open = (world: World, negotiate = false) => world.settle(KafkaConnection.open(world.env('client'), AT, { ...options, negotiate }))

describe('a connection to a broker', () => {
  it('speaks its newest version when nothing was negotiated', async () => {
    const world = simulatedWorld(1)
    await aBroker(world)
    const connection = await open(world)
    expect(connection.versionOf(Echo)).toBe(3)
    expect(await world.settle(connection.send(Echo, { text: 'hello' }))).toEqual({ text: 'hello in version 3' })
    expect(await world.settle(connection.send(Echo, { text: 'hello' }, { version: 1 }))).toEqual({ text: 'hello in version 1' })
  })

  it('speaks the newest version that both sides know', async () => {
    const world = simulatedWorld(2)
    const versions = handle(ApiVersions, () => ({ errorCode: 0, apiKeys: [{ apiKey: Echo.key, minVersion: 1, maxVersion: 2 }] }))
    await aBroker(world, [echo, versions])
    const connection = await open(world, true)
    expect(connection.versionOf(Echo)).toBe(2)
    expect(connection.versionOf(ApiVersions)).toBeUndefined()
    expect(await world.settle(connection.send(Echo, { text: 'hello' }))).toEqual({ text: 'hello in version 2' })
    await expect(world.settle(connection.send(ApiVersions, {}))).rejects.toMatchObject({ code: 'UNSUPPORTED_VERSION' })
  })

  it('asks an older broker again in a version that it offers (KIP-511)', async () => {
    const world = simulatedWorld(3)
    const offered = [{ apiKey: ApiVersions.key, minVersion: 0, maxVersion: 2 }]
    const asked = await aRawBroker(world, [
      encodeResponse(ApiVersions, 0, 0, { errorCode: 35, apiKeys: offered }),
      encodeResponse(ApiVersions, 2, 1, { errorCode: 0, apiKeys: offered }),
    ])
    const connection = await open(world, true)
    expect(asked.map(frame => frame.readInt16BE(2))).toEqual([4, 2])
    expect(connection.versionOf(ApiVersions)).toBe(2)
  })

  it('asks one that offers nothing again in version 0', async () => {
    const world = simulatedWorld(4)
    const asked = await aRawBroker(world, [
      encodeResponse(ApiVersions, 0, 0, { errorCode: 35, apiKeys: [] }),
      encodeResponse(ApiVersions, 0, 1, { errorCode: 0, apiKeys: [] }),
    ])
    await open(world, true)
    expect(asked.map(frame => frame.readInt16BE(2))).toEqual([4, 0])
  })

  it('fails all that waits when an answer does not come in time, and is closed then', async () => {
    const world = simulatedWorld(5)
    await aBroker(world, [never])
    const connection = await open(world)
    const why: unknown[] = []
    connection.onClose(reason => why.push(reason))
    const both = Promise.allSettled([connection.send(Echo, { text: 'a' }), connection.send(Echo, { text: 'b' }, { timeoutMs: 500 })])
    const began = world.elapsed
    expect(await world.settle(both)).toMatchObject([{ reason: { code: 'ETIMEDOUT' } }, { reason: { code: 'ETIMEDOUT' } }])
    expect(world.elapsed - began).toBeLessThan(600)
    expect(connection.isOpen).toBe(false)
    expect(why).toEqual([expect.any(NetworkError)])
    await expect(world.settle(connection.send(Echo, { text: 'c' }))).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  })

  it('fails what waits when the broker dies', async () => {
    const world = simulatedWorld(6)
    await aBroker(world, [never])
    const connection = await open(world)
    const sent = connection.send(Echo, { text: 'a' })
    await world.run(10)
    world.crash('broker')
    await expect(world.settle(sent, 100)).rejects.toBeInstanceOf(NetworkError)
  })

  it('fails what waits when it is closed here, and tells no reason', async () => {
    const world = simulatedWorld(7)
    await aBroker(world, [never])
    const connection = await open(world)
    const why: unknown[] = []
    connection.onClose(reason => why.push(reason))
    const sent = connection.send(Echo, { text: 'a' })
    connection.close()
    await expect(world.settle(sent)).rejects.toMatchObject({ code: 'ECONNABORTED' })
    await world.run(100)
    expect(why).toEqual([undefined])
  })

  it.each([
    { what: 'an answer to nothing', answer: encodeResponse(Echo, 3, 99, { text: 'x' }) },
    { what: 'an answer that is cut off', answer: [Buffer.from([0, 0, 0, 5, 0, 0, 0, 0, 0])] },
    { what: 'a frame without room for an id', answer: [Buffer.from([0, 0, 0, 1, 0])] },
    { what: 'a negative size', answer: [Buffer.from([255, 255, 255, 255])] },
  ])('gives up on a broker that sends $what', async ({ answer }) => {
    const world = simulatedWorld(8)
    await aRawBroker(world, [answer])
    const connection = await open(world)
    await expect(world.settle(connection.send(Echo, { text: 'a' }))).rejects.toMatchObject({ code: 'EPROTO' })
    expect(connection.isOpen).toBe(false)
  })
})

describe('a link to a peer', () => {
  const link = (world: World) => new PeerLink(world.env('client'), AT, { clientId: 'broker-1' })

  it('connects when it is used, once for all who use it', async () => {
    const world = simulatedWorld(10)
    await aBroker(world)
    const peer = link(world)
    expect(peer.isConnected).toBe(false)
    const answers = await world.settle(Promise.all([1, 2, 3].map(each => peer.send(Echo, { text: `${each}` }, { timeoutMs: 1_000 }))))
    expect(answers.map(({ text }) => text[0])).toEqual(['1', '2', '3'])
    expect(world.openConnections('broker')).toBe(1)
  })

  it('says when a connection was lost, and makes another as soon as the peer is back', async () => {
    const world = simulatedWorld(11)
    await aBroker(world)
    const peer = link(world)
    let lost = 0
    peer.onDisconnect(() => (lost += 1))
    await world.settle(peer.send(Echo, { text: 'a' }, { timeoutMs: 1_000 }))
    world.crash('broker')
    await world.run(() => lost === 1, 50)
    for (let attempt = 0; attempt < 10; attempt++) {
      await expect(world.settle(peer.send(Echo, { text: 'b' }, { timeoutMs: 1_000 }))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    }
    await aBroker(world)
    const back = world.elapsed
    await world.settle(peer.send(Echo, { text: 'c' }, { timeoutMs: 1_000 }))
    expect(world.elapsed - back).toBeLessThan(250)
    expect(lost).toBe(1)
  })

  it('waits ever longer before it tries again, so that nobody has to slow down by themselves', async () => {
    const world = simulatedWorld(12)
    world.env('broker')
    const peer = link(world)
    let tries = 0
    while (world.elapsed < 2_000) {
      await expect(world.settle(peer.send(Echo, { text: 'a' }, { timeoutMs: 5_000 }))).rejects.toBeInstanceOf(NetworkError)
      tries += 1
    }
    expect(tries).toBeGreaterThan(8)
    expect(tries).toBeLessThan(20)
  })

  it('gives up in time when the peer does not answer', async () => {
    const world = simulatedWorld(13)
    await aBroker(world)
    world.cut('client', 'broker')
    const peer = link(world)
    await expect(world.settle(peer.send(Echo, { text: 'a' }, { timeoutMs: 300 }), 301)).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  })

  it('sends nothing any more when it is closed', async () => {
    const world = simulatedWorld(14)
    await aBroker(world)
    const peer = link(world)
    await world.settle(peer.send(Echo, { text: 'a' }, { timeoutMs: 1_000 }))
    peer.close()
    await expect(world.settle(peer.send(Echo, { text: 'b' }, { timeoutMs: 1_000 }))).rejects.toMatchObject({ code: 'ECONNABORTED' })
    await world.run(100)
    expect(world.openConnections('broker')).toBe(0)
  })
})
