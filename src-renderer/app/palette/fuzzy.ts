/** How well a text answers to what was typed; undefined when its letters do not all come, in order. */
export function fuzzyScore(typed: string, text: string): number | undefined {
  if (typed === '') return 0
  const wanted = typed.toLowerCase()
  const given = text.toLowerCase()
  const at = given.indexOf(wanted)
  // A run of letters beats scattered ones; the beginning of a word beats its middle; a short text beats a long one.
  if (at >= 0) return 1_000 + (isWordStart(text, at) ? 200 : 0) + (at === 0 ? 100 : 0) - Math.min(99, text.length)
  let score = 0
  let from = 0
  let previous = -2
  for (const letter of wanted) {
    if (letter === ' ') continue
    const found = given.indexOf(letter, from)
    if (found < 0) return undefined
    score += found === previous + 1 ? 12 : isWordStart(text, found) ? 8 : 1
    previous = found
    from = found + 1
  }
  return score - Math.min(99, text.length) / 100
}

function isWordStart(text: string, at: number): boolean {
  if (at === 0) return true
  const [before, here] = [text[at - 1]!, text[at]!]
  return /[\s._\-/:]/.test(before) || (/[a-z]/.test(before) && /[A-Z]/.test(here))
}

/** The best answers first. What answers equally well keeps its order. */
export function bestMatches<T>(
  items: readonly T[],
  typed: string,
  textsOf: (item: T) => readonly string[],
  bonusOf: (item: T) => number,
): T[] {
  const wanted = typed.trim()
  const scored = items.flatMap(item => {
    const scores = textsOf(item).flatMap(text => fuzzyScore(wanted, text) ?? [])
    return scores.length === 0 ? [] : [{ item, score: Math.max(...scores) + bonusOf(item) }]
  })
  return scored.sort((one, other) => other.score - one.score).map(({ item }) => item)
}
