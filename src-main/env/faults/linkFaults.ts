/** What is wrong with one direction of a link. */
export interface LinkFault {
  /** Bytes stop where they are: nothing arrives, nothing fails, and new connections meet no answer. */
  readonly cut?: boolean
  /** New connections are refused. */
  readonly refuse?: boolean
  /** What each write takes longer. */
  readonly delayMs?: number
  /** Probability that a write is lost at first and arrives when it was sent again, with all that is behind it. */
  readonly loss?: number
}

export type Direction = 'out' | 'in'

/** The faults of a process's links, by the name of who is at the other end; settable while connections are open. */
export class LinkFaults {
  readonly #faults = new Map<string, LinkFault>()
  readonly #listeners = new Set<(link: string) => void>()
  readonly #breakers = new Set<(link: string) => void>()

  of(link: string, direction: Direction): LinkFault | undefined {
    return this.#faults.get(`${direction} ${link}`)
  }

  /** Replaces what was set before; undefined heals. Without a direction, both. */
  set(link: string, fault: LinkFault | undefined, direction?: Direction): void {
    for (const each of direction === undefined ? (['out', 'in'] as const) : [direction]) {
      if (fault === undefined) this.#faults.delete(`${each} ${link}`)
      else this.#faults.set(`${each} ${link}`, fault)
    }
    for (const listen of this.#listeners) listen(link)
  }

  healAll(): void {
    const links = new Set([...this.#faults.keys()].map(key => key.slice(key.indexOf(' ') + 1)))
    for (const link of links) this.set(link, undefined)
  }

  /** Every open connection of the link breaks; new ones can be made. */
  breakConnections(link: string): void {
    for (const breakOne of [...this.#breakers]) breakOne(link)
  }

  /** For connections: called when a link's faults changed, and when its connections are to break. Returns how to stop listening. */
  listen(changed: (link: string) => void, broken: (link: string) => void): () => void {
    this.#listeners.add(changed)
    this.#breakers.add(broken)
    return () => {
      this.#listeners.delete(changed)
      this.#breakers.delete(broken)
    }
  }
}
