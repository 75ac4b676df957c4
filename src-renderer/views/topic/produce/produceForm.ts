import { z } from 'zod'
import type { RecordBytes } from '../../../../src-main/contract/messages.ts'
import type { TextFormat } from '../../../../src-main/contract/records.ts'
import {
  Acks,
  Compression,
  PayloadEncoding,
  type PartitionChoice,
  type ProduceSettings,
  type WrittenPayload,
  type WrittenRecord,
} from '../../../../src-main/contract/records.ts'

const Payload = z.object({ encoding: PayloadEncoding, text: z.string() })

/** A header as it is typed. */
export const HeaderField = z.object({ key: z.string(), value: Payload.nullable() })
export type HeaderField = z.infer<typeof HeaderField>

/** What one record is, or the many that are made after it. */
export const RecordForm = z.object({
  key: Payload,
  /** Where nothing is typed: whether there is a key that is empty, or none. */
  hasEmptyKey: z.boolean(),
  value: Payload,
  isTombstone: z.boolean(),
  headers: z.array(HeaderField).max(1_000),
  /** `byKey`, `sticky`, `roundRobin`, or the number of a partition. */
  partitioner: z.string().max(20),
  compression: Compression,
  acks: Acks,
  /** As typed. */
  count: z.string().max(20),
  perSecond: z.string().max(20),
})
export type RecordForm = z.infer<typeof RecordForm>

export const MOST_RECORDS = 1_000_000_000

export const emptyRecord = (): RecordForm => ({
  key: { encoding: 'text', text: '' },
  hasEmptyKey: false,
  value: { encoding: 'text', text: '' },
  isTombstone: false,
  headers: [],
  partitioner: 'byKey',
  compression: 'none',
  acks: 'all',
  count: '1',
  perSecond: '',
})

/** What stands in the part of the dialog that takes many records. */
export interface ManyForm {
  readonly format: TextFormat
  readonly pasted: string
  readonly file: File | null
  readonly keepsPartitions: boolean
  readonly keepsTimestamps: boolean
}
export const emptyMany = (): ManyForm => ({ format: 'ndjson', pasted: '', file: null, keepsPartitions: true, keepsTimestamps: true })

export function recordOf({ key, hasEmptyKey, value, isTombstone, headers }: RecordForm): WrittenRecord {
  return {
    key: key.text === '' && !hasEmptyKey ? null : { ...key, encoding: key.text === '' ? 'text' : key.encoding },
    value: isTombstone ? null : { ...value },
    headers: headers.filter(header => header.key !== '').map(header => ({ key: header.key, value: header.value && { ...header.value } })),
  }
}

export function settingsOf({ partitioner, compression, acks }: RecordForm): ProduceSettings {
  return { partitioner: choiceOf(partitioner), compression, acks }
}

function choiceOf(partitioner: string): PartitionChoice {
  if (partitioner === 'sticky' || partitioner === 'roundRobin') return { kind: partitioner }
  return /^\d+$/.test(partitioner) ? { kind: 'fixed', partition: Number(partitioner) } : { kind: 'byKey' }
}

/** Null for what is no number of records; without a rate there is no bound on it. */
export const countOf = (typed: string) => {
  const count = Number(typed.replaceAll(',', '').trim() || Number.NaN)
  return Number.isInteger(count) && count >= 1 && count <= MOST_RECORDS ? count : null
}
export const rateOf = (typed: string): number | null | 'wrong' => {
  if (typed.trim() === '') return null
  const rate = Number(typed.replaceAll(',', ''))
  return rate >= 0.01 && rate <= 10_000_000 ? rate : 'wrong'
}

/** Bytes of more than this are shorter in base64, and nobody reads them anyway. */
const HEX_BYTES = 4_096

type Bytes = Pick<RecordBytes, 'size' | 'bytes' | 'text' | 'decoded'>
interface TypedRecord {
  readonly key: Bytes | null
  readonly value: Bytes | null
  readonly headers: readonly { readonly key: string; readonly value: Bytes | null }[]
}

/** A record that is there, as it would be typed. */
export function formOf({ key, value, headers }: TypedRecord): RecordForm {
  const empty = emptyRecord()
  return {
    ...empty,
    key: key === null ? empty.key : payloadOf(key),
    hasEmptyKey: key !== null && key.size === 0,
    value: value === null ? empty.value : payloadOf(value),
    isTombstone: value === null,
    headers: headers.map(header => ({ key: header.key, value: header.value && payloadOf(header.value) })),
  }
}

/** By its bytes: what a screen makes of them is not always what they are. */
function payloadOf({ size, bytes, text: made, decoded }: Bytes): WrittenPayload {
  // What a schema wrote, a person can change only as what it says, and a schema has to write it again.
  if (decoded.schema !== null && decoded.problem === null && made !== null && !decoded.isCut) return { encoding: 'schema', text: made }
  const text = utf8(bytes)
  if (text !== null) return { encoding: isJson(text) ? 'json' : 'text', text }
  return size <= HEX_BYTES ? { encoding: 'hex', text: hex(bytes) } : { encoding: 'base64', text: base64(bytes) }
}

/** Null for what no text field would give back as it was: other bytes, control characters, and line ends that a browser changes. */
function utf8(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return [...text].every(character => character >= ' ' || character === '\t' || character === '\n') ? text : null
  } catch {
    return null
  }
}

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

const hex = (bytes: Uint8Array) => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(' ')

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}

/** What tells a record from others in a list. */
export const titleOf = ({ key, value, isTombstone }: RecordForm, tombstone: string) =>
  [key.text, isTombstone ? tombstone : value.text.replaceAll(/\s+/g, ' ')]
    .filter(part => part !== '')
    .join(' · ')
    .slice(0, 60)
