import type { JsonCondition } from '../../contract/search.ts'
import { compareWritten } from '../decimal.ts'
import { ExactNumber } from '../formats/jsonAble.ts'
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

/** What a condition compares with, when it is written as a number. */
interface WrittenNumber {
  readonly written: string
  readonly double: number
  /** Whether the double says all that is written: two such are compared as they are. */
  readonly isDouble: boolean
}

const DIGITS_OF_A_DOUBLE = 15
const IS_ZERO = /^[-+]?[0.]+(e|$)/i

function numberIn(text: string): WrittenNumber | undefined {
  const written = text.trim()
  if (!/^[-+]?(\d|\.\d)/.test(written)) return undefined
  const double = Number(written)
  if (Number.isNaN(double)) return undefined
  const digits = written.replace(/e.*$/i, '').replace(/\D/g, '').length
  return { written, double, isDouble: digits <= DIGITS_OF_A_DOUBLE && Number.isFinite(double) && (double !== 0 || IS_ZERO.test(written)) }
}

type FoundNumber = number | bigint | ExactNumber

const isNumber = (found: unknown): found is FoundNumber =>
  typeof found === 'number' || typeof found === 'bigint' || found instanceof ExactNumber

/** To the last digit. Zero when they are equal, and no number at all when the condition is written as what is none, such as `0x10`. */
function compareNumbers(found: FoundNumber, { written, double, isDouble }: WrittenNumber): number {
  if (typeof found === 'number' && isDouble) return found < double ? -1 : found > double ? 1 : 0
  return compareWritten(String(found), written)
}

function equalTo(value: string): (found: unknown) => boolean {
  const number = numberIn(value)
  return found => (isNumber(found) ? number !== undefined && compareNumbers(found, number) === 0 : textOf(found) === value)
}

/** Not a number when the two cannot be compared, so that no order holds between them. */
function compare(found: unknown, value: string): number {
  if (isNumber(found)) {
    const number = numberIn(value)
    return number === undefined ? NaN : compareNumbers(found, number)
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
