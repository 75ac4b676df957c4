/**
 * Finds where in raw bytes something lies that every hit must contain, so that what lies before it need not be decoded. Positions are asked for in
 * rising order; what was found ahead is remembered, so that going through many records costs one pass over their bytes.
 */
export interface ByteFinder {
  /** From now on the bytes are these. */
  reset(bytes: Buffer): void
  /** The first position not below `from` where it begins; the length of the bytes when there is none. */
  next(from: number): number
}

const NOTHING: Buffer = Buffer.alloc(0)
const ASCII = /^[\x00-\x7f]*$/

/** Where these bytes begin. */
export function exactFinder(needle: Buffer): ByteFinder {
  let all = NOTHING
  return remembering(
    bytes => (all = bytes),
    from => all.indexOf(needle, from),
  )
}

/** Where this text of ASCII begins, letters in either case. In Latin-1 a byte is a character, and none above ASCII has a letter of ASCII as its other case. */
export function foldingFinder(needle: string): ByteFinder {
  const pattern = new RegExp(escapeRegExp(needle), 'gi')
  let all = ''
  return remembering(
    bytes => (all = bytes.toString('latin1')),
    from => {
      pattern.lastIndex = from
      return pattern.test(all) ? pattern.lastIndex - needle.length : -1
    },
  )
}

/** Where the first of several begins. */
export function eitherFinder(one: ByteFinder, other: ByteFinder): ByteFinder {
  return {
    reset: bytes => {
      one.reset(bytes)
      other.reset(bytes)
    },
    next: from => Math.min(one.next(from), other.next(from)),
  }
}

/** `search` gives -1 for nothing. */
function remembering(begin: (bytes: Buffer) => void, search: (from: number) => number): ByteFinder {
  let found = -1
  let size = 0
  return {
    reset: bytes => {
      found = -1
      size = bytes.length
      begin(bytes)
    },
    next: from => {
      if (from <= found) return found
      const at = from >= size ? -1 : search(from)
      return (found = at < 0 ? size : at)
    },
  }
}

export const escapeRegExp = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)

/** The longest stretch of ASCII in a text: what a search without regard to case can look for in raw bytes. */
export function longestAscii(text: string): string {
  return [...text.matchAll(/[\x00-\x7f]+/g)].reduce((longest, [run]) => (run.length > longest.length ? run : longest), '')
}

export const isAscii = (text: string) => ASCII.test(text)
