import type { MetadataEntry } from '../../../src-main/contract/metadataLog.ts'

/** Entries that are read at a time. */
export const PAGE = 200

/** What is kept of a log of any length: the pages that were looked at. Replaced, never changed. */
export interface EntryPages {
  readonly generation: number
  readonly total: number
  readonly pages: ReadonlyMap<number, readonly MetadataEntry[]>
}

export const NO_PAGES: EntryPages = { generation: 0, total: 0, pages: new Map() }

export const entryAt = ({ pages }: EntryPages, index: number): MetadataEntry | undefined =>
  pages.get(Math.floor(index / PAGE))?.[index % PAGE]

/** With one page more. What was read of another generation of the log is not so any more. */
export function withPage(
  known: EntryPages,
  page: number,
  { generation, total, entries }: { readonly generation: number; readonly total: number; readonly entries: readonly MetadataEntry[] },
): EntryPages {
  const isSame = known.generation === generation && total >= known.total
  return { generation, total, pages: new Map([...(isSame ? known.pages : []), [page, entries]]) }
}

/** Pages of these rows that are not there, or that were not full and might be now. */
export function missingPages(known: EntryPages, { from, to }: { readonly from: number; readonly to: number }): number[] {
  if (known.total === 0) return []
  const first = Math.floor(Math.max(0, from) / PAGE)
  const last = Math.floor(Math.max(0, Math.min(known.total, to) - 1) / PAGE)
  return Array.from({ length: Math.max(0, last - first) + 1 }, (_, index) => first + index).filter(page => {
    const there = known.pages.get(page)?.length ?? -1
    return there < Math.min(PAGE, known.total - page * PAGE)
  })
}
