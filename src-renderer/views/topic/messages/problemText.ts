import type { DecodeProblem } from '../../../../src-main/contract/formats.ts'
import { bytesText, count } from '../../../composables/format.ts'

type Translate = (key: string, named: Record<string, string>) => string

const IN_BYTES: ReadonlySet<string> = new Set(['tooLarge'])

/** Why bytes were not decoded, as a sentence. */
export function problemText(t: Translate, format: string, { code, details }: DecodeProblem): string {
  const shown = Object.entries(details).map(([name, value]) => [name, shownDetail(code, value)])
  return t(`formats.problems.${code}`, { format, ...(Object.fromEntries(shown) as Record<string, string>) })
}

function shownDetail(code: string, value: string | number): string {
  if (typeof value === 'string') return value
  return IN_BYTES.has(code) ? bytesText(value) : count(value)
}
