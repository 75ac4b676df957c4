import type { Random } from '../../env/env.ts'
import { CITIES, COUNTRIES, FIRST_NAMES, LAST_NAMES, WORDS } from './templateWords.ts'
import { WrongRecord } from './wrongRecord.ts'

/** What one record of many is filled in with. */
export interface TemplateContext {
  /** Which of them it is, from 0. */
  readonly index: number
  readonly nowMs: number
  readonly random: Random
}

/** Fills a template in, anew for each record. */
export type Render = (context: TemplateContext) => string

/** How many bytes or characters a function may make. */
const MAX_LENGTH = 1_048_576
const MAX_DIGITS = 12

/** `arguments` are what follows the name. Throws `WrongRecord` for those that cannot be. */
const FUNCTIONS: Readonly<Record<string, (given: readonly string[]) => Render>> = {
  uuid: given => {
    atMost(given, 0)
    return ({ random }) => uuid(random)
  },
  counter: given => {
    atMost(given, 2)
    const [start, step] = [integer(given[0] ?? '1'), integer(given[1] ?? '1')]
    return ({ index }) => String(start + index * step)
  },
  now: given => {
    atMost(given, 1)
    const as = oneOf(given[0] ?? 'iso', ['iso', 'ms', 's'])
    return ({ nowMs }) => (as === 'iso' ? new Date(nowMs).toISOString() : String(as === 'ms' ? nowMs : Math.floor(nowMs / 1000)))
  },
  int: given => {
    const [low, high] = bounds(given, integer)
    return ({ random }) => String(low + below(random, high - low + 1))
  },
  float: given => {
    const digits = given.length === 3 ? integer(given[2]!) : 2
    if (digits < 0 || digits > MAX_DIGITS) throw new WrongRecord('digits', { most: MAX_DIGITS, digits })
    const [low, high] = bounds(given.slice(0, 2), number)
    return ({ random }) => (low + (random.below(PARTS) / (PARTS - 1)) * (high - low)).toFixed(digits)
  },
  bool: given => {
    atMost(given, 0)
    return ({ random }) => String(random.below(2) === 1)
  },
  choice: given => {
    if (given.length === 0) throw new WrongRecord('noChoice')
    return ({ random }) => given[random.below(given.length)]!
  },
  hex: given => {
    const bytes = length(given)
    return ({ random }) => random.bytes(bytes).toString('hex')
  },
  text: given => {
    const letters = length(given)
    return ({ random }) => random.bytes(letters).reduce((text, byte) => text + LETTERS[byte % LETTERS.length]!, '')
  },
  firstName: from(FIRST_NAMES),
  lastName: from(LAST_NAMES),
  name: given => {
    atMost(given, 0)
    return ({ random }) => `${pick(FIRST_NAMES, random)} ${pick(LAST_NAMES, random)}`
  },
  email: given => {
    atMost(given, 0)
    return ({ random }) => `${pick(FIRST_NAMES, random)}.${pick(LAST_NAMES, random)}@example.com`.toLowerCase()
  },
  city: from(CITIES),
  country: from(COUNTRIES),
  word: from(WORDS),
}

/** All that can stand in a template. */
export const TEMPLATE_FUNCTIONS: readonly string[] = Object.keys(FUNCTIONS)

/** A part of a fraction: as fine as a sixth decimal. */
const PARTS = 1_000_001
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/**
 * Reads `text {{function argument "another one"}} text`. A quoted text in the place of a function is that text, so that `{{"{{"}}` is two braces.
 * Throws `WrongRecord`.
 */
export function compileTemplate(text: string): Render {
  const parts: (string | Render)[] = []
  let at = 0
  for (;;) {
    const open = text.indexOf('{{', at)
    if (open < 0) break
    parts.push(text.slice(at, open))
    const { words, end } = readCall(text, open)
    parts.push(callOf(words, open))
    at = end
  }
  parts.push(text.slice(at))
  return context => parts.reduce<string>((filled, part) => filled + (typeof part === 'string' ? part : part(context)), '')
}

interface Word {
  readonly text: string
  readonly isQuoted: boolean
}

const WORD = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"'{}]+))/y
const CLOSE = /\s*\}\}/y

function readCall(text: string, open: number): { words: readonly Word[]; end: number } {
  const words: Word[] = []
  for (let at = open + 2; ;) {
    CLOSE.lastIndex = at
    if (CLOSE.test(text)) return { words, end: CLOSE.lastIndex }
    WORD.lastIndex = at
    const found = WORD.exec(text)
    if (found === null) throw new WrongRecord('notClosed', { at: open + 1 })
    const quoted = found[1] ?? found[2]
    words.push(quoted === undefined ? { text: found[3]!, isQuoted: false } : { text: quoted.replace(/\\(.)/g, '$1'), isQuoted: true })
    at = WORD.lastIndex
  }
}

function callOf([first, ...given]: readonly Word[], open: number): string | Render {
  if (first === undefined) throw new WrongRecord('emptyBraces', { at: open + 1 })
  if (first.isQuoted && given.length === 0) return first.text
  const make = Object.hasOwn(FUNCTIONS, first.text) && !first.isQuoted ? FUNCTIONS[first.text] : undefined
  if (make === undefined) {
    throw new WrongRecord('noFunction', { name: `{{${first.text}}}`, at: open + 1, known: TEMPLATE_FUNCTIONS.join(', ') })
  }
  try {
    return make(given.map(word => word.text))
  } catch (problem) {
    throw problem instanceof WrongRecord ? problem.with({ name: `{{${first.text}}}`, at: open + 1 }) : problem
  }
}

function from(words: readonly string[]): (given: readonly string[]) => Render {
  return given => {
    atMost(given, 0)
    return ({ random }) => pick(words, random)
  }
}

const pick = (words: readonly string[], random: Random) => words[random.below(words.length)]!

function atMost(given: readonly string[], count: number): void {
  if (given.length > count) throw count === 0 ? new WrongRecord('takesNothing') : new WrongRecord('takesFewer', { most: count })
}

function oneOf<const T extends string>(given: string, known: readonly T[]): T {
  const found = known.find(each => each === given)
  if (found === undefined) throw new WrongRecord('oneOf', { known: known.join(', '), given })
  return found
}

function integer(text: string): number {
  const value = Number(text)
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) throw new WrongRecord('noInteger', { given: text })
  return value
}

function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new WrongRecord('noNumber', { given: text })
  return value
}

function bounds(given: readonly string[], read: (text: string) => number): readonly [number, number] {
  if (given.length !== 2) throw new WrongRecord('noBounds')
  const [low, high] = [read(given[0]!), read(given[1]!)]
  if (high < low) throw new WrongRecord('wrongBounds', { high, low })
  if (!Number.isSafeInteger(Math.ceil(high - low) + 1)) throw new WrongRecord('farBounds')
  return [low, high]
}

function length(given: readonly string[]): number {
  atMost(given, 1)
  const wanted = integer(given[0] ?? '8')
  if (wanted < 1 || wanted > MAX_LENGTH) throw new WrongRecord('length', { most: MAX_LENGTH, given: wanted })
  return wanted
}

const TWO_TO_31 = 0x8000_0000

/** Also for bounds that are larger than one draw decides. */
function below(random: Random, bound: number): number {
  if (bound <= TWO_TO_31) return random.below(bound)
  for (;;) {
    // 53 bits; what does not fit evenly is drawn again.
    const drawn = random.below(0x20_0000) * 0x1_0000_0000 + random.below(0x1_0000) * 0x1_0000 + random.below(0x1_0000)
    const even = Math.floor(2 ** 53 / bound) * bound
    if (drawn < even) return drawn % bound
  }
}

function uuid(random: Random): string {
  const bytes = random.bytes(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
