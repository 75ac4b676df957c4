import type { EntryPage, FileEntry } from '../../contract/segments.ts'
import { dump } from '../dump/dump.ts'
import { type EntryItem, type ProblemItem, type ReadableFiles, wrongTold } from '../dump/items.ts'
import type { EntryWish } from './entryPage.ts'

/** Entries of a file that is small enough to be read whole: a producer snapshot, a checkpoint, partition.metadata. */
export async function smallFilePage(files: ReadableFiles, path: string, { from, count }: EntryWish): Promise<EntryPage> {
  const entries: EntryItem[] = []
  const problems: ProblemItem[] = []
  for await (const items of dump(files, [path], { verify: false })) {
    for (const item of items) {
      if (item.type === 'entry') entries.push(item)
      else if (item.type === 'problem') problems.push(item)
    }
  }
  const isOf = (entry: EntryItem, { position }: ProblemItem) => position !== undefined && position === entry.position
  const shown = entries.slice(from, from + count).map((entry, at): FileEntry => {
    const found = problems.find(each => isOf(entry, each))
    const next = entries[from + at + 1]?.position
    return {
      index: from + at,
      position: entry.position ?? -1,
      sizeBytes: entry.position === undefined || next === undefined ? 0 : next - entry.position,
      values: Object.fromEntries(Object.entries(entry.fields).map(([name, value]) => [name, plain(value)])),
      problem: found === undefined ? null : { code: 'other', told: wrongTold(found) },
      leadsTo: null,
    }
  })
  const ofFile = problems.find(each => !entries.some(entry => isOf(entry, each)))
  return { entries: shown, total: entries.length, unusedBytes: 0, problem: ofFile === undefined ? null : wrongTold(ofFile) }
}

const plain = (value: unknown): number | string =>
  typeof value === 'number' || typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
