/** That the log ended there: first seen then, and seen still so then. */
interface Point {
  readonly end: number
  readonly firstMs: number
  lastMs: number
}

/** Points are thinned out once there are so many. */
const MANY = 96
/** Of how old something is, the part by which the answer may be off. */
const COARSENESS = 1 / 8

/**
 * When the log end of a partition was where, as it was sampled: what tells how old an unread record is without reading it. The older, the
 * coarser: two neighbouring points are never further apart than an eighth of their age, unless nobody looked in between.
 *
 * It answers when a record arrived, by this machine's clock. That is right for compacted logs too, and does not depend on what producers
 * write into their records as timestamps. An offset that no record has, such as a transaction's marker or what compaction removed, arrived
 * like any other.
 */
export class EndTimeline {
  #points: Point[] = []

  /** The oldest look, from which on it can tell. */
  get first(): { readonly end: number; readonly atMs: number } | undefined {
    const [point] = this.#points
    return point === undefined ? undefined : { end: point.end, atMs: point.firstMs }
  }

  saw(end: number, atMs: number): void {
    const points = this.#points
    // The clock was set back, or the log was cut or made anew.
    while (points.length > 0 && (points.at(-1)!.firstMs > atMs || points.at(-1)!.end > end)) points.pop()
    const last = points.at(-1)
    if (last?.end === end) last.lastMs = Math.max(last.lastMs, atMs)
    else points.push({ end, firstMs: atMs, lastMs: atMs })
    if (points.length > MANY) this.#thin(atMs)
  }

  /** What was noted down before this one began to look, in order of time. */
  remember(earlier: readonly { readonly end: number; readonly atMs: number }[]): void {
    const known = this.#points
    this.#points = []
    const [first] = known
    for (const { end, atMs } of earlier) if (first === undefined || (atMs < first.firstMs && end <= first.end)) this.saw(end, atMs)
    for (const { end, firstMs, lastMs } of known) {
      this.saw(end, firstMs)
      this.saw(end, lastMs)
    }
  }

  /** When the record at `offset` was written, between two looks as if records had come evenly. Undefined where no look was before it or after it. */
  arrivalOf(offset: number): number | undefined {
    const points = this.#points
    let [from, to] = [0, points.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (points[middle]!.end > offset) to = middle
      else from = middle + 1
    }
    const [before, after] = [points[from - 1], points[from]]
    if (before === undefined || after === undefined) return undefined
    return before.lastMs + ((after.firstMs - before.lastMs) * (offset - before.end)) / (after.end - before.end)
  }

  #thin(nowMs: number): void {
    const points = this.#points
    const kept: Point[] = []
    for (const [index, point] of points.entries()) {
      const [before, after] = [kept.at(-1), points[index + 1]]
      const isNeeded = before === undefined || after === undefined || after.firstMs - before.lastMs > (nowMs - before.lastMs) * COARSENESS
      if (isNeeded) kept.push(point)
    }
    this.#points = kept
  }
}
