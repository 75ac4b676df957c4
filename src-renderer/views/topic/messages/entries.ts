import type { MessageRow, RecordBytes } from '../../../../src-main/contract/messages.ts'
import { hexStart } from '../../../components/hexLine.ts'
import { visibleText } from '../../../composables/visibleText.ts'
import type { Place } from './rowMapping.ts'

/** A row of the table: a record, `offsets` that have none, or one that is still being read. */
export type Entry =
  | { readonly kind: 'record'; readonly place: Place; readonly row: MessageRow }
  | { readonly kind: 'gap'; readonly place: Place; readonly offsets: number }
  | { readonly kind: 'loading'; readonly place: Place }

export const recordEntry = (row: MessageRow): Entry => ({ kind: 'record', place: { partition: row.partition, offset: row.offset }, row })

export const isSamePlace = (a: Place | null, b: Place | null) => a?.partition === b?.partition && a?.offset === b?.offset

/** Bytes in one line: text as it is, anything else in hex. */
export function lineOf(bytes: RecordBytes): string {
  if (bytes.text === null) return hexStart(bytes.bytes)
  return visibleText(bytes.text.replaceAll(/\s+/g, ' '))
}
