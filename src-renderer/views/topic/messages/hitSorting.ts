import type { MessageRow } from '../../../../src-main/contract/messages.ts'
import type { Sorting } from '../../../components/tableColumn.ts'
import { isOwn } from './columnLayout.ts'

const NUMBER = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/
const inWords = new Intl.Collator('en', { numeric: true })

type Value = number | string | null

/** Whether hits can be sorted by a column: by a path only if they were read with it. */
export const canSortHits = (key: string, paths: readonly string[]) => isOwn(key) || paths.includes(key)

/**
 * Hits in the order of a column, equal ones as they were, what is not there last either way. A path whose values are all numbers is sorted by number,
 * anything else as words are.
 */
export function sortedHits(hits: readonly MessageRow[], { key, isDescending }: Sorting, paths: readonly string[]): readonly MessageRow[] {
  const values = hits.map(row => ({ row, value: valueOf(row, key, paths) }))
  const isNumber = values.every(({ value }) => typeof value !== 'string' || NUMBER.test(value))
  const sign = isDescending ? -1 : 1
  const compare = (one: NonNullable<Value>, other: NonNullable<Value>) =>
    isNumber ? Number(one) - Number(other) : inWords.compare(String(one), String(other))
  return values
    .sort(({ value: one }, { value: other }) =>
      one === null || other === null ? Number(one === null) - Number(other === null) : sign * compare(one, other),
    )
    .map(({ row }) => row)
}

function valueOf(row: MessageRow, key: string, paths: readonly string[]): Value {
  switch (key) {
    case 'partition':
      return row.partition
    case 'offset':
      return row.offset
    case 'time':
      return row.timestampMs
    case 'headers':
      return row.headerCount
    case 'bytes':
      return row.value?.size ?? null
    case 'key':
    case 'value':
      return row[key]?.text ?? null
    default:
      return row.columns[paths.indexOf(key)] ?? null
  }
}
