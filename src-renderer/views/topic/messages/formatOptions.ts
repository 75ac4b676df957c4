import { CHARSETS, CHOSEN_FORMATS, type FormatChoice, SCHEMA_FORMATS } from '../../../../src-main/contract/formats.ts'

/** In which group a format is offered. */
export const FORMAT_GROUPS = ['common', 'schema', 'charset', 'java', 'streams', 'kafka', 'bytes'] as const
export type FormatGroup = (typeof FORMAT_GROUPS)[number]

const GROUPS: Partial<Record<FormatChoice, FormatGroup>> = {
  short: 'java',
  integer: 'java',
  long: 'java',
  float: 'java',
  double: 'java',
  uuid: 'java',
  list: 'java',
  timeWindow: 'streams',
  sessionWindow: 'streams',
  windowStore: 'streams',
  consumerOffsets: 'kafka',
  transactionState: 'kafka',
  clusterMetadata: 'kafka',
  gzip: 'bytes',
  hex: 'bytes',
  base64: 'bytes',
}

/** All that can be chosen, group by group; `auto` belongs to none. */
export const formatChoices: readonly { readonly value: FormatChoice; readonly group: FormatGroup | null }[] = [
  { value: 'auto', group: null },
  ...FORMAT_GROUPS.flatMap(group => CHOSEN_FORMATS.filter(value => groupOf(value) === group).map(value => ({ value, group }))),
]

function groupOf(format: (typeof CHOSEN_FORMATS)[number]): FormatGroup {
  if ((CHARSETS as readonly string[]).includes(format)) return 'charset'
  if ((SCHEMA_FORMATS as readonly string[]).includes(format)) return 'schema'
  return GROUPS[format] ?? 'common'
}
