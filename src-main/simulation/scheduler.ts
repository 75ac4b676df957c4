import { EventQueue } from './eventQueue.ts'
import type { Life, ScheduledEvent } from './life.ts'
import type { SeededRandom } from './seededRandom.ts'

const TRACED_EVENTS = 2_000

/** Holds everything that will happen: timers, packets, disk completions. The seed decides between events of the same time. */
export class Scheduler {
  elapsed = 0
  /** A digest of everything that happened: the same seed must come to the same one. */
  fingerprint = 0
  /** Hears the label of every event as it happens. */
  heard: ((label: string) => void) | undefined
  /** Whose event happened last; undefined when it was nobody's. */
  latest: Life | undefined
  readonly #queue = new EventQueue()
  /** A ring of the latest events: written for every one of them, and made text of for the few that somebody reads. */
  readonly #times = new Float64Array(TRACED_EVENTS)
  readonly #labels: string[] = []
  #noted = 0
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Runs at `delayMs` from now unless cancelled or unless `life` has ended. */
  after(life: Life | undefined, delayMs: number, label: string, run: () => void): ScheduledEvent {
    return this.at(life, this.elapsed + Math.max(0, delayMs), label, run)
  }

  at(life: Life | undefined, time: number, label: string, run: () => void): ScheduledEvent {
    return this.#queue.push(Math.max(time, this.elapsed), this.#random.below(0x1_0000_0000), life, label, run)
  }

  cancel(event: ScheduledEvent): void {
    this.#queue.cancel(event)
  }

  get nextAt(): number | undefined {
    return this.#queue.peek()?.at
  }

  /** Lets the next event happen; false when there is none. */
  step(): boolean {
    const event = this.#queue.pop()
    if (event === undefined) return false
    this.elapsed = event.at
    const { life, label, run } = event
    if (life?.alive === false) return true
    if (life?.frozen === true) {
      life.parked.push(event)
      return true
    }
    this.latest = life
    this.note(label)
    run()
    return true
  }

  /** What a frozen life missed happens now. */
  thaw(life: Life): void {
    life.frozen = false
    const { parked } = life
    life.parked = []
    for (const event of parked) {
      // What happens first may cancel what has missed its time as well.
      this.at(life, this.elapsed, event.label, () => {
        if (!event.cancelled) event.run()
      })
    }
  }

  note(label: string): void {
    this.heard?.(label)
    const slot = this.#noted++ % TRACED_EVENTS
    this.#times[slot] = this.elapsed
    this.#labels[slot] = label
    let hash = Math.imul(this.fingerprint ^ Math.round(this.elapsed * 1_000), 0x01000193)
    for (let index = 0; index < label.length; index++) hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193)
    this.fingerprint = hash >>> 0
  }

  /** Labels of the latest events, oldest first, for whoever has to understand a failing seed. */
  get trace(): string[] {
    const oldest = Math.max(0, this.#noted - TRACED_EVENTS)
    return Array.from({ length: this.#noted - oldest }, (_, index) => {
      const slot = (oldest + index) % TRACED_EVENTS
      return `${this.#times[slot]!.toFixed(3)} ${this.#labels[slot]}`
    })
  }

  clear(): void {
    this.#queue.clear()
  }
}
