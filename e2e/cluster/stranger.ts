import { connect, type Socket } from 'node:net'
import { eventually } from './builtCluster.ts'

/** Somebody at a broker's port who knows no Kafka, or pretends so: a socket, and what came back on it. */
export class Stranger {
  /** Its side's port, by which the broker's log names it. */
  readonly port: number
  readonly #socket: Socket
  readonly #received: Buffer[] = []
  #hasLost = false

  static arrive(brokerPort: number): Promise<Stranger> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: brokerPort })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Stranger(socket))
      })
    })
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    this.port = socket.localPort ?? 0
    socket.on('data', (chunk: Buffer) => this.#received.push(chunk))
    socket.on('error', () => undefined) // a reset is one way to lose a connection; `close` follows
    socket.on('end', () => (this.#hasLost = true))
    socket.on('close', () => (this.#hasLost = true))
  }

  send(...chunks: readonly Buffer[]): this {
    for (const chunk of chunks) this.#socket.write(chunk)
    return this
  }

  /** Reads no more of what it is sent. */
  stopReading(): this {
    this.#socket.pause()
    return this
  }

  /** Says that no more comes from its side. */
  end(): this {
    this.#socket.end()
    return this
  }

  /** What the kernel would not take yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  get received(): Buffer {
    return Buffer.concat(this.#received)
  }

  get hasLostItsConnection(): boolean {
    return this.#hasLost
  }

  async losesItsConnection(): Promise<void> {
    await eventually('the broker hangs up', () => this.#hasLost)
    this.#socket.destroy()
  }

  async hears(bytes: number): Promise<Buffer> {
    return eventually('the broker answers', () => (this.received.length >= bytes ? this.received : undefined))
  }

  leave(): void {
    this.#socket.destroy()
  }
}

/** With its length before it, as every request is. */
export function framed(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** A request's header in the layout that all old requests share (version 1): key, version, correlation id, client id. */
export function headerOf(apiKey: number, apiVersion: number, clientId = 'stranger'): Buffer {
  const bytes = Buffer.alloc(10 + clientId.length)
  bytes.writeInt16BE(apiKey, 0)
  bytes.writeInt16BE(apiVersion, 2)
  bytes.writeInt32BE(77, 4)
  bytes.writeInt16BE(clientId.length, 8)
  bytes.write(clientId, 10)
  return bytes
}
