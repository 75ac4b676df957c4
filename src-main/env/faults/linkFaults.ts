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

/** What is wrong with a link, each way; left out where nothing is. */
export type FaultyLink = { readonly [direction in Direction]?: LinkFault }

/** The faults of a process's links, by the name of who is at the other end; settable while connections are open. */
export class LinkFaults {
  readonly #faults = new Map<string, FaultyLink>()
  readonly #listeners = new Set<(link: string) => void>()
  readonly #breakers = new Set<(link: string) => void>()

  of(link: string, direction: Direction): LinkFault | undefined {
    return this.#faults.get(link)?.[direction]
  }

  /** A connection can be made only where packets pass both ways. */
  isCut(link: string): boolean {
    return this.of(link, 'out')?.cut === true || this.of(link, 'in')?.cut === true
  }

  /** Replaces what was set before; undefined heals. Without a direction, both. */
  set(link: string, fault: LinkFault | undefined, direction?: Direction): void {
    const before = this.#faults.get(link)
    const of = (each: Direction) => (direction === undefined || direction === each ? fault : before?.[each])
    this.#put(link, of('out'), of('in'))
  }

  /** These faults and no others: every link that is not named is healed. */
  replaceAll(links: ReadonlyMap<string, FaultyLink>): void {
    for (const link of [...this.#faults.keys()]) if (!links.has(link)) this.#put(link, undefined, undefined)
    for (const [link, faulty] of links) this.#put(link, faulty.out, faulty.in)
  }

  healAll(): void {
    this.replaceAll(new Map())
  }

  /** Every open connection of the link breaks; new ones can be made. */
  breakConnections(link: string): void {
    for (const breakOne of [...this.#breakers]) breakOne(link)
  }

  /** For connections: called when a link's faults changed, and when its connections are to break. Returns how to stop listening. */
  listen(changed: (link: string) => void, broken: (link: string) => void = () => undefined): () => void {
    this.#listeners.add(changed)
    this.#breakers.add(broken)
    return () => {
      this.#listeners.delete(changed)
      this.#breakers.delete(broken)
    }
  }

  #put(link: string, outward: LinkFault | undefined, inward: LinkFault | undefined): void {
    if (outward === undefined && inward === undefined) this.#faults.delete(link)
    else this.#faults.set(link, { ...(outward && { out: outward }), ...(inward && { in: inward }) })
    for (const listen of [...this.#listeners]) listen(link)
  }
}
