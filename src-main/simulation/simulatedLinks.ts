import type { SeededRandom } from './seededRandom.ts'

export interface LinkTimes {
  /** One way, [from, to) in ms. */
  readonly latencyMs: readonly [number, number]
  /** Probability that a packet is lost. TCP sends it again, so that loss is a delay for it and for all behind it. */
  readonly loss: number
}

export const USUAL_LINK_TIMES: LinkTimes = { latencyMs: [0.05, 0.5], loss: 0 }

const RETRANSMIT_MS = 200

/** Which node reaches which, and how fast. Directions are separate: a one-way cut lets answers vanish while requests arrive. */
export class SimulatedLinks {
  times: LinkTimes = USUAL_LINK_TIMES
  readonly #slower = new Map<string, LinkTimes>()
  readonly #cut = new Set<string>()
  readonly #random: SeededRandom
  #waiting: { readonly from: string; readonly to: string; readonly resume: () => void }[] = []

  constructor(random: SeededRandom) {
    this.#random = random
  }

  cut(from: string, to: string): void {
    this.#cut.add(link(from, to))
  }

  mend(from: string, to: string): void {
    this.#cut.delete(link(from, to))
    this.#resume()
  }

  mendAll(): void {
    this.#cut.clear()
    this.#slower.clear()
    this.#resume()
  }

  setTimes(from: string, to: string, times: LinkTimes): void {
    this.#slower.set(link(from, to), times)
  }

  isCut(from: string, to: string): boolean {
    return this.#cut.size > 0 && this.#cut.has(link(from, to))
  }

  /** Calls once packets pass again. */
  whenMended(from: string, to: string, resume: () => void): void {
    this.#waiting.push({ from, to, resume })
  }

  /** How long the next packet takes. */
  delayMs(from: string, to: string): number {
    const { latencyMs, loss } = (this.#slower.size > 0 ? this.#slower.get(link(from, to)) : undefined) ?? this.times
    let delay = this.#random.between(latencyMs[0], latencyMs[1])
    for (let wait = RETRANSMIT_MS; loss > 0 && wait <= 8 * RETRANSMIT_MS && this.#random.chance(loss); wait *= 2) delay += wait
    return delay
  }

  #resume(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const each of waiting) {
      if (this.isCut(each.from, each.to)) this.#waiting.push(each)
      else each.resume()
    }
  }
}

const link = (from: string, to: string) => `${from}→${to}`
