import { type LagSample, STATUS_WINDOW_MS } from './lagStatus.ts'

/** Samples nearer to each other than this are one, the newer: a screen looks more often than a status needs. */
export const SAMPLE_EVERY_MS = 10_000

/** All that a status or a rate is made from. */
export const WINDOW_MS = STATUS_WINDOW_MS + SAMPLE_EVERY_MS

/** The last minutes of one partition that a group reads. */
export class LagWindow {
  readonly #samples: LagSample[] = []
  #stillSinceMs: number | undefined

  /** Oldest first, about ten seconds apart but for the newest. */
  get samples(): readonly LagSample[] {
    return this.#samples
  }

  /** Since when the committed offset is what it is now, or was first seen to be. */
  get stillSinceMs(): number | undefined {
    return this.#stillSinceMs
  }

  take(sample: LagSample): void {
    const samples = this.#samples
    // A clock that was set back would make spans negative: what seems to be of the future is forgotten.
    while (samples.length > 0 && samples.at(-1)!.atMs > sample.atMs) samples.pop()
    if (samples.at(-1)?.committed !== sample.committed || this.#stillSinceMs === undefined) this.#stillSinceMs = sample.atMs
    const [before, newest] = samples.slice(-2)
    if (before !== undefined && newest !== undefined && newest.atMs - before.atMs < SAMPLE_EVERY_MS) samples.pop()
    samples.push(sample)
    const outside = samples.findIndex(({ atMs }) => atMs >= sample.atMs - WINDOW_MS)
    if (outside > 0) samples.splice(0, outside)
  }
}
