/** A line of two texts laid side by side; `same` lines are in both. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed'
  readonly text: string
  /** Its number in the older text, and in the newer one. */
  readonly before: number | null
  readonly after: number | null
}

/** Beyond so many pairs of lines to be compared, the middle is shown as replaced as a whole. */
const MAX_PAIRS = 4_000_000

/** The fewest lines that have to be removed and added to come from one text to the other. */
export function lineDiff(older: string, newer: string): DiffLine[] {
  const [a, b] = [older.split('\n'), newer.split('\n')]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1

  const lines: DiffLine[] = []
  const same = (before: number, after: number) => lines.push({ kind: 'same', text: a[before]!, before: before + 1, after: after + 1 })
  for (let n = 0; n < start; n++) same(n, n)
  const middle = commonLines(a.slice(start, a.length - end), b.slice(start, b.length - end))
  let [before, after] = [start, start]
  const changesUntil = (untilA: number, untilB: number) => {
    for (; before < untilA; before++) lines.push({ kind: 'removed', text: a[before]!, before: before + 1, after: null })
    for (; after < untilB; after++) lines.push({ kind: 'added', text: b[after]!, before: null, after: after + 1 })
  }
  for (const [inA, inB] of middle) {
    changesUntil(start + inA, start + inB)
    same(before++, after++)
  }
  changesUntil(a.length - end, b.length - end)
  while (before < a.length) same(before++, after++)
  return lines
}

/** Pairs of places of the longest run of lines that both have in this order. */
function commonLines(a: readonly string[], b: readonly string[]): [number, number][] {
  if (a.length * b.length > MAX_PAIRS) return []
  const width = b.length + 1
  const lengths = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
    }
  }
  const pairs: [number, number][] = []
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) pairs.push([i++, j++])
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i += 1
    else j += 1
  }
  return pairs
}

/** Lines of a diff to show: what changed with some lines around it, and how many same ones are left out between. */
export function shortDiff(lines: readonly DiffLine[], around = 3): (DiffLine | { readonly kind: 'hidden'; readonly count: number })[] {
  const isNear = lines.map(() => false)
  lines.forEach((line, at) => {
    if (line.kind !== 'same') isNear.fill(true, Math.max(0, at - around), at + around + 1)
  })
  const shown: (DiffLine | { kind: 'hidden'; count: number })[] = []
  let hidden = 0
  const close = () => {
    if (hidden > 0) shown.push({ kind: 'hidden', count: hidden })
    hidden = 0
  }
  lines.forEach((line, at) => {
    if (!isNear[at]) return void (hidden += 1)
    close()
    shown.push(line)
  })
  close()
  return shown
}
