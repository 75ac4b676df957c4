import type { RecordBytes } from '../../../../src-main/contract/messages.ts'

/** For tests: a part of a record, a text unless something else is said. */
export function aRecordBytes(text: string, given: Partial<RecordBytes> = {}): RecordBytes {
  const format = given.format ?? 'text'
  return {
    size: text.length,
    bytes: new TextEncoder().encode(text),
    text,
    format,
    decoded: { format, problem: null, schema: null, isCut: (given.size ?? text.length) > text.length },
    structure: null,
    ...given,
  }
}
