/**
 * JSON with line breaks and indentation. Nothing is parsed and written again, so that long numbers, doubled keys and escapes stay as they
 * are in the record. What is not JSON comes back as it was.
 */
export function formatJson(text: string): string {
  try {
    JSON.parse(text)
  } catch {
    return text
  }
  let out = ''
  let depth = 0
  const line = () => `\n${'  '.repeat(depth)}`
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '"') {
      const end = endOfString(text, at)
      out += text.slice(at, end)
      at = end - 1
    } else if (char === '{' || char === '[') {
      const close = skipBlanks(text, at + 1)
      if (text[close] === '}' || text[close] === ']') {
        out += char + (text[close] ?? '')
        at = close
      } else {
        depth += 1
        out += char + line()
      }
    } else if (char === '}' || char === ']') {
      depth -= 1
      out += line() + char
    } else if (char === ',') out += char + line()
    else if (char === ':') out += ': '
    else if (!/\s/.test(char)) out += char
  }
  return out
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (/\s/.test(text[at] ?? '')) at += 1
  return at
}
