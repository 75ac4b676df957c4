import type { Verification } from '../../contract/segments.ts'
import { dump } from '../dump/dump.ts'
import { type DumpItem, type ReadableFiles, wrongTold } from '../dump/items.ts'

/** More than anybody reads; the rest is counted. */
const NAMED_PROBLEMS = 500

/** Checks a file from its beginning to its end, a piece at a time; a look at what was found so far after each. */
export async function* verifyFile(files: ReadableFiles, path: string, signal: AbortSignal): AsyncGenerator<Verification, void, undefined> {
  const found = { readBytes: 0, totalBytes: 0, batches: 0, records: 0, entries: 0, unnamed: 0, problems: [] as Verification['problems'] }
  const now = (isDone: boolean): Verification => ({ ...found, problems: found.problems.slice(), isDone })
  for await (const items of dump(files, [path], { verify: true })) {
    for (const item of items) note(found, item)
    if (signal.aborted) return
    yield now(false)
  }
  found.readBytes = found.totalBytes
  yield now(true)
}

function note(found: Omit<Verification, 'isDone'>, item: DumpItem): void {
  switch (item.type) {
    case 'file':
      found.totalBytes = item.sizeInBytes
      break
    case 'batch':
      found.batches += 1
      found.readBytes = item.position + item.sizeInBytes
      break
    case 'record':
      found.records += 1
      break
    case 'entry':
      found.entries += 1
      found.readBytes = Math.max(found.readBytes, item.position ?? 0)
      break
    case 'problem':
      if (found.problems.length >= NAMED_PROBLEMS) found.unnamed += 1
      else {
        const { position = null, offset } = item
        found.problems.push({ position, offset: offset === undefined ? null : `${offset}`, problem: wrongTold(item) })
      }
      break
  }
}
