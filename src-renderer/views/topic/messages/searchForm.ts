import { z } from 'zod'
import type { OffsetRange } from '../../../../src-main/contract/messages.ts'
import { JsonCondition, SearchPart, type SearchFilter } from '../../../../src-main/contract/search.ts'
import type { Order } from './rowMapping.ts'
import type { SearchQuery } from './searchRun.ts'

export const SEARCH_MODES = ['text', 'regex', 'json', 'predicate'] as const
export const STOP_AFTER = [100, 1_000, 10_000, null] as const

/** What stands in the search bar. Each mode keeps its own words, so that a look at another one loses nothing. */
export const SearchForm = z.object({
  mode: z.enum(SEARCH_MODES).default('text'),
  /** Of modes `text` and `regex`. */
  text: z.string().max(10_000).default(''),
  isCaseSensitive: z.boolean().default(false),
  where: z.array(SearchPart).min(1).default(['key', 'value']),
  conditions: z.array(JsonCondition).max(20).default([]),
  combine: z.enum(['every', 'some']).default('every'),
  predicate: z.string().max(100_000).default(''),
  bounds: z.enum(['whole', 'times', 'offsets']).default('whole'),
  /** As typed: a local date and time, or an offset. Empty is no bound. */
  from: z.string().max(100).default(''),
  to: z.string().max(100).default(''),
  maxHits: z.number().int().min(1).max(1_000_000).nullable().default(1_000),
  source: z.enum(['brokers', 'files']).default('brokers'),
})
export type SearchForm = z.infer<typeof SearchForm>

export const emptyForm = (): SearchForm => SearchForm.parse({})

/** As short as a link wants it: what is as in an empty form is left out, and a plain text search is its text. */
export function formToText(form: SearchForm): string {
  const empty: Record<string, unknown> = emptyForm()
  const rest = Object.entries(form).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(empty[name]))
  const isPlain = rest.length === 1 && rest[0]?.[0] === 'text' && !form.text.startsWith('{')
  return isPlain ? form.text : JSON.stringify(Object.fromEntries(rest))
}

/** `null` for what is no form: links and storage hold whatever somebody put there. */
export function formFromText(text: string): SearchForm | null {
  if (!text.startsWith('{')) return SearchForm.safeParse({ text }).data ?? null
  try {
    return SearchForm.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

/** What a person reads in a list of searches. */
export function formTitle(form: SearchForm): string {
  if (form.mode === 'predicate') return form.predicate
  if (form.mode === 'regex') return `/${form.text}/`
  if (form.mode === 'text') return form.text
  const join = form.combine === 'every' ? ' && ' : ' || '
  return form.conditions.map(({ part, path, operator, value }) => `${part}.${path} ${operator} ${value}`.trim()).join(join)
}

/** Why a form cannot be run, as the name of a sentence; `null` when it can. */
export type FormProblem = 'nothing' | 'regex' | 'condition' | 'offset' | 'time' | 'backwards'

export function problemOf(form: SearchForm): FormProblem | null {
  return contentProblem(form) ?? boundsProblem(form)
}

function contentProblem(form: SearchForm): FormProblem | null {
  switch (form.mode) {
    case 'text':
      return form.text === '' ? 'nothing' : null
    case 'regex':
      return form.text === '' ? 'nothing' : isRegex(form.text) ? null : 'regex'
    case 'json':
      if (form.conditions.every(({ path, operator, value }) => path === '' && operator === 'equals' && value === '')) return 'nothing'
      if (form.conditions.some(({ operator, value }) => operator === 'matches' && !isRegex(value))) return 'regex'
      return form.conditions.every(each => each.path.trim() !== '') ? null : 'condition'
    case 'predicate':
      return form.predicate.trim() === '' ? 'nothing' : null
  }
}

function boundsProblem({ bounds, from, to }: SearchForm): FormProblem | null {
  if (bounds === 'whole') return null
  const [low, high] = [boundOf(bounds, from), boundOf(bounds, to)]
  if (Number.isNaN(low) || Number.isNaN(high)) return bounds === 'offsets' ? 'offset' : 'time'
  return low !== null && high !== null && high <= low ? 'backwards' : null
}

/** `null` where nothing is typed, `NaN` where it is neither time nor offset. */
export function boundOf(bounds: 'times' | 'offsets', typed: string): number | null {
  const text = typed.trim()
  if (text === '') return null
  if (bounds === 'times') return new Date(text).getTime()
  const digits = text.replaceAll(',', '')
  return /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN
}

export function filterOf(form: SearchForm): SearchFilter {
  switch (form.mode) {
    case 'text':
      return { kind: 'text', text: form.text, isCaseSensitive: form.isCaseSensitive, where: form.where }
    case 'regex':
      return { kind: 'regex', pattern: form.text, isCaseSensitive: form.isCaseSensitive, where: form.where }
    case 'json':
      return { kind: 'json', conditions: form.conditions, combine: form.combine }
    case 'predicate':
      return { kind: 'predicate', source: form.predicate }
  }
}

export interface SearchScope {
  /** `null`: all of them. */
  readonly chosen: readonly number[] | null
  readonly extents: readonly { readonly partition: number; readonly start: number; readonly end: number }[]
  readonly order: Order
}

/** What the host is asked. A form without a problem only. */
export function queryOf(form: SearchForm, { chosen, extents, order }: SearchScope): SearchQuery {
  const [from, to] = form.bounds === 'whole' ? [null, null] : [boundOf(form.bounds, form.from), boundOf(form.bounds, form.to)]
  const byOffset = form.bounds === 'offsets'
  const ranges: OffsetRange[] = extents
    .filter(({ partition }) => chosen === null || chosen.includes(partition))
    .map(({ partition, start, end }) => ({
      partition,
      from: byOffset ? Math.max(start, from ?? start) : start,
      to: byOffset ? Math.min(end, to ?? end) : end,
    }))
  return {
    filter: filterOf(form),
    ranges: chosen === null && !byOffset ? null : ranges.filter(range => range.from < range.to),
    fromMs: form.bounds === 'times' ? from : null,
    toMs: form.bounds === 'times' ? to : null,
    order: order === 'newest' ? 'newestFirst' : 'oldestFirst',
    maxHits: form.maxHits,
    source: form.source,
  }
}

function isRegex(pattern: string): boolean {
  try {
    return new RegExp(pattern) instanceof RegExp
  } catch {
    return false
  }
}

/** Matches this text and nothing around it. */
export const exactly = (text: string) => `^${text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)}$`
