import { describe, expect, it } from 'vitest'
import { type Connection, type Network, NetworkError } from '../env/env.ts'

/** Two places on one network, and how to wait for what happens there. */
export interface NetworkUnderTest {
  readonly server: Network
  readonly client: Network
  readonly settle: <T>(promise: Promise<T>) => Promise<T>
  readonly until: (condition: () => boolean) => Promise<void>
  /** Whether what the server accepts never uses the room that its reader has. */
  readonly isReadElsewhere?: boolean
  /** Lets so much time pass that whatever could happen has. */
  readonly aWhile: () => Promise<void>
}

/** One end of a connection and all it heard. */
class End {
  readonly connection: Connection
  readonly chunks: Buffer[] = []
  closes = 0
  why: Error | undefined
  drains = 0

  constructor(connection: Connection) {
    this.connection = connection
    connection.onData(chunk => this.chunks.push(Buffer.from(chunk)))
    connection.onClose(why => {
      this.closes += 1
      this.why = why
    })
    connection.onDrain(() => {
      this.drains += 1
    })
  }

  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }
}

/** What every network does, real or simulated. */
export function networkBehaves(name: string, makeNetwork: () => NetworkUnderTest): void {
  describe(`${name}, as every network`, () => {
    const connected = async () => {
      const given = makeNetwork()
      const accepted: End[] = []
      const listener = await given.settle(given.server.listen({ host: '127.0.0.1', port: 0 }, each => accepted.push(new End(each))))
      const near = new End(await given.settle(given.client.connect(listener.address, { timeoutMs: 5_000 })))
      await given.until(() => accepted.length === 1)
      return { ...given, listener, near, far: accepted[0]! }
    }

    it('carries bytes both ways, in order', async () => {
      const { near, far, until, listener, settle } = await connected()
      expect(near.connection.remote).toEqual(listener.address)
      expect(far.connection.remote.host).toBe('127.0.0.1')
      for (let count = 0; count < 100; count++) near.connection.write([Buffer.from(`${count},`), Buffer.from('x;')])
      far.connection.write([Buffer.from('welcome')])
      const expected = Array.from({ length: 100 }, (_, count) => `${count},x;`).join('')
      await until(() => far.bytes === expected.length && near.bytes === 7)
      expect(far.text).toBe(expected)
      expect(near.text).toBe('welcome')
      near.connection.destroy()
      await settle(listener.close())
    })

    it('carries megabytes, and says when they are gone', async () => {
      const { near, far, until, listener, settle } = await connected()
      const megabyte = Buffer.alloc(1024 * 1024, 'abcdefgh')
      for (let count = 0; count < 8; count++) near.connection.write([megabyte, Buffer.from([count])])
      await until(() => far.bytes === 8 * (megabyte.length + 1) && near.drains > 0)
      expect(near.connection.pendingBytes).toBe(0)
      near.connection.destroy()
      await settle(listener.close())
    })

    it('reads to where the reader has room', async () => {
      const given = makeNetwork()
      const room = Buffer.alloc(1_000_000)
      let received = 0
      let elsewhere = 0
      const hear = (connection: Connection) => {
        connection.onClose(() => {})
        connection.onData(
          chunk => {
            if (chunk.buffer === room.buffer && chunk.byteOffset === room.byteOffset + received) received += chunk.length
            else {
              elsewhere += chunk.length
              received += chunk.copy(room, received)
            }
          },
          () => (received > 0 && received < room.length ? room.subarray(received) : undefined),
        )
      }
      const listener = await given.settle(given.server.listen({ host: '127.0.0.1', port: 0 }, hear))
      const near = new End(await given.settle(given.client.connect(listener.address, { timeoutMs: 5_000 })))
      const sent = Buffer.from(room.map((_, index) => index % 251))
      near.connection.write([sent.subarray(0, 10)])
      await given.until(() => received === 10)
      near.connection.write([sent.subarray(10)])
      await given.until(() => received === room.length)
      expect(room.equals(sent)).toBe(true)
      // Where it had none yet, and perhaps what was under way when it was asked.
      if (given.isReadElsewhere !== true) expect(elsewhere).toBeLessThan(room.length)
      near.connection.destroy()
      await given.settle(listener.close())
    })

    it('says of each write when nothing of it is needed any more', async () => {
      const { near, far, until, aWhile, listener, settle } = await connected()
      const sent: number[] = []
      far.connection.pause()
      for (let count = 0; count < 3; count++)
        near.connection.write([Buffer.alloc(8_000_000, count), Buffer.from('!')], () => sent.push(count))
      await aWhile()
      expect(sent).not.toContain(2)
      far.connection.resume()
      await until(() => sent.length === 3)
      expect(sent).toEqual([0, 1, 2])
      near.connection.destroy()
      await settle(listener.close())
    })

    it('does not say so of what a lost connection takes along', async () => {
      const { near, far, until, aWhile, listener, settle } = await connected()
      let sent = 0
      far.connection.pause()
      near.connection.write([Buffer.alloc(64_000_000)], () => (sent += 1))
      await aWhile()
      near.connection.destroy()
      near.connection.write([Buffer.alloc(10)], () => (sent += 1))
      far.connection.resume()
      await until(() => near.closes === 1 && far.closes === 1)
      await aWhile()
      expect(sent).toBe(0)
      await settle(listener.close())
    })

    it('holds a sender back while the reader pauses', async () => {
      const { near, far, until, aWhile, listener, settle } = await connected()
      far.connection.pause()
      const much = Buffer.alloc(32 * 1024 * 1024)
      near.connection.write([much])
      await aWhile()
      expect(near.connection.pendingBytes).toBeGreaterThan(0)
      expect(near.drains).toBe(0)
      expect(far.bytes).toBeLessThan(much.length)
      far.connection.resume()
      await until(() => far.bytes === much.length && near.drains > 0)
      near.connection.destroy()
      await settle(listener.close())
    })

    it('ends in order: all that was written arrives, then both hear of the end once', async () => {
      const { near, far, until, aWhile, listener, settle } = await connected()
      near.connection.write([Buffer.alloc(1_000_000)])
      near.connection.end()
      near.connection.write([Buffer.from('too late')])
      await until(() => near.closes === 1 && far.closes === 1)
      expect(far.bytes).toBe(1_000_000)
      expect([near.why, far.why]).toEqual([undefined, undefined])
      await aWhile()
      expect([near.closes, far.closes]).toEqual([1, 1])
      far.connection.write([Buffer.from('nobody hears this')])
      expect(far.connection.pendingBytes).toBe(0)
      await settle(listener.close())
    })

    it('ends in order also when its owner wants to hear nothing more', async () => {
      const { near, far, until, listener, settle } = await connected()
      near.connection.end()
      near.connection.pause()
      far.connection.write([Buffer.from('the last words')])
      await until(() => near.closes === 1 && far.closes === 1)
      await settle(listener.close())
    })

    it('tells the peer of a connection that was destroyed, and its owner in a later turn', async () => {
      const { near, far, until, listener, settle } = await connected()
      near.connection.destroy()
      expect(near.closes).toBe(0)
      await until(() => near.closes === 1 && far.closes === 1)
      expect(near.why).toBeUndefined()
      near.connection.destroy()
      near.connection.end()
      await settle(listener.close())
    })

    it('tells who writes to a peer that is gone', async () => {
      const { near, far, until, listener, settle } = await connected()
      far.connection.pause()
      near.connection.destroy()
      await until(() => {
        far.connection.write([Buffer.alloc(100_000)])
        return near.closes === 1
      })
      far.connection.resume()
      await until(() => far.closes === 1)
      await settle(listener.close())
    })

    it('refuses where nobody listens, and where nobody listens any more', async () => {
      const { client, listener, near, far, settle, until } = await connected()
      await settle(listener.close())
      await expect(settle(client.connect(listener.address, { timeoutMs: 5_000 }))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      await expect(settle(client.connect(listener.address, { timeoutMs: 5_000 }))).rejects.toBeInstanceOf(NetworkError)
      // The connection that was accepted before stays.
      near.connection.write([Buffer.from('still here')])
      await until(() => far.text === 'still here')
      near.connection.destroy()
    })

    it('refuses a port that is taken, and gives it when it is free again', async () => {
      const { server, listener, near, settle } = await connected()
      await expect(settle(server.listen(listener.address, () => {}))).rejects.toMatchObject({ name: 'NetworkError', code: 'EADDRINUSE' })
      near.connection.destroy()
      await settle(listener.close())
      const again = await settle(server.listen(listener.address, () => {}))
      expect(again.address).toEqual(listener.address)
      await settle(again.close())
    })
  })
}
