/** One line of JSON as it is shown. Texts are not copied: `from` and `to` say where it stands in the whole. */
export interface JsonLine {
  readonly depth: number
  readonly from: number
  readonly to: number
  /** The line that opens what this one is in; -1 at the top. */
  readonly parent: number
  /** Its place in an array; -1 elsewhere. */
  readonly index: number
  /** Its key with the quotes; -1 where it has none. */
  readonly keyFrom: number
  readonly keyTo: number
  readonly hasComma: boolean
  /** Of a line that opens an object or an array: the line that closes it, or the number of lines when the text ends before. Otherwise -1. */
  closeAt: number
}

/** Objects and arrays of plain values that are no longer than this share a line. */
const INLINE = 64

/**
 * JSON in lines, in one pass and without recursion: ten thousand levels, or a text that was cut in the middle, are no trouble. Nothing is parsed and
 * written again, so that long numbers, doubled keys and escapes stay as they are. What is not JSON comes out as well as it can.
 */
export function jsonLines(text: string): readonly JsonLine[] {
  const lines: JsonLine[] = []
  const open: { line: number; isArray: boolean; count: number }[] = []
  let at = skipBlanks(text, 0)

  const add = (
    from: number,
    to: number,
    { key = [-1, -1], index = -1, opens = false }: { key?: readonly [number, number]; index?: number; opens?: boolean },
  ) => {
    at = skipBlanks(text, to)
    const hasComma = !opens && text[at] === ','
    lines.push({
      depth: open.length,
      from,
      to,
      parent: open.at(-1)?.line ?? -1,
      index,
      keyFrom: key[0],
      keyTo: key[1],
      hasComma,
      closeAt: -1,
    })
    if (hasComma) at = skipBlanks(text, at + 1)
  }

  while (at < text.length) {
    const inside = open.at(-1)
    if (inside !== undefined && (text[at] === '}' || text[at] === ']')) {
      open.pop()
      lines[inside.line]!.closeAt = lines.length
      add(at, at + 1, {})
      continue
    }
    const from = at
    let key: readonly [number, number] = [-1, -1]
    if (inside !== undefined && !inside.isArray && text[at] === '"') {
      key = [at, endOfString(text, at)]
      at = skipBlanks(text, key[1])
      if (text[at] === ':') at = skipBlanks(text, at + 1)
    }
    const index = inside?.isArray ? inside.count++ : -1
    const isOpening = text[at] === '{' || text[at] === '['
    const inlineEnd = isOpening && inside !== undefined ? endOfInline(text, at) : -1
    if (!isOpening || inlineEnd > 0) add(from, inlineEnd > 0 ? inlineEnd : endOfScalar(text, at), { key, index })
    else {
      const isArray = text[at] === '['
      add(from, at + 1, { key, index, opens: true })
      open.push({ line: lines.length - 1, isArray, count: 0 })
    }
  }
  for (const { line } of open) lines[line]!.closeAt = lines.length
  return lines
}

/** The keys and indexes that lead to a line. */
export function jsonPath(text: string, lines: readonly JsonLine[], at: number): (string | number)[] {
  const path: (string | number)[] = []
  for (let line = lines[at]; line !== undefined; line = lines[line.parent]) {
    if (line.keyFrom >= 0) path.push(keyOf(text.slice(line.keyFrom, line.keyTo)))
    else if (line.index >= 0) path.push(line.index)
  }
  return path.toReversed()
}

export function keyOf(quoted: string): string {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted.replaceAll('"', '')
  }
}

export interface JsonToken {
  readonly kind: 'key' | 'string' | 'number' | 'sign'
  readonly text: string
  /** Of a key: what leads to it from the line it stands in. */
  readonly path: readonly string[]
}

/** Longer ones are shown whole as text. */
const LONGEST_TOKEN = 400

/** The words of a line. */
export function jsonTokens(text: string, line: JsonLine): JsonToken[] {
  const tokens: JsonToken[] = []
  const sign = (shown: string) => tokens.push({ kind: 'sign', text: shown, path: [] })
  let at = line.from
  if (line.keyFrom >= 0) {
    tokens.push({ kind: 'key', text: text.slice(line.keyFrom, line.keyTo), path: [] })
    sign(': ')
    at = skipBlanks(text, line.keyTo)
    if (text[at] === ':') at = skipBlanks(text, at + 1)
  }
  const isInline = line.closeAt < 0 && (text[at] === '{' || text[at] === '[')
  if (!isInline) {
    if (at < line.to) tokens.push(scalar(text.slice(at, Math.min(line.to, at + LONGEST_TOKEN)), line.to - at))
  } else {
    const isObject = text[at] === '{'
    sign(isObject ? '{ ' : '[ ')
    at = skipBlanks(text, at + 1)
    while (at < line.to - 1) {
      if (isObject) {
        const end = endOfString(text, at)
        const key = text.slice(at, end)
        tokens.push({ kind: 'key', text: key, path: [keyOf(key)] })
        sign(': ')
        at = skipBlanks(text, end)
        if (text[at] === ':') at = skipBlanks(text, at + 1)
      }
      const end = Math.min(line.to - 1, endOfScalar(text, at))
      tokens.push(scalar(text.slice(at, end), end - at))
      at = skipBlanks(text, Math.max(end, at + 1))
      if (text[at] === ',') {
        sign(', ')
        at = skipBlanks(text, at + 1)
      }
    }
    sign(isObject ? ' }' : ' ]')
  }
  if (line.hasComma) sign(',')
  return tokens
}

function scalar(text: string, length: number): JsonToken {
  const shown = length > text.length ? `${text}…` : text
  const kind = text.startsWith('"') ? 'string' : /^[{}[\]]/.test(text) ? 'sign' : 'number'
  return { kind, text: shown, path: [] }
}

/** The end of an object or array of a few plain values, or -1. */
function endOfInline(text: string, start: number): number {
  let at = skipBlanks(text, start + 1)
  if (text[at] === '}' || text[at] === ']') return at + 1
  const last = Math.min(text.length, start + INLINE)
  while (at < last) {
    const char = text[at]
    if (char === '{' || char === '[') return -1
    if (char === '}' || char === ']') return at + 1
    at = char === '"' ? endOfString(text, at) : at + 1
  }
  return -1
}

function endOfScalar(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start)
  let at = start
  while (at < text.length && !/[,\]}\s]/.test(text[at]!)) at += 1
  return Math.max(at, Math.min(start + 1, text.length))
}

function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1)
  while (at > 0) {
    let slashes = 0
    while (text[at - 1 - slashes] === '\\') slashes += 1
    if (slashes % 2 === 0) return at + 1
    at = text.indexOf('"', at + 1)
  }
  return text.length
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 32) at += 1
  return at
}
