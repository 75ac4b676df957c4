/** The entries of a text in Java's properties format, as far as Kafka's own files use it: `key=value` lines, `#` comments, backslash escapes. */
export function parseProperties(text: string): Map<string, string> {
  const entries = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trimStart()
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue
    const cut = trimmed.search(/(?<!\\)[=:]/)
    const name = cut < 0 ? trimmed : trimmed.slice(0, cut)
    entries.set(unescape(name.trim()), unescape(cut < 0 ? '' : trimmed.slice(cut + 1).trimStart()))
  }
  return entries
}

/** The text of entries, one a line, in their order. */
export function formatProperties(entries: Iterable<readonly [string, string]>, comment: string): string {
  return `# ${comment}\n${[...entries].map(([name, value]) => `${escape(name)}=${escape(value)}\n`).join('')}`
}

const unescape = (text: string) => text.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
const escape = (text: string) =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll(/[=:](?=.*\0)/g, '\\$&')
