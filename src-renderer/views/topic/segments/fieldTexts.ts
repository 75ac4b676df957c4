import type { BatchDetail, FieldBytes, Finding } from '../../../../src-main/contract/segments.ts'
import { count, timeOfDay } from '../../../composables/format.ts'
import type { ShownField } from './FieldList.vue'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
type Translate = (key: string, named?: Record<string, unknown>, plural?: number) => string

/** The header of a batch as a list shows it, what is suspect marked. */
export function shownFields({ fields, findings }: Pick<BatchDetail, 'fields' | 'findings'>, t: Translate): ShownField[] {
  return fields.map(field => ({
    key: field.name,
    name: t(`segments.fields.${field.name}`),
    at: field.at,
    size: field.size,
    value: valueText(field, t),
    isWrong: findings.some(each => each.field === field.name),
  }))
}

function valueText({ name, value, size }: FieldBytes, t: Translate): string {
  switch (name) {
    case 'crc':
      return value
    case 'attributes':
      return attributesText(Number(value), t)
    case 'baseTimestamp':
    case 'maxTimestamp':
      return Number(value) >= 0 && Number(value) < 8_640_000_000_000_000 ? timeOfDay(Number(value)) : value
    case 'records':
      return t('segments.batch.recordsBytes', { n: count(size) }, size)
    case 'baseOffset':
    case 'batchLength':
    case 'leaderEpoch':
    case 'magic':
    case 'lastOffsetDelta':
    case 'producerId':
    case 'producerEpoch':
    case 'baseSequence':
    case 'recordCount':
      return BigInt(value).toLocaleString('en-US')
  }
}

/** The bits by their names: codec, and what is set besides. */
function attributesText(value: number, t: Translate): string {
  const words = [
    CODECS[value & 7] ?? `${value & 7}`,
    ...(value & 0x08 ? ['LogAppendTime'] : []),
    ...(value & 0x10 ? [t('segments.batches.transactional')] : []),
    ...(value & 0x20 ? [t('segments.batches.control')] : []),
    ...(value & 0x40 ? ['delete horizon'] : []),
  ]
  return words.length === 1 && words[0] === 'none' ? `${value}` : t('segments.batch.attributeWords', { value, words: words.join(', ') })
}

export const findingText = ({ code, field, found, expected, byte }: Finding, t: Translate): string =>
  t(`segments.findings.${code}`, {
    field: t(`segments.fields.${field}`),
    found,
    expected: expected ?? '',
    byte: byte === null ? '' : count(byte),
  })
