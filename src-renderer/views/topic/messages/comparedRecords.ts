import type { MessageDetail, RecordBytes } from '../../../../src-main/contract/messages.ts'
import { hexStart } from '../../../components/hexLine.ts'
import { formatJson } from '../../../composables/formatJson.ts'
import { lineDiff, shortDiff } from '../schema/lineDiff.ts'
import { isCut } from './useDetail.ts'

/** Of bytes that are no text, a line for so many. */
const HEX_LINE = 16

/** Bytes in lines that can be laid beside others: JSON as it is read, text as it is, anything else in hex. */
export function linesOf(bytes: RecordBytes | null): string {
  if (bytes === null) return 'null'
  if (bytes.structure !== null) return bytes.structure.lines
  if (bytes.text !== null) return bytes.format === 'json' ? formatJson(bytes.text) : bytes.text
  const lines = []
  for (let at = 0; at < bytes.bytes.length; at += HEX_LINE) lines.push(hexStart(bytes.bytes.subarray(at, at + HEX_LINE)))
  return lines.join('\n')
}

const headersOf = ({ headers }: MessageDetail) => headers.map(({ key, value }) => `${key}: ${linesOf(value)}`).join('\n')

/** What of two records differs. No lines: the same. */
export function compared(first: MessageDetail, second: MessageDetail) {
  const differing = (one: string, other: string) => (one === other ? [] : shortDiff(lineDiff(one, other)))
  return {
    values: differing(linesOf(first.value), linesOf(second.value)),
    headers: differing(headersOf(first), headersOf(second)),
    isCut: isCut(first.value) || isCut(second.value),
  }
}
