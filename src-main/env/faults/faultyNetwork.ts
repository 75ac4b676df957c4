import { type Address, type Clock, type Connection, type Network, NetworkError, type Random, type Timer } from '../env.ts'
import type { LinkFault, LinkFaults } from './linkFaults.ts'

export interface FaultyNetworkOptions {
  readonly clock: Clock
  readonly random: Random
  readonly faults: LinkFaults
  /** The link of a connection that we make; undefined when nothing can be wrong with it. */
  readonly linkTo: (to: Address) => string | undefined
  /** The link of all connections that are accepted at an address. */
  readonly linkAt: (at: Address) => string | undefined
}

const RETRANSMIT_MS = 200

/** A network in which links can be cut, slowed and broken. A connection without a fault costs one look at a map per write and chunk. */
export function faultyNetwork(network: Network, options: FaultyNetworkOptions): Network {
  const { clock, faults, linkTo, linkAt } = options

  return {
    async listen(at, accept) {
      const link = linkAt(at)
      if (link === undefined) return network.listen(at, accept)
      return network.listen(at, connection => {
        const fault = faults.of(link, 'in')
        if (fault?.refuse === true) connection.destroy()
        else accept(new FaultyConnection(connection, link, options))
      })
    },

    async connect(to, { timeoutMs }) {
      const link = linkTo(to)
      if (link === undefined) return network.connect(to, { timeoutMs })
      const [out, back] = [faults.of(link, 'out'), faults.of(link, 'in')]
      if (out?.refuse === true) throw new NetworkError('ECONNREFUSED', `${to.host}:${to.port} is made to refuse`)
      if (out?.cut === true || back?.cut === true) {
        await new Promise<void>(resolve => {
          clock.after(timeoutMs, resolve)
        })
        throw new NetworkError('ETIMEDOUT', `nobody answered at ${to.host}:${to.port} within ${timeoutMs} ms`)
      }
      return new FaultyConnection(await network.connect(to, { timeoutMs }), link, options)
    },
  }
}

/** Whatever passes in one direction, in order, each thing when it may. */
class Lane {
  heldBytes = 0
  readonly #clock: Clock
  readonly #random: Random
  readonly #fault: () => LinkFault | undefined
  readonly #isHeldBack: () => boolean
  readonly #queue: { readonly bytes: number; readonly dueAt: number; readonly pass: () => void }[] = []
  #timer: Timer | undefined

  constructor(
    { clock, random }: Pick<FaultyNetworkOptions, 'clock' | 'random'>,
    fault: () => LinkFault | undefined,
    isHeldBack: () => boolean = () => false,
  ) {
    this.#clock = clock
    this.#random = random
    this.#fault = fault
    this.#isHeldBack = isHeldBack
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  push(bytes: number, pass: () => void): void {
    const fault = this.#fault()
    if (fault === undefined && this.isEmpty && !this.#isHeldBack()) {
      pass()
      return
    }
    const { delayMs = 0, loss = 0 } = fault ?? {}
    const lost = loss > 0 && this.#random.below(1_000_000) < loss * 1_000_000
    this.heldBytes += bytes
    this.#queue.push({ bytes, dueAt: this.#clock.elapsed() + delayMs + (lost ? RETRANSMIT_MS : 0), pass })
    this.move()
  }

  move(): void {
    this.#timer?.cancel()
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const fault = this.#fault()
      if (fault?.cut === true || this.#isHeldBack()) return
      const waitMs = first.dueAt - this.#clock.elapsed()
      if (waitMs > 0 && fault !== undefined) {
        this.#timer = this.#clock.after(waitMs, () => this.move())
        return
      }
      this.#queue.shift()
      this.heldBytes -= first.bytes
      first.pass()
    }
  }

  clear(): void {
    this.#timer?.cancel()
    this.#queue.length = 0
    this.heldBytes = 0
  }
}

class FaultyConnection implements Connection {
  readonly remote: Address
  readonly #inner: Connection
  readonly #out: Lane
  readonly #in: Lane
  readonly #stopListening: () => void
  #isPausedByReader = false
  #isPausedByLane = false
  #drained: (() => void) | undefined
  #closed: ((why: Error | undefined) => void) | undefined
  #isDestroyed = false
  #isClosed = false

  constructor(inner: Connection, link: string, options: FaultyNetworkOptions) {
    const { faults } = options
    this.#inner = inner
    this.remote = inner.remote
    this.#out = new Lane(options, () => faults.of(link, 'out'))
    this.#in = new Lane(
      options,
      () => faults.of(link, 'in'),
      () => this.#isPausedByReader,
    )
    this.#stopListening = faults.listen(
      changed => {
        if (changed !== link) return
        this.#out.move()
        this.#in.move()
        this.#pauseOrResume()
      },
      broken => {
        if (broken === link) this.#break()
      },
    )
  }

  onData(listen: (chunk: Buffer) => void): void {
    this.#inner.onData(chunk => {
      this.#in.push(chunk.length, () => {
        listen(chunk)
        this.#pauseOrResume()
      })
      this.#pauseOrResume()
    })
  }

  onClose(listen: (why: Error | undefined) => void): void {
    this.#closed = listen
    // Behind what is held back, as the news would have come over the same link.
    this.#inner.onClose(why => {
      if (this.#isDestroyed) this.#close(why)
      else this.#in.push(0, () => this.#close(why))
    })
  }

  onDrain(listen: () => void): void {
    this.#drained = listen
    this.#inner.onDrain(() => {
      if (this.pendingBytes === 0) listen()
    })
  }

  get pendingBytes(): number {
    return this.#out.heldBytes + this.#inner.pendingBytes
  }

  write(chunks: readonly Buffer[]): void {
    if (this.#isClosed) return
    let bytes = 0
    for (const chunk of chunks) bytes += chunk.length
    this.#out.push(bytes, () => {
      this.#inner.write(chunks)
      if (this.pendingBytes === 0) this.#drained?.()
    })
  }

  pause(): void {
    this.#isPausedByReader = true
    this.#pauseOrResume()
  }

  resume(): void {
    this.#isPausedByReader = false
    this.#in.move()
    this.#pauseOrResume()
  }

  end(): void {
    this.#out.push(0, () => this.#inner.end())
  }

  destroy(): void {
    this.#isDestroyed = true
    this.#out.clear()
    this.#in.clear()
    this.#inner.destroy()
  }

  /** What is held back must not pile up here: the sender waits, as it would on a real link. */
  #pauseOrResume(): void {
    const isPaused = this.#isPausedByReader || !this.#in.isEmpty
    if (isPaused === this.#isPausedByLane) return
    this.#isPausedByLane = isPaused
    if (isPaused) this.#inner.pause()
    else this.#inner.resume()
  }

  #break(): void {
    this.destroy()
    this.#close(new NetworkError('ECONNRESET', 'the connection was broken on purpose'))
  }

  #close(why: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopListening()
    this.#closed?.(why)
  }
}
