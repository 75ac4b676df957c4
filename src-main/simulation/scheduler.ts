import { EventQueue, type ScheduledEvent } from './eventQueue.ts'
import type { SeededRandom } from './seededRandom.ts'

/** One life of a simulated process, from its start to its crash. What belongs to a life that ended never happens. */
export class Life {
  readonly node: string
  readonly number: number
  alive = true
  frozen = false
  /** Came due while frozen. */
  parked: ScheduledEvent[] = []

  constructor(node: string, number: number) {
    this.node = node
    this.number = number
  }

  toString(): string {
    return `${this.node}#${this.number}`
  }
}

const TRACED_EVENTS = 2_000

/** Holds everything that will happen: timers, packets, disk completions. The seed decides between events of the same time. */
export class Scheduler {
  elapsed = 0
  /** Labels of the latest events, oldest first, for whoever has to understand a failing seed. */
  readonly trace: string[] = []
  /** A digest of everything that happened: the same seed must come to the same one. */
  fingerprint = 0
  /** Hears the label of every event as it happens. */
  heard: ((label: string) => void) | undefined
  /** Whose event happened last; undefined when it was nobody's. */
  latest: Life | undefined
  readonly #queue = new EventQueue()
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Runs at `delayMs` from now unless cancelled or unless `life` has ended. */
  after(life: Life | undefined, delayMs: number, label: string, run: () => void): ScheduledEvent {
    return this.at(life, this.elapsed + Math.max(0, delayMs), label, run)
  }

  at(life: Life | undefined, time: number, label: string, run: () => void): ScheduledEvent {
    const event = this.#queue.push(Math.max(time, this.elapsed), this.#random.below(0x1_0000_0000), label, () => {
      if (life?.alive === false) return
      if (life?.frozen === true) {
        life.parked.push(event)
        return
      }
      this.latest = life
      this.note(label)
      run()
    })
    return event
  }

  get nextAt(): number | undefined {
    return this.#queue.peek()?.at
  }

  /** Lets the next event happen; false when there is none. */
  step(): boolean {
    const event = this.#queue.pop()
    if (event === undefined) return false
    this.elapsed = event.at
    event.run()
    return true
  }

  /** What a frozen life missed happens now. */
  thaw(life: Life): void {
    life.frozen = false
    const { parked } = life
    life.parked = []
    for (const event of parked) if (!event.cancelled) this.at(life, this.elapsed, event.label, event.run)
  }

  note(label: string): void {
    this.heard?.(label)
    this.trace.push(`${this.elapsed.toFixed(3)} ${label}`)
    if (this.trace.length > TRACED_EVENTS) this.trace.splice(0, TRACED_EVENTS / 2)
    let hash = Math.imul(this.fingerprint ^ Math.round(this.elapsed * 1_000), 0x01000193)
    for (let index = 0; index < label.length; index++) hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193)
    this.fingerprint = hash >>> 0
  }

  clear(): void {
    this.#queue.clear()
  }
}
