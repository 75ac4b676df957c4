import type { SearchFilter, SearchPart } from '../../contract/search.ts'
import { type ByteFinder, escapeRegExp, exactFinder, foldingFinder, isAscii, longestAscii } from './byteFinder.ts'
import { compileCondition, finderFor, patternOrInvalid } from './jsonConditions.ts'
import { InvalidFilter } from './invalidFilter.ts'
import type { RecordView } from './recordView.ts'
import { requiredLiteral } from './regexLiteral.ts'

/**
 * What can be asked of a record. `finder` finds what the bytes of every hit hold that need not be decoded, so that a record without it need not be
 * looked at; when it is there, it has been reset to the bytes of the batch.
 */
export interface RecordFilter {
  readonly kind: 'record'
  readonly finder: ByteFinder | undefined
  /** What it looks for in bytes that are not decoded. */
  readonly as: 'text' | 'json'
  matches(record: RecordView): boolean
}

/** What only a sandbox can be asked. */
export interface PredicateFilter {
  readonly kind: 'predicate'
  readonly source: string
}

export type CompiledFilter = RecordFilter | PredicateFilter

/** One letter lies in nearly every batch. */
const SHORTEST_LITERAL = 2

/** Throws `InvalidFilter`. Whether a predicate is JavaScript, only its sandbox can tell. */
export function compileFilter(filter: SearchFilter): CompiledFilter {
  switch (filter.kind) {
    case 'text':
      return textFilter(filter.text, filter.isCaseSensitive, new Set(filter.where))
    case 'regex':
      return regexFilter(filter.pattern, filter.isCaseSensitive, new Set(filter.where))
    case 'json':
      return jsonFilter(filter)
    case 'predicate':
      return { kind: 'predicate', source: filter.source }
  }
}

/** Bytes of UTF-8 hold those of a text exactly where the text holds the text: nothing has to be decoded. */
function textFilter(text: string, isCaseSensitive: boolean, where: ReadonlySet<SearchPart>): RecordFilter {
  if (text === '') throw new InvalidFilter('the text is empty')
  const pattern = new RegExp(escapeRegExp(text), 'i')
  if (isCaseSensitive || isAscii(text)) {
    const needle = Buffer.from(text)
    const finder = isCaseSensitive ? exactFinder(needle) : foldingFinder(text)
    const lies = (at: number, end: number) => finder.next(at) + needle.length <= end
    const isSuch = isCaseSensitive ? (decoded: string) => decoded.includes(text) : (decoded: string) => pattern.test(decoded)
    return { kind: 'record', as: 'text', finder, matches: record => record.someBytes(where, lies, isSuch) }
  }
  const ascii = longestAscii(text)
  return {
    kind: 'record',
    as: 'text',
    finder: ascii.length < SHORTEST_LITERAL ? undefined : foldingFinder(ascii),
    matches: record => record.someText(where, part => pattern.test(part)),
  }
}

function regexFilter(source: string, isCaseSensitive: boolean, where: ReadonlySet<SearchPart>): RecordFilter {
  const pattern = patternOrInvalid(source, isCaseSensitive ? 'u' : 'iu')
  const literal = requiredLiteral(source, { isCaseSensitive })
  const finder = isCaseSensitive ? exactFinder(Buffer.from(literal)) : foldingFinder(literal)
  return {
    kind: 'record',
    as: 'text',
    finder: literal.length < SHORTEST_LITERAL ? undefined : finder,
    matches: record => record.someText(where, part => pattern.test(part)),
  }
}

function jsonFilter({ conditions, combine }: Extract<SearchFilter, { kind: 'json' }>): RecordFilter {
  const compiled = conditions.map(condition => ({ part: condition.part, meets: compileCondition(condition) }))
  const finders = conditions.map(finderFor).filter(each => each !== undefined)
  const best = finders.reduce<(typeof finders)[number] | undefined>(
    (longest, each) => (longest === undefined || each.length > longest.length ? each : longest),
    undefined,
  )
  const isNeeded = combine === 'every' || conditions.length === 1
  return {
    kind: 'record',
    as: 'json',
    finder: isNeeded ? best?.finder : undefined,
    matches: record => {
      const known = new Map<'key' | 'value', unknown>()
      const meets = ({ part, meets }: (typeof compiled)[number]) => {
        if (!known.has(part)) known.set(part, record.json(part))
        return meets(known.get(part))
      }
      return combine === 'every' ? compiled.every(meets) : compiled.some(meets)
    },
  }
}
