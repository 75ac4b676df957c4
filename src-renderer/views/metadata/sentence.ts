import type { Saying } from '../../../src-main/contract/metadataLog.ts'
import { UNKNOWN } from '../../composables/format.ts'

type Translate = (key: string, values: Record<string, string | number>) => string

/** What a record did, in words. */
export function sentenceOf(t: Translate, says: readonly Saying[]): string {
  return says.map(({ kind, values }) => t(`metadata.says.${kind}`, shown(values))).join('; ')
}

/** Lists may be empty and leaders none. */
function shown(values: Saying['values']): Record<string, string | number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value === '' || value === -1 ? UNKNOWN : value]))
}
