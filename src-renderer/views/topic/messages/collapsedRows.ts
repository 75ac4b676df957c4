/** [from, to) of the rows that stand for one offset each. */
export interface RowRun {
  readonly from: number
  readonly to: number
}

/** More runs than this are forgotten, and found again where they are looked at. */
const MOST_RUNS = 50_000

/**
 * Rows in which each known run of rows without a record is one row, or none. What nobody has looked at yet stands there offset by offset, so that the
 * table gets shorter while one reads: whoever shows it keeps the rows in view where they are, by `rowOf`. Immutable.
 */
export class CollapsedRows {
  readonly total: number
  /** Rows within runs: offsets without a record. */
  readonly empty: number
  readonly #base: number
  /** How many rows stand for a run. */
  readonly #kept: 0 | 1
  /** Sorted, disjoint, apart from each other, each longer than what stands for it. */
  readonly #runs: readonly RowRun[]
  /** How many rows fewer there are before each run. */
  readonly #savedBefore: readonly number[]

  constructor(base: number, { kept = 1, runs = [] }: { kept?: 0 | 1; runs?: readonly RowRun[] } = {}) {
    const savedBefore: number[] = []
    let [saved, empty] = [0, 0]
    for (const { from, to } of runs) {
      savedBefore.push(saved)
      saved += to - from - kept
      empty += to - from
    }
    this.#base = base
    this.#kept = kept
    this.#runs = runs
    this.#savedBefore = savedBefore
    this.total = base - saved
    this.empty = empty
  }

  /** The rows that this one stands for. */
  baseOf(row: number): RowRun {
    const at = this.#lastWhere(index => this.#runs[index]!.from - this.#savedBefore[index]! <= row)
    const run = this.#runs[at]
    if (run === undefined) return { from: row, to: row + 1 }
    const before = this.#savedBefore[at]!
    if (this.#kept === 1 && row === run.from - before) return run
    const base = row + before + (run.to - run.from - this.#kept)
    return { from: base, to: base + 1 }
  }

  /** Of a run without a row, the row behind it. */
  rowOf(base: number): number {
    const at = this.#lastWhere(index => this.#runs[index]!.from <= base)
    const run = this.#runs[at]
    if (run === undefined) return base
    const before = this.#savedBefore[at]!
    return base < run.to ? run.from - before : base - before - (run.to - run.from - this.#kept)
  }

  /** The known runs that have a part of these rows. */
  runsIn({ from, to }: RowRun): readonly RowRun[] {
    if (from >= to) return []
    const first = this.#lastWhere(index => this.#runs[index]!.to <= from) + 1
    const last = this.#lastWhere(index => this.#runs[index]!.from < to)
    return this.#runs.slice(first, last + 1)
  }

  /** With these runs as well, which may touch and overlap those known. The same object when they say nothing new. */
  with(found: readonly RowRun[]): CollapsedRows {
    const fresh = found.filter(run => run.to - run.from > this.#kept && !this.#covers(run))
    if (fresh.length === 0) return this
    const known = this.#runs.length + fresh.length > MOST_RUNS ? [] : this.#runs
    const merged: { from: number; to: number }[] = []
    for (const run of [...known, ...fresh].toSorted((a, b) => a.from - b.from)) {
      const last = merged.at(-1)
      if (last !== undefined && run.from <= last.to) last.to = Math.max(last.to, run.to)
      else merged.push({ ...run })
    }
    return new CollapsedRows(this.#base, { kept: this.#kept, runs: merged })
  }

  #covers({ from, to }: RowRun): boolean {
    const run = this.#runs[this.#lastWhere(index => this.#runs[index]!.from <= from)]
    return run !== undefined && run.to >= to
  }

  /** The last index for which the claim holds, -1 when for none. The claim holds for the first ones only. */
  #lastWhere(holds: (index: number) => boolean): number {
    let low = -1
    let high = this.#runs.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (holds(middle)) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Runs of `true` in the claims about the rows from `first` on. */
export function runsWhere(first: number, claims: readonly boolean[]): RowRun[] {
  const runs: RowRun[] = []
  let start = -1
  claims.forEach((holds, index) => {
    if (holds && start < 0) start = index
    if (start >= 0 && (!holds || index === claims.length - 1)) {
      runs.push({ from: first + start, to: first + index + (holds ? 1 : 0) })
      start = -1
    }
  })
  return runs
}
