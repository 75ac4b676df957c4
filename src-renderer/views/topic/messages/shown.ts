import type { RecordBytes } from '../../../../src-main/contract/messages.ts'

/** How bytes are shown. */
export const SHOWN = ['json', 'text', 'hex'] as const
export type Shown = (typeof SHOWN)[number]

export const canShow = (bytes: RecordBytes | null, as: Shown) =>
  as === 'hex'
    ? bytes !== null
    : bytes !== null && bytes.text !== null && (as === 'text' || bytes.format === 'json' || bytes.structure !== null)

/** As what it looks like, unless a person wanted something else that is possible too. */
export const bestShown = (bytes: RecordBytes | null, wanted: Shown | null): Shown =>
  wanted !== null && canShow(bytes, wanted) ? wanted : (lookOf(bytes) ?? 'text')

/** Text that has a structure beside it is still best read as the text that it is. */
const lookOf = (bytes: RecordBytes | null) => (bytes?.structure ? 'text' : SHOWN.find(each => canShow(bytes, each)))
