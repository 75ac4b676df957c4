import type { OffsetRange } from '../../contract/messages.ts'
import type { MissingOffsets } from '../../contract/records.ts'

/** So many stretches are named; of the rest it is told how many they are. */
const NAMED = 20

/** Picked offsets that turned out to hold no record. */
export class Missing {
  #count = 0
  readonly #first: { partition: number; from: number; to: number; why: MissingOffsets['why'] }[] = []

  add({ partition, from, to }: OffsetRange, why: MissingOffsets['why']): void {
    if (from >= to) return
    this.#count += to - from
    const last = this.#first.at(-1)
    if (last?.partition === partition && last.why === why && last.to === from) last.to = to
    else if (this.#first.length < NAMED) this.#first.push({ partition, from, to, why })
  }

  get told(): { readonly missing: number; readonly firstMissing: MissingOffsets[] } {
    return { missing: this.#count, firstMissing: this.#first.map(each => ({ ...each })) }
  }
}
