import type { EpochStart } from '../protocol/files/checkpoints.ts'

/** What Kafka answers when an epoch is unknown (KIP-279). */
export const UNDEFINED_EPOCH_END = { epoch: -1, endOffset: -1 } as const

/**
 * Which leader epoch wrote which part of a log: how two replicas find out where their histories part (KIP-101).
 * Epochs and start offsets both rise strictly. Pure: whoever changes it also writes it out.
 */
export class EpochCache {
  #entries: EpochStart[]

  /** Takes entries as read from a checkpoint; those that break the order give way to later ones. */
  constructor(entries: readonly EpochStart[] = []) {
    this.#entries = []
    for (const { epoch, startOffset } of entries) this.assign(epoch, startOffset)
  }

  get entries(): readonly EpochStart[] {
    return this.#entries
  }

  get latestEpoch(): number | undefined {
    return this.#entries.at(-1)?.epoch
  }

  /** Tells whether anything changed. A new entry takes the place of all that contradict it: those of its epoch or later, or that start where it does or later. */
  assign(epoch: number, startOffset: number): boolean {
    const latest = this.#entries.at(-1)
    if (latest !== undefined && latest.epoch === epoch && startOffset >= latest.startOffset) return false
    while (this.#entries.length > 0) {
      const last = this.#entries.at(-1)!
      if (last.epoch < epoch && last.startOffset < startOffset) break
      this.#entries.pop()
    }
    this.#entries.push({ epoch, startOffset })
    return true
  }

  /** The epoch that wrote `offset`. */
  epochAt(offset: number): number | undefined {
    return this.#entries.findLast(entry => entry.startOffset <= offset)?.epoch
  }

  /** Where `epoch` ended, or the largest epoch below it that is known: a follower cuts its log there. */
  endOffsetFor(epoch: number, logEndOffset: number): { readonly epoch: number; readonly endOffset: number } {
    const latest = this.#entries.at(-1)
    if (epoch < 0 || latest === undefined || epoch > latest.epoch) return UNDEFINED_EPOCH_END
    if (epoch === latest.epoch) return { epoch, endOffset: logEndOffset }
    const after = this.#entries.findIndex(entry => entry.epoch > epoch)
    const next = this.#entries[after]!
    const floor = this.#entries[after - 1]
    return { epoch: floor?.epoch ?? epoch, endOffset: next.startOffset }
  }

  /** Forgets what began at `offset` or later. Tells whether anything changed. */
  truncateFrom(offset: number): boolean {
    const before = this.#entries.length
    while (this.#entries.length > 0 && this.#entries.at(-1)!.startOffset >= offset) this.#entries.pop()
    return this.#entries.length !== before
  }

  /** The log now starts at `offset`: the entry that covers it stays and starts there. Tells whether anything changed. */
  raiseStart(offset: number): boolean {
    const covering = this.#entries.findLastIndex(entry => entry.startOffset <= offset)
    if (covering === -1) return false
    const entry = this.#entries[covering]!
    if (covering === 0 && entry.startOffset === offset) return false
    this.#entries.splice(0, covering + 1, { epoch: entry.epoch, startOffset: offset })
    return true
  }

  clear(): boolean {
    const had = this.#entries.length > 0
    this.#entries = []
    return had
  }
}
