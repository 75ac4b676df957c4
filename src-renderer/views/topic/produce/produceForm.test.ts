import { describe, expect, it } from 'vitest'
import { countOf, emptyRecord, formOf, rateOf, recordOf, settingsOf, titleOf } from './produceForm.ts'
import { fromRaw, toRaw } from './rawRecord.ts'

const bytesOf = (text: string | Uint8Array<ArrayBuffer>) => {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const decoded = { format: 'text' as const, problem: null, schema: null, isCut: false }
  return { size: bytes.length, bytes, text: null, decoded }
}

describe('a record that is typed', () => {
  it('has no key where nothing is typed, or an empty one when that is meant', () => {
    expect(recordOf(emptyRecord()).key).toBeNull()
    expect(recordOf({ ...emptyRecord(), hasEmptyKey: true }).key).toEqual({ encoding: 'text', text: '' })
  })

  it('has no headers without a name', () => {
    const value = { encoding: 'text' as const, text: 'v' }
    expect(
      recordOf({
        ...emptyRecord(),
        headers: [
          { key: '', value },
          { key: 'a', value: null },
        ],
      }).headers,
    ).toEqual([{ key: 'a', value: null }])
  })

  it.each([
    ['byKey', { kind: 'byKey' }],
    ['roundRobin', { kind: 'roundRobin' }],
    ['12', { kind: 'fixed', partition: 12 }],
    ['nonsense', { kind: 'byKey' }],
  ])('goes %s', (partitioner, choice) => expect(settingsOf({ ...emptyRecord(), partitioner }).partitioner).toEqual(choice))

  it.each([
    ['1,000', 1_000],
    ['0', null],
    ['1.5', null],
    ['', null],
    ['1e10', null],
  ])('%s times is %s', (typed, count) => expect(countOf(typed)).toBe(count))

  it.each([
    ['', null],
    ['0.5', 0.5],
    ['0', 'wrong'],
    ['fast', 'wrong'],
  ])('%j per second is %s', (typed, rate) => expect(rateOf(typed)).toBe(rate))

  it('is called by its key and value', () => {
    const form = { ...emptyRecord(), key: { encoding: 'text' as const, text: 'k' }, value: { encoding: 'text' as const, text: 'a\n  b' } }
    expect(titleOf(form, 'null')).toBe('k · a b')
    expect(titleOf({ ...form, isTombstone: true }, 'null')).toBe('k · null')
  })
})

describe('a record that is there', () => {
  it('is typed as it is: text, JSON, bytes, and nothing', () => {
    const form = formOf({
      key: bytesOf('k'),
      value: bytesOf('{"a": 1}'),
      headers: [
        { key: 'b', value: bytesOf(Uint8Array.of(0, 255)) },
        { key: 'n', value: null },
        { key: 'crlf', value: bytesOf('a\r\n') },
      ],
    })
    expect(recordOf(form)).toEqual({
      key: { encoding: 'text', text: 'k' },
      value: { encoding: 'json', text: '{"a": 1}' },
      headers: [
        { key: 'b', value: { encoding: 'hex', text: '00 ff' } },
        { key: 'n', value: null },
        { key: 'crlf', value: { encoding: 'hex', text: '61 0d 0a' } },
      ],
    })
    expect(formOf({ key: bytesOf(''), value: null, headers: [] })).toMatchObject({ hasEmptyKey: true, isTombstone: true })
    expect(formOf({ key: null, value: bytesOf(new Uint8Array(5_000)), headers: [] }).value.encoding).toBe('base64')
  })
})

describe('a record that a schema wrote', () => {
  const schema = { format: 'avro' as const, source: 'registry' as const, name: 'Order', id: 7, subject: null, version: null }
  const value = {
    ...bytesOf(Uint8Array.of(0, 0, 0, 0, 7, 2)),
    text: '{"id":1}',
    decoded: { format: 'avro' as const, problem: null, schema, isCut: false },
  }

  it('is typed as what it says, and written by a schema again', () => {
    const form = formOf({ key: null, value, headers: [] })
    expect(form.value).toEqual({ encoding: 'schema', text: '{"id":1}' })
    expect(fromRaw(toRaw(form), form).value).toEqual({ encoding: 'schema', text: '{"id":1}' })
  })

  it('is bytes where the schema could not read all of it', () => {
    const broken = { ...value, decoded: { ...value.decoded, problem: { code: 'schemaMismatch' as const, details: {} } } }
    expect(formOf({ key: null, value: broken, headers: [] }).value.encoding).toBe('hex')
  })
})

describe('the raw text of a record', () => {
  const form = {
    ...emptyRecord(),
    key: { encoding: 'hex' as const, text: '00 ff' },
    value: { encoding: 'json' as const, text: '{"a":[1,2]}' },
    headers: [{ key: 'h', value: { encoding: 'base64' as const, text: 'AA==' } }],
    partitioner: '2',
  }

  it('says the same, and comes back as the same', () => {
    expect(JSON.parse(toRaw(form))).toEqual({
      key: { $hex: '00 ff' },
      value: { a: [1, 2] },
      headers: [{ key: 'h', value: { $base64: 'AA==' } }],
      partition: 2,
    })
    expect(fromRaw(toRaw(form), emptyRecord())).toEqual(form)
  })

  it('keeps JSON as it was typed when JSON would write it otherwise', () => {
    const typed = { ...form, value: { encoding: 'json' as const, text: '{"n": 12345678901234567890}' } }
    expect((JSON.parse(toRaw(typed)) as { value: unknown }).value).toBe('{"n": 12345678901234567890}')
  })

  it('lets the key decide when no partition is in it any more', () => {
    expect(fromRaw('{"value":"v"}', form).partitioner).toBe('byKey')
    expect(fromRaw('{"value":null,"headers":{"a":"1"}}', { ...form, partitioner: 'sticky' })).toMatchObject({
      partitioner: 'sticky',
      isTombstone: true,
      headers: [{ key: 'a', value: { encoding: 'text', text: '1' } }],
    })
  })

  it.each(['{', '[]', '{"key":"k"}', '{"value":"v","val":1}', '{"value":"v","partition":-1}', '{"value":"v","headers":[1]}'])(
    '%s is none',
    text => expect(() => fromRaw(text, form)).toThrow(),
  )
})
