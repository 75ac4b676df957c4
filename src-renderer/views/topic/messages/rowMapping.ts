import type { OffsetRange } from '../../../../src-main/contract/messages.ts'

/** Which record stands in which row, when the offsets of several partitions share one table. */
export type Order = 'newest' | 'oldest'
export type Arrangement = 'merged' | 'byPartition'

export interface Place {
  readonly partition: number
  readonly offset: number
}

/** [start, end) of one partition. */
export interface Extent {
  readonly partition: number
  readonly start: number
  readonly end: number
}

export interface RowMap {
  /** Rows in all: one for each offset. */
  readonly total: number
  /** The places of rows [from, to), cut to what there is. Costs the length of the range, wherever it lies. */
  places(range: { from: number; to: number }): Place[]
  /** The offsets of rows [from, to), of each partition one stretch. Costs nothing by the length of the range. */
  stretches(range: { from: number; to: number }): OffsetRange[]
  /** `null` for an offset outside its extent. */
  rowOf(place: Place): number | null
}

type Part = { readonly partition: number; readonly start: number; readonly length: number }

export function mapRows(extents: readonly Extent[], order: Order, arrangement: Arrangement = 'merged'): RowMap {
  const parts = extents
    .filter(each => each.end > each.start)
    .toSorted((a, b) => a.partition - b.partition)
    .map(each => ({ partition: each.partition, start: each.start, length: each.end - each.start }))
  return arrangement === 'merged' ? mergedRows(parts, order) : rowsByPartition(parts, order)
}

/** One partition after the other; the order is that of the offsets within each. */
function rowsByPartition(parts: readonly Part[], order: Order): RowMap {
  let next = 0
  const placed = parts.map(part => ({ ...part, first: (next += part.length) - part.length }))
  const total = next
  const at = ({ length }: Part, row: number) => (order === 'oldest' ? row : length - 1 - row)
  return {
    total,
    places: range =>
      placed.flatMap(part => {
        const from = Math.max(0, range.from - part.first)
        const to = Math.min(part.length, range.to - part.first)
        return Array.from({ length: Math.max(0, to - from) }, (_, i) => ({
          partition: part.partition,
          offset: part.start + at(part, from + i),
        }))
      }),
    stretches: range =>
      placed.flatMap(part => {
        const from = Math.max(0, range.from - part.first)
        const to = Math.min(part.length, range.to - part.first)
        if (from >= to) return []
        const ends = order === 'oldest' ? [from, to] : [part.length - to, part.length - from]
        return [{ partition: part.partition, from: part.start + ends[0]!, to: part.start + ends[1]! }]
      }),
    rowOf: ({ partition, offset }) => {
      const part = placed.find(each => each.partition === partition)
      if (!part || offset < part.start || offset >= part.start + part.length) return null
      return part.first + at(part, offset - part.start)
    },
  }
}

/**
 * Partitions are interleaved in proportion to their lengths: record k of n stands at the fraction (2k + 1) / 2n of its partition, and rows
 * are sorted by that. Nobody can sort all records by time without reading them; where partitions grow evenly, this comes near it.
 * Fractions are compared exactly, so that each offset has one row and each row one offset.
 */
function mergedRows(parts: readonly Part[], order: Order): RowMap {
  const total = sum(parts.map(each => each.length))

  /** How many records of each partition stand before a fraction that lies at most a few rows before `row`. */
  function cutBefore(row: number): number[] {
    const twice = BigInt(2 * Math.max(0, row - parts.length))
    return parts.map(part => Math.min(part.length, oddsBelow({ numerator: twice * BigInt(part.length), denominator: BigInt(total) })))
  }

  /** Which partition has the next row when so many records of each stand before it. */
  function nextOf(taken: readonly number[]): number {
    let next = -1
    parts.forEach((part, index) => {
      const k = taken[index] ?? 0
      if (k < part.length && (next < 0 || isBefore(k, part.length, taken[next] ?? 0, parts[next]?.length ?? 1))) next = index
    })
    return next
  }
  /** How many records of each partition stand before a row. */
  function takenBefore(row: number): number[] {
    const taken = cutBefore(row)
    for (let at = sum(taken); at < row; at++) {
      const next = nextOf(taken)
      if (next < 0) break
      taken[next] = (taken[next] ?? 0) + 1
    }
    return taken
  }

  function ascending(from: number, to: number): Place[] {
    const taken = takenBefore(from)
    const places: Place[] = []
    for (let row = from; row < to; row++) {
      const next = nextOf(taken)
      const part = parts[next]
      if (!part) break
      const k = taken[next] ?? 0
      places.push({ partition: part.partition, offset: part.start + k })
      taken[next] = k + 1
    }
    return places
  }

  function ascendingRow({ partition, offset }: Place): number | null {
    const own = parts.findIndex(each => each.partition === partition)
    const part = parts[own]
    if (!part || offset < part.start || offset >= part.start + part.length) return null
    const numerator = 2n * BigInt(offset - part.start) + 1n
    const denominator = BigInt(part.length)
    return sum(
      parts.map((each, index) => {
        const scaled = numerator * BigInt(each.length)
        const isTie = index < own && scaled % denominator === 0n && (scaled / denominator) % 2n === 1n
        return Math.min(each.length, oddsBelow({ numerator: scaled, denominator }) + Number(isTie))
      }),
    )
  }

  return {
    total,
    stretches: range => {
      const from = Math.max(0, range.from)
      const to = Math.min(total, range.to)
      if (from >= to) return []
      const [first, last] = order === 'oldest' ? [from, to] : [total - to, total - from]
      const [before, behind] = [takenBefore(first), takenBefore(last)]
      return parts.flatMap(({ partition, start }, index) => {
        const stretch = { partition, from: start + (before[index] ?? 0), to: start + (behind[index] ?? 0) }
        return stretch.from < stretch.to ? [stretch] : []
      })
    },
    places: range => {
      const from = Math.max(0, range.from)
      const to = Math.min(total, range.to)
      if (from >= to) return []
      return order === 'oldest' ? ascending(from, to) : ascending(total - to, total - from).toReversed()
    },
    rowOf: place => {
      const row = ascendingRow(place)
      return row === null || order === 'oldest' ? row : total - 1 - row
    },
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, each) => all + each, 0)

/** How many of 1, 3, 5 … are below the fraction. */
function oddsBelow({ numerator, denominator }: { numerator: bigint; denominator: bigint }): number {
  if (numerator <= 0n) return 0
  return Number(((numerator - 1n) / denominator + 1n) / 2n)
}

/** Closer than this, two fractions as doubles may be equal or in either order. */
const DOUBTFUL = 1e-14

/** Whether record k of n stands before record l of m. */
function isBefore(k: number, n: number, l: number, m: number): boolean {
  if (n === m) return k < l
  const apart = (2 * k + 1) / n - (2 * l + 1) / m
  if (Math.abs(apart) > DOUBTFUL) return apart < 0
  return (2n * BigInt(k) + 1n) * BigInt(m) < (2n * BigInt(l) + 1n) * BigInt(n)
}
