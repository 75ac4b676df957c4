/** Some bytes that belong together, counted from the first of a batch. */
export interface ByteRange {
  readonly key: string
  readonly at: number
  readonly size: number
}

export const contains = (range: ByteRange | null | undefined, at: number): boolean =>
  range !== null && range !== undefined && at >= range.at && at < range.at + range.size

/** The number of the range that a byte belongs to, -1 for none. The ranges are in order and do not overlap. */
export function ownerOf(ranges: readonly ByteRange[], at: number): number {
  let [low, high] = [0, ranges.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle]?.at ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return contains(ranges[low - 1], at) ? low - 1 : -1
}

export interface Looks {
  readonly ranges: readonly ByteRange[]
  readonly chosen: ByteRange | null
  readonly hovered: ByteRange | null
  /** The first byte that the checksum covers. */
  readonly coveredFrom: number
  /** Bytes that are known to be wrong. */
  readonly wrong: ReadonlySet<number>
  /** What another replica has at the same place; undefined where nothing is compared, or nothing is known. */
  readonly other?: (at: number) => number | undefined
}

/** The classes of one byte of a batch. */
export function lookOf({ ranges, chosen, hovered, coveredFrom, wrong, other }: Looks, at: number, byte: number | undefined): string[] {
  const look: string[] = []
  if (ownerOf(ranges, at) % 2 === 1) look.push('odd')
  if (at >= coveredFrom) look.push('covered')
  if (contains(hovered, at)) look.push('hovered')
  const beside = other?.(at)
  if (other !== undefined && byte !== undefined && beside !== byte && beside !== undefined) look.push('differs')
  if (wrong.has(at)) look.push('wrong')
  if (contains(chosen, at)) {
    look.push('chosen')
    if (chosen?.at === at) look.push('first')
    if (chosen !== null && chosen.at + chosen.size - 1 === at) look.push('last')
  }
  return look
}

/** Where the caret of a hex view goes with a key; undefined for keys that do not move it. */
export function caretFor(key: string, at: number, { size, page }: { readonly size: number; readonly page: number }): number | undefined {
  const to = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - 16,
    ArrowDown: at + 16,
    PageUp: at - 16 * page,
    PageDown: at + 16 * page,
    Home: at - (at % 16),
    End: at - (at % 16) + 15,
  }[key]
  return to === undefined ? undefined : Math.max(0, Math.min(size - 1, to))
}
