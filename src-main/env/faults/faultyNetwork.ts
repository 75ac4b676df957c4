import { type Address, type Clock, type Connection, type Network, NetworkError, type Random, type Timer } from '../env.ts'
import type { LinkFault, LinkFaults } from './linkFaults.ts'

export interface FaultyNetworkOptions {
  readonly clock: Clock
  readonly random: Random
  readonly faults: LinkFaults
  /** The link of a connection that we make; undefined when nothing can be wrong with it. */
  readonly linkTo: (to: Address) => string | undefined
  /** The link of all connections that are accepted at an address, or how the first bytes of each tell whose it is. */
  readonly linkAt: (at: Address) => string | ((first: Buffer) => string) | undefined
}

/** Doubles each time that a write is lost again. */
const RETRANSMIT_MS = 200
const RETRANSMIT_AT_MOST_MS = 10_000

/**
 * A network in which links can be cut, slowed and broken. While nothing is wrong with a link, a write or a chunk costs two looks at a field.
 *
 * A cut is one of the network and not of the connection: nobody is told. What was written waits, an end waits behind it, connections that the other
 * side lost or closed look open, and those that we close look open to the other side, until the link is healed.
 */
export function faultyNetwork(network: Network, options: FaultyNetworkOptions): Network {
  const { clock, faults, linkTo, linkAt } = options

  return {
    async listen(at, accept) {
      const link = linkAt(at)
      if (link === undefined) return network.listen(at, accept)
      return network.listen(at, connection => {
        if (typeof link === 'string' && faults.of(link, 'in')?.refuse === true) connection.destroy()
        else accept(new FaultyConnection(connection, link, options))
      })
    },

    async connect(to, { timeoutMs }) {
      const link = linkTo(to)
      if (link === undefined) return network.connect(to, { timeoutMs })
      const deadline = clock.elapsed() + timeoutMs
      if (faults.isCut(link)) await untilHealed(options, link, timeoutMs)
      const leftMs = deadline - clock.elapsed()
      if (faults.isCut(link) || leftMs <= 0) {
        throw new NetworkError('ETIMEDOUT', `nobody answered at ${to.host}:${to.port} within ${timeoutMs} ms`)
      }
      if (faults.of(link, 'out')?.refuse === true) throw new NetworkError('ECONNREFUSED', `${to.host}:${to.port} is made to refuse`)
      return new FaultyConnection(await network.connect(to, { timeoutMs: leftMs }), link, options)
    },
  }
}

/** As a system that tries again and again to connect would find out. */
function untilHealed({ clock, faults }: FaultyNetworkOptions, link: string, timeoutMs: number): Promise<void> {
  return new Promise(resolve => {
    const stopListening = faults.listen(() => {
      if (!faults.isCut(link)) done()
    })
    const timer = clock.after(timeoutMs, () => done())
    function done() {
      timer.cancel()
      stopListening()
      resolve()
    }
  })
}

/** Whatever passes in one direction, in order, each thing when it may. */
class Lane {
  heldBytes = 0
  /** Of this direction of the link; whoever owns the lane keeps it so. */
  fault: LinkFault | undefined
  readonly #clock: Clock
  readonly #random: Random
  readonly #isHeldBack: () => boolean
  readonly #queue: { readonly bytes: number; readonly dueAt: number; readonly pass: () => void }[] = []
  #timer: Timer | undefined

  constructor({ clock, random }: Pick<FaultyNetworkOptions, 'clock' | 'random'>, isHeldBack: () => boolean = () => false) {
    this.#clock = clock
    this.#random = random
    this.#isHeldBack = isHeldBack
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  /** Nothing is wrong, and nothing is held back that would have to pass before. */
  get isClear(): boolean {
    return this.fault === undefined && this.#queue.length === 0
  }

  push(bytes: number, pass: () => void): void {
    if (this.isClear && !this.#isHeldBack()) {
      pass()
      return
    }
    const { delayMs = 0 } = this.fault ?? {}
    this.heldBytes += bytes
    this.#queue.push({ bytes, dueAt: this.#clock.elapsed() + delayMs + this.#lostForMs(), pass })
    this.move()
  }

  #lostForMs(): number {
    const { loss = 0 } = this.fault ?? {}
    let lostForMs = 0
    for (let waitMs = RETRANSMIT_MS; lostForMs < RETRANSMIT_AT_MOST_MS; waitMs *= 2) {
      if (loss === 0 || this.#random.below(1_000_000) >= loss * 1_000_000) break
      lostForMs += waitMs
    }
    return Math.min(lostForMs, RETRANSMIT_AT_MOST_MS)
  }

  move(): void {
    this.#timer?.cancel()
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (this.fault?.cut === true || this.#isHeldBack()) return
      const waitMs = first.dueAt - this.#clock.elapsed()
      if (waitMs > 0 && this.fault !== undefined) {
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
  readonly #clock: Clock
  readonly #faults: LinkFaults
  readonly #out: Lane
  readonly #in: Lane
  readonly #stopListening: () => void
  /** Undefined until the first bytes have told. */
  #link: string | undefined
  #linkOf: ((first: Buffer) => string) | undefined
  #isPausedByReader = false
  #isPausedByLane = false
  #drained: (() => void) | undefined
  #closed: ((why: Error | undefined) => void) | undefined
  #isEnding = false
  #isDestroyed = false
  /** We are through with it, and the other side cannot know. */
  #isOrphan = false
  #isInnerClosed = false
  #isClosed = false

  constructor(inner: Connection, link: string | ((first: Buffer) => string), options: FaultyNetworkOptions) {
    const { faults, clock } = options
    this.#inner = inner
    this.#clock = clock
    this.#faults = faults
    this.remote = inner.remote
    this.#out = new Lane(options)
    this.#in = new Lane(options, () => this.#isPausedByReader)
    if (typeof link === 'string') this.#belongsTo(link)
    else this.#linkOf = link
    this.#stopListening = faults.listen(
      changed => {
        if (changed === this.#link) this.#faultsChanged(changed)
      },
      broken => {
        if (broken === this.#link) this.#break()
      },
    )
  }

  onData(listen: (chunk: Buffer) => void, room?: () => Buffer | undefined): void {
    const hear = (chunk: Buffer) => {
      if (this.#isOrphan) return
      if (this.#linkOf !== undefined) this.#belongsTo(this.#linkOf(chunk))
      if (this.#in.isClear && !this.#isPausedByReader) {
        listen(chunk)
        return
      }
      const held = Buffer.from(chunk)
      this.#in.push(chunk.length, () => {
        listen(held)
        this.#pauseOrResume()
      })
      this.#pauseOrResume()
    }
    // What is held back comes before the bytes that the reader has room for.
    this.#inner.onData(hear, room && (() => (this.#in.isClear ? room() : undefined)))
  }

  onClose(listen: (why: Error | undefined) => void): void {
    this.#closed = listen
    // Behind what is held back, as the news would have come over the same link.
    this.#inner.onClose(why => {
      this.#isInnerClosed = true
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

  write(chunks: readonly Buffer[], sent?: () => void): void {
    if (this.#isClosed || this.#isOrphan) return
    if (this.#out.isClear) {
      this.#inner.write(chunks, sent)
      return
    }
    let bytes = 0
    for (const chunk of chunks) bytes += chunk.length
    this.#out.push(bytes, () => {
      this.#inner.write(chunks, sent)
      if (this.pendingBytes === 0) this.#drained?.()
    })
  }

  pause(): void {
    // After our own end only the peer's is waited for.
    if (this.#isEnding) return
    this.#isPausedByReader = true
    this.#pauseOrResume()
  }

  resume(): void {
    this.#isPausedByReader = false
    this.#in.move()
    this.#pauseOrResume()
  }

  end(): void {
    this.#isEnding = true
    if (this.#isPausedByReader) this.#clock.after(0, () => this.resume())
    this.#out.push(0, () => this.#inner.end())
  }

  destroy(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#out.clear()
    this.#in.clear()
    if (this.#isInnerClosed) this.#clock.after(0, () => this.#close(undefined))
    else if (this.#out.fault?.cut === true) {
      this.#isOrphan = true
      this.#inner.pause()
      this.#clock.after(0, () => this.#tellClosed(undefined))
    } else this.#inner.destroy()
  }

  #belongsTo(link: string): void {
    this.#link = link
    this.#linkOf = undefined
    this.#out.fault = this.#faults.of(link, 'out')
    this.#in.fault = this.#faults.of(link, 'in')
  }

  #faultsChanged(link: string): void {
    this.#belongsTo(link)
    if (this.#isOrphan) {
      if (this.#out.fault?.cut !== true) this.#inner.destroy()
      return
    }
    this.#out.move()
    this.#in.move()
    this.#pauseOrResume()
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
    this.#isDestroyed = true
    this.#out.clear()
    this.#in.clear()
    this.#inner.destroy()
    this.#close(new NetworkError('ECONNRESET', 'the connection was broken on purpose'))
  }

  #close(why: Error | undefined): void {
    this.#stopListening()
    this.#tellClosed(why)
  }

  #tellClosed(why: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#closed?.(why)
  }
}
