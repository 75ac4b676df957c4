import type { FaultyLink, LinkEnd, LinkFault } from '../contract/cluster.ts'
import type { LinkFault as NetworkFault } from '../env/faults/linkFaults.ts'

/** What a broker does to what it sends to another end, and to what it receives from there. */
export interface EndFaults {
  readonly to: LinkEnd
  readonly out?: NetworkFault
  readonly in?: NetworkFault
}

/** The faults of a cluster's links, each direction for itself: what is in force, and what each broker has to do for it. */
export class ClusterLinks {
  readonly #brokerIds: readonly number[]
  readonly #faults = new Map<string, FaultyLink>()

  constructor(brokerIds: readonly number[]) {
    this.#brokerIds = brokerIds
  }

  /** Throws when there is no such link. */
  set({ a, b, fault, oneWay }: { a: LinkEnd; b: LinkEnd; fault: LinkFault | null; oneWay: boolean }): void {
    this.#require(a, b)
    for (const [from, to] of oneWay ? [[a, b] as const] : [[a, b] as const, [b, a] as const]) {
      if (fault === null) this.#faults.delete(keyOf(from, to))
      else this.#faults.set(keyOf(from, to), { from, to, ...fault })
    }
  }

  healAll(): void {
    this.#faults.clear()
  }

  get inForce(): FaultyLink[] {
    return [...this.#faults.values()]
  }

  /**
   * A cut is made at both ends, so that it holds when one of them is killed: its system's last packets must not pass either. What slows is done by who
   * sends, once; for clients, which know nothing of it, by the broker.
   */
  faultsOf(brokerId: number): EndFaults[] {
    return [...this.#brokerIds, 'clients' as const].flatMap(to => {
      const sent = this.#faults.get(keyOf(brokerId, to))
      const received = this.#faults.get(keyOf(to, brokerId))
      if (sent === undefined && received === undefined) return []
      return [
        { to, ...(sent && { out: whole(sent) }), ...(received && { in: to === 'clients' ? whole(received) : { cut: received.cut } }) },
      ]
    })
  }

  #require(a: LinkEnd, b: LinkEnd): void {
    for (const end of [a, b]) {
      if (end !== 'clients' && !this.#brokerIds.includes(end))
        throw new RangeError(`There is no broker ${end}; there are ${this.#brokerIds.join(', ')}`)
    }
    if (a === b) throw new RangeError(a === 'clients' ? 'Clients have links to brokers only' : `Broker ${a} has no link to itself`)
  }
}

const keyOf = (from: LinkEnd, to: LinkEnd) => `${from} ${to}`
const whole = ({ cut, delayMs, drop }: LinkFault): NetworkFault => ({ cut, delayMs, loss: drop })
