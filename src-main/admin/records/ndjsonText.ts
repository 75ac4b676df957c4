import { ndjsonLine } from './ndjson.ts'
import type { SelectedRecords } from './selection.ts'

/** More than this makes a desktop slow for as long as it is on the clipboard. */
const MOST_CHARACTERS = 8 * 1024 * 1024

/** A selection as one text. Part of one would pass for the whole on a clipboard, so there is none when it is too long. */
export async function ndjsonText(selected: SelectedRecords) {
  const lines: string[] = []
  let length = 0
  for await (const part of selected.parts(new AbortController().signal)) {
    for (const record of part) {
      const line = `${ndjsonLine(record)}\n`
      lines.push(line)
      if ((length += line.length) > MOST_CHARACTERS) return { text: null, records: lines.length, ...selected.missing.told }
    }
  }
  return { text: lines.join(''), records: lines.length, ...selected.missing.told }
}
