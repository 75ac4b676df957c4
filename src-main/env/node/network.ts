import net from 'node:net'
import { assert } from '../../base/assert.ts'
import { type Address, type Connection, type Listener, type Network, NetworkError } from '../env.ts'

/** Connections that the system completes while we are busy: enough for a whole test suite's clients at once. */
const BACKLOG = 1024
/** After an orderly end, how long the peer may take nothing and say nothing before the socket is given up. */
const LINGER_MS = 10_000
const KEEP_ALIVE_MS = 30_000
/** What the connections of this process read into, one after the other, unless they know where the bytes belong. Nobody keeps it beyond the call. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

export const nodeNetwork: Network = networkOf(readThrough)
/** The same where Node does not let `readThrough` have its way. */
export const plainNetwork: Network = networkOf(readPlainly)

function networkOf(readAccepted: (inlet: Inlet, accepted: net.Socket) => net.Socket): Network {
  return {
    listen: (at, accept) =>
      new Promise((resolve, reject) => {
        const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, pauseOnConnect: true }
        const server = net.createServer(options, accepted => {
          const inlet = new Inlet()
          const socket = readAccepted(inlet, accepted)
          accept(new NodeConnection(socket, inlet, { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }))
        })
        server.on('error', problem => {
          // Once listening, this is an accept that failed for want of descriptors: the next one may succeed. Rejecting is harmless then.
          reject(networkError(problem, `cannot listen at ${at.host}:${at.port}`))
        })
        server.listen({ host: at.host, port: at.port, backlog: BACKLOG }, () => {
          const { port } = server.address() as net.AddressInfo
          resolve(listenerOf(server, { host: at.host, port }))
        })
      }),

    connect: (to, { timeoutMs }) =>
      new Promise((resolve, reject) => {
        const inlet = new Inlet()
        const socket = net.connect({
          host: to.host,
          port: to.port,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: KEEP_ALIVE_MS,
          onread: inlet,
        })
        const timer = setTimeout(() => {
          socket.destroy()
          reject(new NetworkError('ETIMEDOUT', `nobody answered at ${to.host}:${to.port} within ${timeoutMs} ms`))
        }, timeoutMs)
        const fail = (problem: Error) => {
          clearTimeout(timer)
          reject(networkError(problem, `cannot connect to ${to.host}:${to.port}`))
        }
        socket.once('error', fail)
        socket.once('connect', () => {
          clearTimeout(timer)
          const connection = new NodeConnection(socket, inlet, to)
          socket.off('error', fail)
          resolve(connection)
        })
      }),
  }
}

function listenerOf(server: net.Server, address: Address): Listener {
  return {
    address,
    // The port is free at once. Waiting for the server's own end would wait for every connection that it accepted.
    close: async () => {
      server.close()
    },
  }
}

/** How a socket hands over what it reads, in the shape that Node wants. Without it, every read gets 64 KB of its own, which the garbage collector has to find. */
class Inlet {
  listen: ((chunk: Buffer) => void) | undefined
  room: (() => Buffer | undefined) | undefined

  readonly buffer = (): Buffer => this.room?.() ?? scratch

  readonly callback = (bytes: number, into: Uint8Array): boolean => {
    assert(this.listen !== undefined, 'who is handed a connection listens in the same turn')
    this.listen((into as Buffer).subarray(0, bytes))
    return true
  }
}

/**
 * Node has `onread` for connections that one makes, not for those that one accepts: what it accepted is taken out of its socket and put in one of ours.
 * Where a later Node does not let us, its own way of reading remains, which costs more.
 */
function readThrough(inlet: Inlet, accepted: net.Socket): net.Socket {
  const shell = accepted as unknown as { _handle: { useUserBuffer?: unknown } | null }
  const handle = shell._handle
  if (typeof handle?.useUserBuffer !== 'function') return readPlainly(inlet, accepted)
  const socket = new net.Socket({ handle, onread: inlet } as object)
  shell._handle = null
  accepted.destroy()
  return socket
}

function readPlainly(inlet: Inlet, accepted: net.Socket): net.Socket {
  accepted.on('data', (chunk: Buffer) => inlet.callback(chunk.length, chunk))
  accepted.resume()
  return accepted
}

/** A socket of Node. Writes of one turn of the loop leave in one `writev`; nothing is copied and no promise is made per chunk. */
class NodeConnection implements Connection {
  readonly remote: Address
  readonly #socket: net.Socket
  readonly #inlet: Inlet
  #why: Error | undefined
  #isClosed = false
  #isCorked = false
  #onClose: ((why: Error | undefined) => void) | undefined
  #written: (() => void) | undefined

  constructor(socket: net.Socket, inlet: Inlet, remote: Address) {
    this.#socket = socket
    this.#inlet = inlet
    this.remote = remote
    socket.on('error', problem => {
      this.#why = networkError(problem, `the connection to ${remote.host}:${remote.port} broke`)
    })
    socket.on('close', () => {
      this.#isClosed = true
      this.#onClose?.(this.#why)
    })
  }

  onData(listen: (chunk: Buffer) => void, room?: () => Buffer | undefined): void {
    this.#inlet.listen = listen
    this.#inlet.room = room
  }

  onClose(listen: (why: Error | undefined) => void): void {
    this.#onClose = listen
    if (this.#isClosed) process.nextTick(() => listen(this.#why))
  }

  onDrain(listen: () => void): void {
    const socket = this.#socket
    this.#written = () => {
      if (socket.writableLength === 0 && !socket.destroyed) listen()
    }
  }

  get pendingBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength
  }

  write(chunks: readonly Buffer[], sent?: () => void): void {
    const socket = this.#socket
    if (!socket.writable || chunks.length === 0) return
    if (!this.#isCorked) {
      this.#isCorked = true
      socket.cork()
      process.nextTick(uncork, this)
    }
    const last = chunks.length - 1
    for (let index = 0; index < last; index++) socket.write(chunks[index]!)
    const written = this.#written
    socket.write(
      chunks[last]!,
      sent === undefined
        ? written
        : problem => {
            // Node 20 tells of no failure where the socket was destroyed meanwhile.
            if ((problem === null || problem === undefined) && !socket.destroyed) sent()
            written?.()
          },
    )
  }

  static uncork(connection: NodeConnection): void {
    connection.#isCorked = false
    connection.#socket.uncork()
  }

  pause(): void {
    // After our own end only the peer's is waited for, and who does not read does not see it.
    if (!this.#socket.writableEnded) this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    const socket = this.#socket
    if (socket.destroyed || socket.writableEnded) return
    socket.end()
    socket.setTimeout(LINGER_MS, () => socket.destroy())
    // A paused reader would never see the peer's end, and so never come to its own.
    socket.resume()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

const { uncork } = NodeConnection

function networkError(problem: Error & { code?: unknown }, message: string): NetworkError {
  const code = typeof problem.code === 'string' ? problem.code : 'EUNKNOWN'
  return new NetworkError(code, `${message} (${code})`, problem)
}
