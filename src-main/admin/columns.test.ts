import { describe, expect, it } from 'vitest'
import { compileColumns } from './columns.ts'

const record = {
  offset: 0,
  timestamp: 0,
  key: Buffer.from('{"id":7}'),
  value: Buffer.from('{"order":{"total":12.5,"items":[{"sku":"a"},{"sku":"b"}],"note":null},"id":12345678901234567890}'),
  headers: [
    { key: 'trace', value: Buffer.from('first') },
    { key: 'trace', value: Buffer.from('last') },
    { key: 'x.y', value: Buffer.from('dotted') },
    { key: 'empty', value: null },
  ],
}

describe('columns of a record', () => {
  it.each([
    ['value.order.total', '12.5'],
    ['value.order.items[*].sku', 'a, b'],
    ['value.order.items', '[{"sku":"a"},{"sku":"b"}]'],
    ['value.order.note', 'null'],
    ['value.id', '12345678901234567890'],
    ['key.id', '7'],
    ['key', '{"id":7}'],
    ['headers.trace', 'last'],
    ['headers.x.y', 'dotted'],
    ['headers["x.y"]', 'dotted'],
    ['headers.empty', null],
    ['headers.absent', null],
    ['value.absent', null],
    ['value.', null],
    ['values.a', null],
    ['', null],
  ])('%s is %j', (path, text) => {
    expect(compileColumns([path])(record)).toEqual([text])
  })

  it('are null where there is nothing, and hex where there is no text', () => {
    const columns = compileColumns(['value', 'value.a', 'key', 'key.a'])
    expect(columns({ ...record, value: null, key: Buffer.from([0xff, 0x01]) })).toEqual([null, null, '0xff01', null])
    expect(columns({ ...record, value: Buffer.from('no json'), key: Buffer.alloc(0) })).toEqual(['no json', null, '', null])
  })

  it('show the beginning of what is long', () => {
    const [text] = compileColumns(['value'])({ ...record, value: Buffer.from('ü'.repeat(5_000)) })
    expect(text).toBe('ü'.repeat(512))
  })
})
