/** How long before the end it is told what clients heard. */
const LAST_MOMENTS_MS = 400
const LAST_DETAILS = 30

interface Line {
  readonly atMs: number
  readonly what: string
  readonly isDetail: boolean
}

/** What happened, in words: faults, elections, in-sync replicas, and in the last moments what clients were told. */
export class Story {
  readonly #now: () => number
  readonly #log: ((line: string) => void) | undefined
  readonly #lines: Line[] = []
  readonly #details: Line[] = []

  constructor(now: () => number, log?: (line: string) => void) {
    this.#now = now
    this.#log = log
  }

  readonly note = (what: string): void => {
    this.#lines.push(this.#line(what, false))
  }

  /** Of the many things that are of interest only close to the end. */
  readonly detail = (what: string): void => {
    this.#details.push(this.#line(what, true))
    if (this.#details.length > 2 * LAST_DETAILS) this.#details.splice(0, LAST_DETAILS)
  }

  #line(what: string, isDetail: boolean): Line {
    const line = { atMs: this.#now(), what, isDetail }
    this.#log?.(`${textOf(line)}`)
    return line
  }

  /** The transcript, of so many lines at most, counted from its end. */
  text(most = Number.MAX_SAFE_INTEGER): string {
    const end = this.#now()
    const latest = this.#details.slice(-LAST_DETAILS).filter(line => line.atMs > end - LAST_MOMENTS_MS)
    const lines = [...this.#lines, ...latest].sort((one, other) => one.atMs - other.atMs)
    return lines.slice(-most).map(textOf).join('\n')
  }
}

function textOf({ atMs, what, isDetail }: Line): string {
  return `${atMs.toFixed(1).padStart(10)} ms  ${isDetail ? '  ' : ''}${what}`
}
