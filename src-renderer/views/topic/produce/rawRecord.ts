import type { WrittenPayload } from '../../../../src-main/contract/records.ts'
import type { HeaderField, RecordForm } from './produceForm.ts'

type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

/** The record of a form as one JSON object: the form that an import reads, over several lines. */
export function toRaw(form: RecordForm): string {
  const { key, hasEmptyKey, value, isTombstone, headers, partitioner } = form
  return JSON.stringify(
    {
      key: key.text === '' && !hasEmptyKey ? null : rawPayload(key),
      value: isTombstone ? null : rawPayload(value),
      headers: headers
        .filter(header => header.key !== '')
        .map(header => ({ key: header.key, value: header.value && rawPayload(header.value) })),
      ...(/^\d+$/.test(partitioner) ? { partition: Number(partitioner) } : {}),
    },
    null,
    2,
  )
}

/** JSON stands in it as JSON, as long as its text is what would come out again. */
function rawPayload({ encoding, text }: WrittenPayload): Json {
  if (encoding === 'base64') return { $base64: text }
  if (encoding === 'hex') return { $hex: text }
  if (encoding === 'text') return text
  try {
    const parsed = JSON.parse(text) as Json
    return typeof parsed === 'object' && parsed !== null && JSON.stringify(parsed) === text ? parsed : text
  } catch {
    return text
  }
}

/** The same back. Throws an `Error` with the reason. */
export function fromRaw(raw: string, before: RecordForm): RecordForm {
  const fields = JSON.parse(raw) as Json
  if (!isObject(fields)) throw new Error('{…}')
  const unknown = Object.keys(fields).find(name => !['key', 'value', 'headers', 'partition'].includes(name))
  if (unknown !== undefined) throw new Error(`${JSON.stringify(unknown)}?`)
  const { key = null, value, headers = [], partition = null } = fields
  if (value === undefined) throw new Error('"value"?')
  if (partition !== null && !(Number.isInteger(partition) && (partition as number) >= 0)) throw new Error('"partition"?')
  const pairs = Array.isArray(headers)
    ? headers
    : Object.entries(isObject(headers) ? headers : {}).map(([name, of]) => ({ key: name, value: of }))
  const isKnown = /^\d+$/.test(before.partitioner)
  return {
    ...before,
    key: key === null ? { encoding: 'text', text: '' } : written(key, before.key.encoding),
    hasEmptyKey: key === '',
    value: value === null ? { encoding: 'text', text: '' } : written(value, before.value.encoding),
    isTombstone: value === null,
    headers: pairs.map(headerOf),
    partitioner: partition === null ? (isKnown ? 'byKey' : before.partitioner) : String(Number(partition)),
  }
}

function headerOf(pair: Json): HeaderField {
  if (!isObject(pair) || typeof pair['key'] !== 'string') throw new Error('"headers"?')
  const { key, value = null } = pair
  return { key, value: value === null ? null : written(value) }
}

/** Nothing in the text says that it is to be written by a schema: what was, stays so. */
function written(payload: Json, before: WrittenPayload['encoding'] = 'text'): WrittenPayload {
  if (typeof payload === 'string') return { encoding: before === 'schema' ? 'schema' : 'text', text: payload }
  if (isObject(payload) && Object.keys(payload).length === 1) {
    const { $base64, $hex } = payload
    if (typeof $base64 === 'string') return { encoding: 'base64', text: $base64 }
    if (typeof $hex === 'string') return { encoding: 'hex', text: $hex }
  }
  return { encoding: before === 'schema' ? 'schema' : 'json', text: JSON.stringify(payload) }
}

const isObject = (value: Json): value is { [name: string]: Json } => typeof value === 'object' && value !== null && !Array.isArray(value)
