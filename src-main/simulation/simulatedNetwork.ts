import { NetworkError, type Address, type Connection, type Listener, type Network } from '../env/env.ts'
import type { Life } from './life.ts'
import type { Scheduler } from './scheduler.ts'
import type { SeededRandom } from './seededRandom.ts'
import type { SimulatedLinks } from './simulatedLinks.ts'

const FIRST_EPHEMERAL_PORT = 40_000
/** A connect request that meets no answer is sent again, as TCP does. */
const SYN_AGAIN_MS = 1_000
const RETRANSMIT_MS = 200
/** How often a write arrives in pieces, as no reader may rely on where chunks end. */
const SPLIT_CHANCE = 0.05
/** Who never had more than this wait for its reader is not told when it is gone: that would be an event for every request and every answer. */
const UNTOLD_BYTES = 512
/** What is left where bytes were that nobody may look at any more. */
export const OVERWRITTEN = 0xdd

type Packet =
  | { readonly type: 'open' }
  | { readonly type: 'data'; readonly bytes: readonly Buffer[]; readonly length: number; readonly sent: (() => void) | undefined }
  | { readonly type: 'end' }
  | { readonly type: 'reset'; readonly why: NetworkError }

interface Bound {
  readonly life: Life
  readonly accept: (connection: Connection) => void
}

/**
 * All sockets of the world. Bytes are copied on delivery, as two processes never share memory; what was lent to a reader is overwritten when the call is
 * over.
 */
export class SimulatedNetwork {
  readonly #scheduler: Scheduler
  readonly #links: SimulatedLinks
  readonly #listeners = new Map<string, Bound>()
  readonly #open = new Set<SimulatedConnection>()
  readonly #wires: Wires
  #nextPort = FIRST_EPHEMERAL_PORT

  constructor(scheduler: Scheduler, random: SeededRandom, links: SimulatedLinks) {
    this.#scheduler = scheduler
    this.#links = links
    this.#wires = {
      scheduler,
      random,
      links,
      open: this.#open,
      isUp: node => [...this.#listeners.values()].some(({ life }) => life.node === node && life.alive),
    }
  }

  seenBy(life: Life): Network {
    return {
      listen: (at, accept) =>
        new Promise((resolve, reject) => {
          this.#scheduler.after(life, 0, `listen ${life.node} ${at.port}`, () => {
            const address = { host: at.host, port: at.port === 0 ? this.#nextPort++ : at.port }
            if (this.#listeners.get(key(address))?.life.alive === true) {
              reject(new NetworkError('EADDRINUSE', `${key(address)} is in use`))
              return
            }
            const bound = { life, accept }
            this.#listeners.set(key(address), bound)
            resolve(this.#listener(address, bound))
          })
        }),
      connect: (to, { timeoutMs }) =>
        new Promise((resolve, reject) => {
          if (life.alive) this.#connect(life, to, timeoutMs, resolve, reject)
        }),
    }
  }

  #listener(address: Address, bound: Bound): Listener {
    return {
      address,
      close: async () => {
        if (bound.life.alive && this.#listeners.get(key(address)) === bound) this.#listeners.delete(key(address))
      },
    }
  }

  #connect(life: Life, to: Address, timeoutMs: number, resolve: (connection: Connection) => void, reject: (why: Error) => void): void {
    let settled = false
    const settle = (how: () => void) => {
      if (settled) return
      settled = true
      this.#scheduler.cancel(timer)
      how()
    }
    const timer = this.#scheduler.after(life, timeoutMs, `connect timeout ${life.node}`, () => {
      settle(() => reject(new NetworkError('ETIMEDOUT', `nobody answered at ${key(to)} within ${timeoutMs} ms`)))
    })
    const refuse = () => settle(() => reject(new NetworkError('ECONNREFUSED', `nobody listens at ${key(to)}`)))

    const ask = () => {
      if (settled || !life.alive) return
      const target = this.#listeners.get(key(to))
      const node = target?.life.node ?? nodeOfNobody
      if (this.#links.isCut(life.node, node) || this.#links.isCut(node, life.node)) {
        this.#scheduler.after(life, SYN_AGAIN_MS, `connect again ${life.node}`, ask)
        return
      }
      this.#scheduler.after(undefined, this.#links.delayMs(life.node, node), `connect ${life.node}→${node} ${to.port}`, () => {
        const accepting = this.#listeners.get(key(to))
        if (settled || !life.alive) return
        if (accepting === undefined || !accepting.life.alive) {
          this.#scheduler.after(life, this.#links.delayMs(node, life.node), `refuse ${life.node}`, refuse)
          return
        }
        const near = new SimulatedConnection(this.#wires, life, to)
        const far = new SimulatedConnection(this.#wires, accepting.life, { host: to.host, port: this.#nextPort++ })
        near.join(far, () => {
          if (settled) near.destroy()
          else settle(() => resolve(near))
        })
        // A kernel completes the handshake by itself: one can be connected to a process that is frozen.
        far.opened()
        this.#scheduler.after(accepting.life, 0, `accept ${node}`, () => accepting.accept(far))
      })
    }
    ask()
  }

  /** The life ends. Its peers are told, as an operating system would, unless the whole machine is gone. */
  crashed(life: Life, options: { readonly silently: boolean }): void {
    for (const [address, bound] of this.#listeners) if (bound.life === life) this.#listeners.delete(address)
    for (const connection of this.#open) if (connection.life === life) connection.die(options)
  }

  /** Every connection between two nodes breaks, as when a middlebox forgets them. */
  breakConnections(one: string, other: string): void {
    for (const connection of this.#open) {
      const [near, far] = [connection.life.node, connection.peerNode]
      if ((near === one && far === other) || (near === other && far === one)) connection.reset('ECONNRESET', 'the connection was lost')
    }
  }

  openConnections(node: string): number {
    let count = 0
    for (const connection of this.#open) if (connection.life.alive && connection.life.node === node) count += 1
    return count
  }
}

const nodeOfNobody = '(nobody)'
const key = (address: Address) => `${address.host}:${address.port}`

interface Wires {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly links: SimulatedLinks
  readonly open: Set<SimulatedConnection>
  /** Whether somebody listens there. */
  isUp(node: string): boolean
}

/** One end. What it sends waits in its own queue until the other end took it, so that the queue is also the measure of `pendingBytes`. */
class SimulatedConnection implements Connection {
  readonly remote: Address
  readonly life: Life
  readonly #wires: Wires
  #peer!: SimulatedConnection
  #established: (() => void) | undefined

  readonly #queue: { readonly packet: Packet; readonly dueAt: number }[] = []
  #lastDueAt = 0
  /** Whether an event, a mended link or a resumed reader will move the queue on. */
  #moving = false
  #isRetransmitting = false
  #unsent = 0
  /** So much waits, or waited, that its owner has to hear when it is gone. */
  #isDrainAwaited = false
  /** What `data` events are called, but for their length. */
  #dataLabel: string | undefined

  #state: 'open' | 'ending' | 'closed' = 'open'
  #paused = false
  #onData: ((chunk: Buffer) => void) | undefined
  #room: (() => Buffer | undefined) | undefined
  /** Where the next bytes go, as the reader had it when the ones before had come. */
  #into: Buffer | undefined
  #onClose: ((why: Error | undefined) => void) | undefined
  #onDrain: (() => void) | undefined
  #closedBecause: { readonly why: Error | undefined } | undefined

  constructor(wires: Wires, life: Life, remote: Address) {
    this.#wires = wires
    this.life = life
    this.remote = remote
    wires.open.add(this)
  }

  get peerNode(): string {
    return this.#peer.life.node
  }

  join(peer: SimulatedConnection, established: () => void): void {
    this.#peer = peer
    peer.#peer = this
    this.#established = established
  }

  /** Tells the other end that the connection stands. */
  opened(): void {
    this.#send({ type: 'open' })
  }

  onData(listen: (chunk: Buffer) => void, room?: () => Buffer | undefined): void {
    this.#onData = listen
    this.#room = room
    this.#peer.#move()
  }

  onClose(listen: (why: Error | undefined) => void): void {
    this.#onClose = listen
    const closed = this.#closedBecause
    if (closed !== undefined) this.#wires.scheduler.after(this.life, 0, `close ${this.life.node}`, () => listen(closed.why))
    else this.#peer.#move()
  }

  onDrain(listen: () => void): void {
    this.#onDrain = listen
  }

  get pendingBytes(): number {
    return this.#state === 'closed' ? 0 : this.#unsent
  }

  write(chunks: readonly Buffer[], sent?: () => void): void {
    if (this.#state !== 'open' || !this.life.alive) return
    let length = 0
    for (const chunk of chunks) length += chunk.length
    if (length === 0) return
    this.#unsent += length
    if (this.#unsent > UNTOLD_BYTES) this.#isDrainAwaited = true
    if (length > 1 && this.#wires.random.chance(SPLIT_CHANCE)) {
      const at = 1 + this.#wires.random.below(length - 1)
      const [head, tail] = splitAt(chunks, at)
      this.#send({ type: 'data', bytes: head, length: at, sent: undefined })
      this.#send({ type: 'data', bytes: tail, length: length - at, sent })
    } else this.#send({ type: 'data', bytes: chunks, length, sent })
  }

  pause(): void {
    // After our own end only the peer's is waited for.
    if (this.#state === 'open') this.#paused = true
  }

  resume(): void {
    this.#paused = false
    if (this.life.alive) this.#peer.#move()
  }

  end(): void {
    if (this.#state !== 'open' || !this.life.alive) return
    this.#state = 'ending'
    this.#send({ type: 'end' })
    // A paused reader would never see the peer's end, and so never come to its own.
    this.resume()
  }

  destroy(): void {
    if (this.#state === 'closed' || !this.life.alive) return
    this.#abandon()
    this.#close(undefined)
  }

  /** Both ends see a failure, whatever was under way. */
  reset(code: string, message: string): void {
    for (const each of [this, this.#peer]) {
      each.#queue.length = 0
      if (each.life.alive)
        each.#wires.scheduler.after(each.life, 0, `reset ${each.life.node}`, () => each.#close(new NetworkError(code, message)))
      else each.#wires.open.delete(each)
    }
  }

  /** The process is gone: what its kernel had keeps travelling, then comes a reset, unless the machine went with it. */
  die({ silently }: { readonly silently: boolean }): void {
    this.#wires.open.delete(this)
    if (this.#state === 'closed') return
    this.#state = 'closed'
    if (silently) {
      this.#queue.length = 0
      this.#peer.#retransmit()
    } else this.#abandon()
  }

  /** Some of what is under way still arrives; then the peer sees an orderly end or a reset, as TCP would have it. */
  #abandon(): void {
    const { random } = this.#wires
    const arriving = this.#queue.findIndex(({ packet }) => packet.type === 'data')
    if (arriving >= 0) this.#queue.splice(arriving + random.below(this.#queue.length - arriving + 1))
    const orderly = random.chance(0.5)
    this.#send(orderly ? { type: 'end' } : { type: 'reset', why: new NetworkError('ECONNRESET', 'the peer closed the connection') })
  }

  #send(packet: Packet): void {
    const { scheduler, links } = this.#wires
    this.#lastDueAt = Math.max(this.#lastDueAt, scheduler.elapsed + links.delayMs(this.life.node, this.peerNode))
    this.#queue.push({ packet, dueAt: this.#lastDueAt })
    this.#move()
  }

  #move(): void {
    const next = this.#queue[0]
    if (this.#moving || next === undefined) return
    if (!this.#peer.life.alive) return this.#retransmit()
    this.#moving = true
    this.#wires.scheduler.at(this.#peer.life, next.dueAt, this.#label(next.packet), this.#arrive)
  }

  #label(packet: Packet): string {
    if (packet.type !== 'data') return `${packet.type} ${this.life.node}→${this.peerNode}`
    return (this.#dataLabel ??= `data ${this.life.node}→${this.peerNode} `) + packet.length
  }

  readonly #arrive = (): void => {
    const { links } = this.#wires
    const [from, to] = [this.life.node, this.peerNode]
    if (links.isCut(from, to)) {
      links.whenMended(from, to, () => {
        this.#moving = false
        this.#move()
      })
      return
    }
    this.#moving = false
    const packet = this.#queue[0]?.packet
    if (packet === undefined || !this.#peer.#takes(packet)) return
    this.#queue.shift()
    this.#peer.#receive(packet)
    if (packet.type === 'data') this.#taken(packet)
    this.#move()
  }

  /** What is sent to a machine that vanished is sent again and again: once it is back, it knows nothing of the connection, and says so. */
  #retransmit(): void {
    if (this.#isRetransmitting || this.#queue.length === 0 || this.#state === 'closed') return
    const { scheduler, links, isUp } = this.#wires
    const [from, to] = [this.life.node, this.peerNode]
    this.#isRetransmitting = true
    scheduler.after(this.life, RETRANSMIT_MS, `again ${from}→${to}`, () => {
      this.#isRetransmitting = false
      if (!isUp(to) || links.isCut(from, to) || links.isCut(to, from)) this.#retransmit()
      else this.#close(new NetworkError('ECONNRESET', 'the peer does not know the connection'))
    })
  }

  #takes(packet: Packet): boolean {
    if (packet.type === 'open' || packet.type === 'reset' || this.#state === 'closed') return true
    if (this.#onData === undefined || this.#onClose === undefined) return false
    return !this.#paused
  }

  #receive(packet: Packet): void {
    if (packet.type === 'open') this.#established?.()
    else if (this.#state === 'closed') {
      // A closed socket answers with a reset, which is how a sender to it learns.
      if (packet.type === 'data' && this.life.alive) this.#peer.#refused()
    } else if (packet.type === 'data') this.#hand(packet.bytes.length === 1 ? packet.bytes[0]! : Buffer.concat(packet.bytes))
    else if (packet.type === 'reset') this.#close(packet.why)
    else this.#peerEnded()
  }

  /** Where the reader wants it, or lent to it. */
  #hand(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.#state !== 'closed';) {
      const room = this.#into
      const into = room ?? Buffer.allocUnsafe(bytes.length - at)
      const count = bytes.copy(into, 0, at)
      at += count
      const chunk = into.subarray(0, count)
      this.#onData?.(chunk)
      if (room === undefined) chunk.fill(OVERWRITTEN)
      this.#into = this.#room?.()
    }
  }

  #refused(): void {
    const { scheduler, links } = this.#wires
    if (this.#state === 'closed') return
    scheduler.after(this.life, links.delayMs(this.peerNode, this.life.node), `reset ${this.life.node}`, () =>
      this.#close(new NetworkError('ECONNRESET', 'the peer had closed the connection')),
    )
  }

  #peerEnded(): void {
    if (this.#state === 'open') {
      this.#state = 'ending'
      this.#send({ type: 'end' })
    }
    // With everything of ours on its way and everything of theirs here, nothing is left to hear.
    this.#close(undefined)
  }

  #taken({ length, sent }: Extract<Packet, { type: 'data' }>): void {
    this.#unsent -= length
    // Whoever has memory back needs no turn for that.
    if (this.#state !== 'closed') sent?.()
    if (this.#unsent > 0 || !this.#isDrainAwaited) return
    this.#isDrainAwaited = false
    if (this.#state !== 'open' || this.#onDrain === undefined) return
    this.#wires.scheduler.after(this.life, 0, `drain ${this.life.node}`, () => {
      if (this.#state === 'open' && this.#unsent === 0) this.#onDrain?.()
    })
  }

  #close(why: Error | undefined): void {
    if (this.#closedBecause !== undefined) return
    this.#closedBecause = { why }
    this.#state = 'closed'
    this.#wires.open.delete(this)
    const listen = this.#onClose
    // Never from inside the caller's own `destroy`: as with a real socket, the news come in a later turn.
    if (listen !== undefined) this.#wires.scheduler.after(this.life, 0, `close ${this.life.node}`, () => listen(why))
    this.#peer.#move()
  }
}

function splitAt(chunks: readonly Buffer[], at: number): [Buffer[], Buffer[]] {
  const head: Buffer[] = []
  const tail: Buffer[] = []
  let before = 0
  for (const chunk of chunks) {
    const cut = Math.min(chunk.length, Math.max(0, at - before))
    if (cut > 0) head.push(chunk.subarray(0, cut))
    if (cut < chunk.length) tail.push(chunk.subarray(cut))
    before += chunk.length
  }
  return [head, tail]
}
