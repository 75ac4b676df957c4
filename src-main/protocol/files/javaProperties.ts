import { MalformedMessage } from '../byteReader.ts'

/**
 * Java's properties format, which Kafka's config files and `meta.properties` have: `key=value`, `key: value` or `key value`, one a line; lines that begin
 * with `#` or `!` are comments; a backslash escapes what follows it, and at the end of a line continues that line on the next.
 */
export function parseJavaProperties(text: string): Map<string, string> {
  const entries = new Map<string, string>()
  for (const line of logicalLines(text)) {
    // The first separator that is not escaped ends the key; around it there may be blanks.
    const [, key = '', value = ''] = /^((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)$/s.exec(line) ?? []
    entries.set(unescaped(key), unescaped(value))
  }
  return entries
}

/** The entries, one a line, in their order, below a comment. All of it is ASCII, because Java reads such files as Latin-1. */
export function formatJavaProperties(entries: Iterable<readonly [string, string]>, comment = ''): string {
  const lines = [...entries].map(([key, value]) => `${escaped(key).replaceAll(' ', '\\ ')}=${escaped(value).replace(/^ /, '\\ ')}\n`)
  return `${`# ${ascii(comment)}`.trimEnd()}\n${lines.join('')}`
}

/** Lines without comments and empty ones, continued ones joined. */
function* logicalLines(text: string): Generator<string> {
  let begun = ''
  let isContinued = false
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const line = natural.replace(/^[ \t\f]+/, '')
    if (!isContinued && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const backslashes = /\\*$/.exec(line)?.[0].length ?? 0
    isContinued = backslashes % 2 === 1
    begun += isContinued ? line.slice(0, -1) : line
    if (isContinued) continue
    yield begun
    begun = ''
  }
  if (begun !== '') yield begun
}

const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescaped(text: string): string {
  return text.replace(/\\(?:u([\da-fA-F]{4})|(.))/gs, (_, code: string | undefined, char: string) => {
    if (code !== undefined) return String.fromCharCode(parseInt(code, 16))
    if (char === 'u') throw new MalformedMessage(`\\u without four digits in ${JSON.stringify(text)}`, 0)
    return CONTROLS[char] ?? char
  })
}

function escaped(text: string): string {
  const special = text.replace(/[\\:=#!\t\n\r\f]/g, char => `\\${{ '\t': 't', '\n': 'n', '\r': 'r', '\f': 'f' }[char] ?? char}`)
  return ascii(special)
}

function ascii(text: string): string {
  return text.replace(/[^ -~]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
