import { beforeEach, describe, expect, it } from 'vitest'
import { AssertionFailed } from '../base/assert.ts'
import { loggerTo } from '../base/logger.ts'
import type { Connection, Env } from '../env/env.ts'
import { ByteReader } from '../protocol/byteReader.ts'
import { decodeResponse, encodeRequest } from '../protocol/header.ts'
import { ApiVersions } from '../protocol/messages/apiVersions.ts'
import { api, array, bytes, int32, string } from '../protocol/schema.ts'
import { seededRandom } from '../simulation/seededRandom.ts'
import { simulatedWorld, type World } from '../simulation/world.ts'
import { KafkaConnection } from './client.ts'
import { bind, byApiKey, closeConnection, handlerFor, noResponse } from './handler.ts'
import { OverlapBudget } from './overlapBudget.ts'
import { serve, type ServedConnection, type WireStats } from './serve.ts'

const Echo = api({
  key: 900,
  name: 'Echo',
  versions: [0, 1],
  flexibleFrom: 1,
  request: { text: string, names: array(string) },
  response: { text: string },
})
const Large = api({ key: 901, name: 'Large', versions: [0, 0], request: { length: int32 }, response: { bytes } })
const Decide = api({
  key: 902,
  name: 'Decide',
  versions: [0, 0],
  request: { name: string, takesMs: int32, ballast: bytes },
  response: { name: string },
})

interface Parts {
  readonly calls: string[]
  readonly env: Pick<Env, 'clock'>
}
const handle = handlerFor<Parts>()

const echo = handle(Echo, async ({ text }, { calls, env }, call) => {
  calls.push(`${text} asked`)
  if (text === 'silence') return noResponse
  if (text === 'hang up') return closeConnection
  if (text === 'break') throw new Error('a disk failed')
  if (text.startsWith('slow')) await new Promise<void>(resolve => env.clock.after(100, resolve))
  calls.push(`${text} answered${call.closed.aborted ? ' to nobody' : ''}`)
  return { text }
})
const large = handle(Large, ({ length }, { calls }) => {
  calls.push(`large ${length}`)
  return { bytes: Buffer.alloc(length) }
})
/** Decides at once, and answers after as many milliseconds as it is asked to take. */
const decide = handle(Decide, async ({ name, takesMs }, { calls, env }, call) => {
  calls.push(name)
  if (takesMs < 0) return closeConnection
  call.decided()
  await new Promise<void>(resolve => env.clock.after(takesMs, resolve))
  return { name }
})
const versions = handle(ApiVersions, () => ({
  errorCode: 0,
  apiKeys: [Echo, Large].map(({ key }) => ({ apiKey: key, minVersion: 0, maxVersion: 1 })),
}))

const AT = { host: '127.0.0.1', port: 9092 }

/** A server in one node and whoever speaks to it in another. */
async function aServer(world: World) {
  const env = world.env('server')
  const calls: string[] = []
  const lines: string[] = []
  const open = new Set<ServedConnection>()
  const stats: WireStats = { requests: 0, refused: 0, bytesIn: 0, bytesOut: 0 }
  const overlap = new OverlapBudget()
  const handlers = byApiKey(bind([echo, large, decide, versions], { calls, env }))
  await world.settle(
    env.network.listen(AT, connection => {
      const served = serve(env, connection, {
        listener: 'PLAINTEXT',
        handlers,
        maxRequestBytes: 1_000_000,
        overlap,
        maxPendingResponseBytes: 100_000,
        idleTimeoutMs: 600_000,
        frameTimeoutMs: 30_000,
        log: loggerTo((level, message, fields) => lines.push(`${level}: ${message} ${String(fields['reason'])}`)),
        onClose: closed => open.delete(closed),
        stats,
      })
      open.add(served)
    }),
  )
  return { calls, lines, open, stats, overlap }
}

/** Whoever sends bytes as they like, and what they got. */
async function aStranger(world: World) {
  const connection = await world.settle(world.env('stranger').network.connect(AT, { timeoutMs: 1_000 }))
  const heard = { chunks: [] as Buffer[], closed: false }
  connection.onData(chunk => heard.chunks.push(Buffer.from(chunk)))
  connection.onClose(() => {
    heard.closed = true
  })
  return { connection, heard }
}

function aClient(world: World, node = 'client') {
  return world.settle(
    KafkaConnection.open(world.env(node), AT, { clientId: 'test', connectTimeoutMs: 1_000, requestTimeoutMs: 10_000, negotiate: false }),
  )
}

const size = (bytes: number) => {
  const frame = Buffer.alloc(4)
  frame.writeInt32BE(bytes)
  return frame
}

let world: World
let server: Awaited<ReturnType<typeof aServer>>
let seed = 0

beforeEach(async () => {
  world = simulatedWorld(++seed)
  server = await aServer(world)
})

describe('a served connection', () => {
  it('answers in order, the next request only after the one before', async () => {
    const client = await aClient(world)
    const answers = ['slow one', 'two', 'slow three'].map(text => client.send(Echo, { text, names: [] }))
    expect(await world.settle(Promise.all(answers))).toMatchObject([{ text: 'slow one' }, { text: 'two' }, { text: 'slow three' }])
    expect(server.calls).toEqual(['slow one', 'two', 'slow three'].flatMap(text => [`${text} asked`, `${text} answered`]))
    expect(server.stats).toMatchObject({ requests: 3, refused: 0 })
    expect(server.stats.bytesIn).toBeGreaterThan(0)
  })

  it('sends nothing when there is nothing to send', async () => {
    const client = await aClient(world)
    client.sendOnly(Echo, { text: 'silence', names: [] })
    expect(await world.settle(client.send(Echo, { text: 'two', names: [] }))).toEqual({ text: 'two' })
  })

  it('hangs up when the handler says so, after what was answered before', async () => {
    const client = await aClient(world)
    const before = client.send(Echo, { text: 'one', names: [] })
    const after = client.send(Echo, { text: 'hang up', names: [] })
    after.catch(() => undefined)
    expect(await world.settle(before)).toEqual({ text: 'one' })
    await expect(world.settle(after)).rejects.toMatchObject({ name: 'NetworkError' })
    expect(server.open.size).toBe(0)
  })

  it('closes when a handler fails, for that client alone', async () => {
    const [client, other] = [await aClient(world), await aClient(world, 'other')]
    await expect(world.settle(client.send(Echo, { text: 'break', names: [] }))).rejects.toMatchObject({ name: 'NetworkError' })
    expect(server.lines).toEqual([expect.stringContaining('error: Echo failed')])
    expect(await world.settle(other.send(Echo, { text: 'fine', names: [] }))).toEqual({ text: 'fine' })
  })

  it('lets a broken promise of our own end the process', async () => {
    const env = world.env('server')
    const broken = handle(Echo, () => {
      throw new AssertionFailed('the high watermark never falls')
    })
    await world.settle(
      env.network.listen({ ...AT, port: 9093 }, connection => {
        serve(env, connection, {
          listener: 'CONTROLLER',
          handlers: byApiKey(bind([broken], { calls: [], env })),
          maxRequestBytes: 1_000,
          maxPendingResponseBytes: 1_000,
          idleTimeoutMs: 1_000,
          log: loggerTo(() => {}),
        })
      }),
    )
    const client = await world.settle(world.env('client').network.connect({ ...AT, port: 9093 }, { timeoutMs: 1_000 }))
    client.write(encodeRequest(Echo, 0, 1, null, { text: 'x', names: [] }))
    await expect(world.run(1_000)).rejects.toThrow('the high watermark never falls')
  })

  it('tells a handler that waits when its client has gone', async () => {
    const client = await aClient(world)
    client.send(Echo, { text: 'slow', names: [] }).catch(() => undefined)
    await world.run(() => server.calls.length === 1)
    client.close()
    await world.run(200)
    expect(server.calls).toEqual(['slow asked', 'slow answered to nobody'])
  })

  it('stops reading from a client that does not read its answers', async () => {
    const { connection, heard } = await aStranger(world)
    connection.pause()
    for (let correlation = 0; correlation < 100; correlation++)
      connection.write(encodeRequest(Large, 0, correlation, null, { length: 50_000 }))
    await world.run(10_000)
    expect(server.calls.length).toBeLessThan(5)
    connection.resume()
    await world.run(() => server.calls.length === 100)
    await world.run(() => Buffer.concat(heard.chunks).length === 100 * (50_000 + 12))
  })

  it('closes a connection on which nothing happens, but not while an answer is awaited', async () => {
    const { heard } = await aStranger(world)
    await world.run(500_000)
    expect(heard.closed).toBe(false)
    await world.run(500_000)
    expect(heard.closed).toBe(true)
  })
})

describe('requests of which only the answers wait', () => {
  const ask = (client: KafkaConnection, name: string, { takesMs = 100, bytes: ballast = 0 } = {}) =>
    client.send(Decide, { name, takesMs, ballast: Buffer.alloc(ballast) })

  it('begin without waiting for each other, and are answered in order', async () => {
    const client = await aClient(world)
    const answered: string[] = []
    const answers = ['one', 'two', 'three'].map((name, index) =>
      ask(client, name, { takesMs: 300 - 100 * index }).then(answer => answered.push(answer.name)),
    )
    await world.run(50)
    expect(server.calls).toEqual(['one', 'two', 'three'])
    await world.settle(Promise.all(answers))
    expect(answered).toEqual(['one', 'two', 'three'])
  })

  it('let nothing else begin before they are answered', async () => {
    const client = await aClient(world)
    const answers = [ask(client, 'one'), ask(client, 'two'), client.send(Echo, { text: 'else', names: [] }), ask(client, 'three')]
    await world.run(50)
    expect(server.calls).toEqual(['one', 'two'])
    await world.settle(Promise.all(answers))
    expect(server.calls).toEqual(['one', 'two', 'else asked', 'else answered', 'three'])
  })

  it('are answered before the connection is closed for what comes behind them', async () => {
    const client = await aClient(world)
    const first = ask(client, 'one')
    const second = ask(client, 'two', { takesMs: -1 })
    second.catch(() => undefined)
    expect(await world.settle(first)).toEqual({ name: 'one' })
    await expect(world.settle(second)).rejects.toMatchObject({ name: 'NetworkError' })
  })

  it('are no more than so many at a time', async () => {
    const client = await aClient(world)
    const answers = Array.from({ length: 300 }, (_, index) => ask(client, `${index}`))
    await world.run(50)
    expect(server.calls).toHaveLength(256)
    await world.settle(Promise.all(answers))
    expect(server.calls).toEqual(answers.map((_, index) => `${index}`))
  })

  it('hold no more bytes than one connection may, nor than all together may, and give them back', async () => {
    const clients: KafkaConnection[] = []
    for (let index = 0; index < 10; index++) clients.push(await aClient(world, `client ${index}`))
    const askOften = (client: KafkaConnection) =>
      Array.from({ length: 12 }, (_, index) => ask(client, `${index}`, { takesMs: 5_000, bytes: 900_000 }))
    const answers = askOften(clients[0]!)
    await world.run(2_000)
    // One that does not count, and eight million bytes.
    expect(server.calls).toHaveLength(10)
    answers.push(...clients.slice(1).flatMap(askOften))
    await world.run(2_000)
    expect(server.calls).toHaveLength(10 + 9 + 65)
    for (const client of clients.slice(5)) client.close()
    await world.settle(Promise.allSettled(answers))
    await world.run(1_000)
    expect(server.overlap.take(64 * 1024 * 1024, 0, -Infinity)).toBe(true)
  })
})

describe('ApiVersions in a version we do not speak', () => {
  it('is answered in the layout of version 0, with what we do speak (KIP-511)', async () => {
    const { connection, heard } = await aStranger(world)
    const [frame] = [Buffer.concat(encodeRequest(ApiVersions, 4, 77, 'new', { clientSoftwareName: 'new', clientSoftwareVersion: '1' }))]
    frame.writeInt16BE(9, 6)
    connection.write([frame])
    await world.run(() => heard.chunks.length > 0)
    const { correlationId, body } = decodeResponse(ApiVersions, 0, Buffer.concat(heard.chunks).subarray(4))
    expect(correlationId).toBe(77)
    expect(body).toMatchObject({ errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] })
    // The connection stays, for asking again.
    connection.write(encodeRequest(ApiVersions, 0, 78, null, {}))
    await world.run(() => heard.chunks.some(chunk => new ByteReader(chunk).int32() > 20))
    expect(heard.closed).toBe(false)
  })
})

describe('what strangers send', () => {
  const request = Buffer.concat(encodeRequest(Echo, 0, 5, 'stranger', { text: 'text', names: ['a', 'b'] }))
  const changed = (at: number, value: number) => {
    const copy = Buffer.from(request)
    copy.writeInt16BE(value, at)
    return copy
  }
  const manyNames = Buffer.from(request)
  manyNames.writeInt32BE(0x7fff_ffff, manyNames.length - 10)

  it.each([
    { what: 'a length of 2 GiB', bytes: size(0x7fff_ffff), reason: 'a frame of 2147483647 bytes' },
    { what: 'a negative length', bytes: size(-1), reason: 'a frame of -1 bytes' },
    { what: 'an empty frame', bytes: size(0), reason: 'a frame of 0 bytes' },
    { what: 'an HTTP request', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n'), reason: 'a frame of 1195725856 bytes' },
    { what: 'a header that is cut off', bytes: Buffer.concat([size(3), Buffer.alloc(3)]), reason: 'malformed request header' },
    { what: 'an API that is not served', bytes: changed(4, 999), reason: 'API 999 is not served on PLAINTEXT' },
    { what: 'a version that is not served', bytes: changed(6, 7), reason: 'Echo version 7 is not served' },
    { what: 'an array longer than its frame', bytes: manyNames, reason: 'malformed Echo' },
  ])('$what costs them the connection, and nobody else anything', async ({ bytes: sent, reason }) => {
    const client = await aClient(world)
    const { connection, heard } = await aStranger(world)
    const answer = client.send(Echo, { text: 'slow', names: [] })
    connection.write([sent])
    await world.run(() => heard.closed)
    expect(server.lines).toEqual([expect.stringContaining(reason)])
    expect(server.stats.refused).toBe(1)
    expect(await world.settle(answer)).toEqual({ text: 'slow' })
    expect(server.open.size).toBe(1)
  })

  it.each(Array.from({ length: 200 }, (_, index) => index + 1))('random bytes break nothing (seed %i)', async randomSeed => {
    const random = seededRandom(randomSeed)
    const client = await aClient(world)
    const { connection, heard } = await aStranger(world)
    for (let count = 0; count < 20; count++) {
      const garbage = random.bytes(1 + random.below(200))
      // Half of them look right from outside, so that they get further.
      if (random.chance(0.5)) garbage.copy(request, 8 + random.below(20), 0, random.below(8))
      connection.write(random.chance(0.5) ? [size(garbage.length), garbage] : random.chance(0.5) ? [Buffer.from(request)] : [garbage])
    }
    await world.run(40_000)
    expect(heard.closed).toBe(true)
    expect(await world.settle(client.send(Echo, { text: 'unharmed', names: [] }))).toEqual({ text: 'unharmed' })
  })

  it('a request that never comes to its end has a deadline', async () => {
    const { connection, heard } = await aStranger(world)
    for (let at = 0; at < request.length - 1 && !heard.closed; at++) {
      connection.write([request.subarray(at, at + 1)])
      await world.run(5_000)
    }
    expect(heard.closed).toBe(true)
    expect(server.lines).toEqual([expect.stringContaining('a request was not complete after 30000 ms')])
    expect(world.elapsed).toBeLessThan(51_000) // it is looked at every 15 seconds, here every five
  })

  it('a thousand connections that stop in the middle of a request cost nothing and are all closed', async () => {
    const client = await aClient(world)
    const before = process.memoryUsage().arrayBuffers
    const strangers: Connection[] = []
    let closed = 0
    for (let count = 0; count < 1_000; count++) {
      const { connection } = await aStranger(world)
      connection.onClose(() => (closed += 1))
      connection.write([size(1_000_000), Buffer.alloc(10)])
      strangers.push(connection)
    }
    await world.run(1_000)
    expect(server.open.size).toBe(1_001)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
    expect(await world.settle(client.send(Echo, { text: 'quick', names: [] }))).toEqual({ text: 'quick' })
    await world.run(() => closed === 1_000)
    expect(server.open.size).toBe(1)
  })

  it('a peer that vanishes without a word is noticed when it has been idle too long', async () => {
    await aStranger(world)
    world.crash('stranger', { silently: true })
    await world.run(1_000)
    expect(server.open.size).toBe(1)
    await world.run(() => server.open.size === 0, 1_000_000)
  })
})
