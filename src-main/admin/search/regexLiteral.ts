const PLAIN_ESCAPES = new Set('bBdDwWsSnrtfv')
const SYNTAX = new Set('\\^$.|?*+()[]{}/-')
/** With the flags `i` and `u`, letters beyond ASCII are the other case of these: the Kelvin sign and the long s. */
const FOLDED_BEYOND_ASCII = new Set('kKsS')

/**
 * A text that lies in everything that a regular expression matches, the longest that is easily seen; empty when there is none. Only what stands at
 * the top level and must be there once is looked at, and an expression with anything unusual in it has none.
 */
export function requiredLiteral(pattern: string, { isCaseSensitive }: { readonly isCaseSensitive: boolean }): string {
  const runs: string[] = []
  let run = ''
  const endRun = () => {
    runs.push(run)
    run = ''
  }
  const characters = [...pattern]
  for (let at = 0; at < characters.length; at++) {
    let character = characters[at]!
    let isLiteral = false
    if (character === '|') return ''
    if (character === '(') at = endOfGroup(characters, at)
    else if (character === '[') at = endOfClass(characters, at)
    else if (character === '\\') {
      character = characters[++at] ?? ''
      if (SYNTAX.has(character)) isLiteral = true
      else if (!PLAIN_ESCAPES.has(character)) return ''
    } else if (character === '{' || character === '}' || character === ']') return ''
    else isLiteral = !'^$.'.includes(character)
    if (at < 0) return ''
    const { isOptional, end } = quantifier(characters, at + 1)
    if (end < 0) return ''
    if (isLiteral && isUsable(character, isCaseSensitive) && !isOptional) run += character
    if (!isLiteral || !isUsable(character, isCaseSensitive) || end > at + 1) endRun()
    at = end - 1
  }
  endRun()
  return runs.reduce((longest, each) => (each.length > longest.length ? each : longest), '')
}

/** Undecodable bytes become U+FFFD, and halves of surrogate pairs are no text at all: neither is found as it is written. */
function isUsable(character: string, isCaseSensitive: boolean): boolean {
  if (character === '�' || /^[\ud800-\udfff]$/.test(character)) return false
  return isCaseSensitive || (character <= '\x7f' && !FOLDED_BEYOND_ASCII.has(character))
}

/** What follows at `at` may say how often. `end` is behind it, negative when it is not understood. */
function quantifier(characters: readonly string[], at: number): { isOptional: boolean; end: number } {
  const first = characters[at]
  if (first !== '?' && first !== '*' && first !== '+' && first !== '{') return { isOptional: false, end: at }
  let end = at + 1
  let isOptional = first !== '+'
  if (first === '{') {
    const close = characters.indexOf('}', at)
    const inside = close < 0 ? '' : characters.slice(at + 1, close).join('')
    if (!/^\d+(,\d*)?$/.test(inside)) return { isOptional: true, end: -1 }
    isOptional = Number.parseInt(inside, 10) === 0
    end = close + 1
  }
  return { isOptional, end: characters[end] === '?' ? end + 1 : end }
}

/** Where the bracket at `from` closes, negative when it does not. */
function endOfGroup(characters: readonly string[], from: number): number {
  let depth = 0
  for (let at = from; at >= 0 && at < characters.length; at++) {
    const character = characters[at]
    if (character === '\\') at += 1
    else if (character === '[') {
      at = endOfClass(characters, at)
      if (at < 0) return -1
    } else if (character === '(') depth += 1
    else if (character === ')' && --depth === 0) return at
  }
  return -1
}

function endOfClass(characters: readonly string[], from: number): number {
  for (let at = from + 1; at < characters.length; at++) {
    if (characters[at] === '\\') at += 1
    else if (characters[at] === ']') return at
  }
  return -1
}
