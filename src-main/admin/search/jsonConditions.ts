import type { JsonCondition } from '../../contract/search.ts'
import { InvalidPath, parseRecordPath, textOf, valuesAt } from '../recordPath.ts'
import { type ByteFinder, eitherFinder, exactFinder } from './byteFinder.ts'
import { InvalidFilter } from './invalidFilter.ts'

/** Whether what JSON made of a part meets the condition; `undefined` is a part that is not there. */
export type MeetsCondition = (root: unknown) => boolean

/**
 * A condition holds when any value at its path meets it; `missing`, when there is none, or nothing but null. What is no JSON is a text, which an empty
 * path reaches.
 */
export function compileCondition({ path: pathText, operator, value }: JsonCondition): MeetsCondition {
  const path = pathOrInvalid(pathText)
  const some = (meets: (found: unknown) => boolean) => (root: unknown) =>
    root !== undefined && valuesAt(root, path).some(found => meets(found))
  switch (operator) {
    case 'exists':
      return some(found => found !== null)
    case 'missing': {
      const exists = some(found => found !== null)
      return root => !exists(root)
    }
    case 'equals':
      return some(equalTo(value))
    case 'differs': {
      const isEqual = equalTo(value)
      return some(found => !isEqual(found))
    }
    case 'contains':
      return some(found => textOf(found).includes(value))
    case 'matches': {
      const pattern = patternOrInvalid(value, 'u')
      return some(found => pattern.test(textOf(found)))
    }
    case 'less':
      return some(found => compare(found, value) < 0)
    case 'atMost':
      return some(found => compare(found, value) <= 0)
    case 'greater':
      return some(found => compare(found, value) > 0)
    case 'atLeast':
      return some(found => compare(found, value) >= 0)
  }
}

/** A regular expression with these flags; where `u` is one of them and it is written as was usual before, without it. */
export function patternOrInvalid(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags)
  } catch (problem) {
    if (flags.includes('u')) return patternOrInvalid(pattern, flags.replace('u', ''))
    throw new InvalidFilter((problem as Error).message)
  }
}

function pathOrInvalid(text: string) {
  try {
    return parseRecordPath(text)
  } catch (problem) {
    if (problem instanceof InvalidPath) throw new InvalidFilter(problem.message)
    throw problem
  }
}

const LARGE_INTEGER = /^-?\d{16,}$/

/** A number when it is written as one, exactly; integers beyond 2^53 as bigints. */
function numberIn(text: string): number | bigint | undefined {
  const trimmed = text.trim()
  if (trimmed === '' || !/^[-+]?(\d|\.\d)/.test(trimmed)) return undefined
  const number = Number(trimmed)
  if (Number.isNaN(number)) return undefined
  return LARGE_INTEGER.test(trimmed) && !Number.isSafeInteger(number) ? BigInt(trimmed) : number
}

function equalTo(value: string): (found: unknown) => boolean {
  const number = numberIn(value)
  return found => {
    if (typeof found !== 'number' && typeof found !== 'bigint') return textOf(found) === value
    return number !== undefined && found >= number && found <= number
  }
}

/** Not a number when the two cannot be compared, so that no order holds between them. */
function compare(found: unknown, value: string): number {
  if (typeof found === 'number' || typeof found === 'bigint') {
    const number = numberIn(value)
    return number === undefined ? NaN : found < number ? -1 : found > number ? 1 : 0
  }
  if (typeof found !== 'string') return NaN
  return found < value ? -1 : found > value ? 1 : 0
}

/** Characters that JSON can write only as they are, or as `\uXXXX`. */
const WRITTEN_AS_IT_IS = /^[\w .,:;@#+=()-]+$/
/** What an array has without its being written. */
const IS_OF_ARRAYS = /^(\d+|length)$/
const ESCAPE = Buffer.from(String.raw`\u`)

/**
 * What the bytes of a record hold when it meets the condition: the text that is compared with, or the last name of the path; or anything written as
 * `\uXXXX`, which could be either. `undefined` when nothing has to be there.
 */
export function finderFor({
  path: pathText,
  operator,
  value,
}: JsonCondition): { readonly finder: ByteFinder; readonly length: number } | undefined {
  if (operator === 'missing') return undefined
  const names = pathOrInvalid(pathText).filter(step => typeof step === 'string')
  const literals = names.filter(name => WRITTEN_AS_IT_IS.test(name) && !IS_OF_ARRAYS.test(name))
  // Numbers can be written in several ways, and `true` or `null` need not be texts: what is compared with is looked for only where it is a text.
  if (operator === 'equals' && numberIn(value) === undefined && WRITTEN_AS_IT_IS.test(value)) literals.push(value)
  const longest = literals.reduce((best, each) => (each.length > best.length ? each : best), '')
  return longest === ''
    ? undefined
    : { finder: eitherFinder(exactFinder(Buffer.from(longest)), exactFinder(ESCAPE)), length: longest.length }
}
