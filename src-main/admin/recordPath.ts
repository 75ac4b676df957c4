import { compareWritten } from './decimal.ts'
import { ExactNumber, jsonText } from './formats/jsonAble.ts'

/**
 * Paths into JSON, as people write them: `order.items[0].price`, with or without a leading `$.`; `[*]` is every element, `["a.b"]` a name with
 * dots in it.
 */

/** A name, an index, or every element. */
export type PathStep = string | number | typeof EVERY
/** Every element of an array, or every value of an object. */
export const EVERY = Symbol('every')
export type RecordPath = readonly PathStep[]

const NAME = /[^.[\]]+/y
const INDEX = /\[(\d{1,9}|\*)\]/y
const QUOTED = /\["((?:[^"\\]|\\.)*)"\]|\['((?:[^'\\]|\\.)*)'\]/y

/** Why a path cannot be read. */
export class InvalidPath extends Error {
  constructor(path: string, at: number) {
    super(`The path ${JSON.stringify(path)} cannot be read from character ${at + 1} on`)
    this.name = 'InvalidPath'
  }
}

/** An empty path, or `$`, is the whole. Throws `InvalidPath`. */
export function parseRecordPath(text: string): RecordPath {
  const steps: PathStep[] = []
  let at = text.startsWith('$') && /^\$($|[.[])/.test(text) ? 1 : 0
  let mayBeName = at === 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found !== null) at = pattern.lastIndex
    return found
  }
  while (at < text.length) {
    if (text[at] === '[') {
      const index = take(INDEX)
      const quoted = index === null ? take(QUOTED) : null
      if (index !== null) steps.push(index[1] === '*' ? EVERY : Number(index[1]))
      else if (quoted !== null) steps.push((quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, '$1'))
      else throw new InvalidPath(text, at)
    } else {
      if (!mayBeName) {
        if (text[at] !== '.') throw new InvalidPath(text, at)
        at += 1
      }
      const name = take(NAME)
      if (name === null) throw new InvalidPath(text, at)
      steps.push(name[0])
    }
    mayBeName = false
  }
  return steps
}

/** All that a path leads to: nothing where it leads nowhere, several values where it has an `[*]`. */
export function valuesAt(root: unknown, path: RecordPath, from = 0): unknown[] {
  let value = root
  for (let index = from; index < path.length; index++) {
    const step = path[index]!
    if (typeof value !== 'object' || value === null) return []
    if (step === EVERY) return Object.values(value).flatMap(each => valuesAt(each, path, index + 1))
    if (!Object.hasOwn(value, step)) return []
    value = (value as Record<string | number, unknown>)[step]
  }
  return [value]
}

/** More digits than a double has, or an exponent that it may not have. */
const MAY_BE_ROUNDED = /\d{16}|[\d.]{17}|\d[eE][-+]?\d{3}/
const MOST_CERTAIN_CHARACTERS = 15
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/
const SPACE = /^[ \t\n\r]*|[ \t\n\r]*$/g
const SMALLEST_PRINTED = 0x21

/**
 * False for most of what is no JSON, by its ends alone: a parser that fails takes longer to say so than one that succeeds takes for a record. Never
 * false for JSON.
 */
export function mayBeJson(text: string): boolean {
  // Few texts begin or end with a space, and a space is not worth a copy of all others.
  const isPadded = text.charCodeAt(0) < SMALLEST_PRINTED || text.charCodeAt(text.length - 1) < SMALLEST_PRINTED
  const whole = isPadded ? text.replace(SPACE, '') : text
  switch (whole[0]) {
    case '{':
      return whole.endsWith('}')
    case '[':
      return whole.endsWith(']')
    case '"':
      return whole.length > 1 && whole.endsWith('"')
    case 't':
      return whole === 'true'
    case 'f':
      return whole === 'false'
    case 'n':
      return whole === 'null'
    default:
      return NUMBER.test(whole)
  }
}

/** What JSON makes of a text, to the last digit: integers beyond 2^53 are bigints, what else a double would round an `ExactNumber`. `undefined` when it is no JSON. */
export function parseJson(text: string): unknown {
  if (!mayBeJson(text)) return undefined
  try {
    return MAY_BE_ROUNDED.test(text) ? exactJson(text) : (JSON.parse(text) as unknown)
  } catch {
    return undefined // most of what lies in topics is no JSON, and nobody said it were
  }
}

function exactJson(text: string): unknown {
  try {
    return JSON.parse(text, exactNumbers)
  } catch (problem) {
    if (!(problem instanceof RangeError)) throw problem
    return JSON.parse(text) // so deep that its values cannot be gone through: rounded
  }
}

function exactNumbers(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number') return value
  const source = context?.source ?? ''
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source)
  if (source.length <= MOST_CERTAIN_CHARACTERS && !/e/i.test(source)) return value
  return compareWritten(String(value), source) === 0 ? value : new ExactNumber(source)
}

/** A value as a person reads it: text without quotes, objects and arrays as JSON. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null ? jsonText(value) : String(value)
}
