import type { OffsetRange } from '../../src-main/contract/messages.ts'

interface Place {
  readonly partition: number
  readonly offset: number
}

interface Stretch {
  readonly from: number
  readonly to: number
}

export const rangeAt = ({ partition, offset }: Place): OffsetRange => ({ partition, from: offset, to: offset + 1 })

/** Offsets of some partitions, kept as stretches: twelve million in a row cost no more than one. Immutable. */
export class OffsetSet {
  static readonly none = new OffsetSet(new Map())
  /** Offsets in all, and the stretches they make. */
  readonly size: number
  readonly stretches: number
  /** Sorted, disjoint, apart from each other; no partition has none. */
  readonly #of: ReadonlyMap<number, readonly Stretch[]>

  private constructor(of: ReadonlyMap<number, readonly Stretch[]>) {
    this.#of = of
    let [size, stretches] = [0, 0]
    for (const each of of.values()) {
      stretches += each.length
      for (const { from, to } of each) size += to - from
    }
    this.size = size
    this.stretches = stretches
  }

  has({ partition, offset }: Place): boolean {
    const of = this.#of.get(partition)
    if (of === undefined) return false
    let [low, high] = [0, of.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (of[middle]!.to <= offset) low = middle + 1
      else high = middle
    }
    return low < of.length && of[low]!.from <= offset
  }

  with(ranges: readonly OffsetRange[]): OffsetSet {
    return this.#changed(ranges, (known, more) => united([...known, ...more]))
  }

  without(ranges: readonly OffsetRange[]): OffsetSet {
    return this.#changed(ranges, (known, less) => difference(known, united(less)))
  }

  /** Partition by partition, each in order. */
  ranges(): OffsetRange[] {
    const partitions = [...this.#of.keys()].toSorted((a, b) => a - b)
    return partitions.flatMap(partition => this.#of.get(partition)!.map(({ from, to }) => ({ partition, from, to })))
  }

  #changed(ranges: readonly OffsetRange[], change: (known: readonly Stretch[], by: readonly Stretch[]) => readonly Stretch[]): OffsetSet {
    if (ranges.length === 0) return this
    const of = new Map(this.#of)
    for (const [partition, by] of Map.groupBy(ranges, range => range.partition)) {
      const next = change(of.get(partition) ?? [], by)
      if (next.length === 0) of.delete(partition)
      else of.set(partition, next)
    }
    return new OffsetSet(of)
  }
}

function united(stretches: readonly Stretch[]): Stretch[] {
  const merged: { from: number; to: number }[] = []
  for (const { from, to } of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (from >= to) continue
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else merged.push({ from, to })
  }
  return merged
}

/** Both sorted and disjoint. */
function difference(stretches: readonly Stretch[], less: readonly Stretch[]): Stretch[] {
  const left: Stretch[] = []
  let at = 0
  for (const { from, to } of stretches) {
    while (at < less.length && less[at]!.to <= from) at += 1
    let next = from
    for (let index = at; index < less.length && less[index]!.from < to; index++) {
      if (less[index]!.from > next) left.push({ from: next, to: less[index]!.from })
      next = Math.max(next, less[index]!.to)
    }
    if (next < to) left.push({ from: next, to })
  }
  return left
}
