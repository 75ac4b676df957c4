import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { EVERY, InvalidPath, mayBeJson, parseJson, parseRecordPath, textOf, valuesAt } from './recordPath.ts'

describe('a path into JSON', () => {
  it.each([
    ['order.items[0].price', ['order', 'items', 0, 'price']],
    ['$.order', ['order']],
    ['$', []],
    ['', []],
    ['$[0]', [0]],
    ['[0][1]', [0, 1]],
    ['items[*].sku', ['items', EVERY, 'sku']],
    ['["a.b"].c', ['a.b', 'c']],
    [`a['it\\'s']`, ['a', "it's"]],
    ['$price', ['$price']],
    ['a.$.b', ['a', '$', 'b']],
    ['größe', ['größe']],
  ])('of %s', (text, steps) => {
    expect(parseRecordPath(text)).toEqual(steps)
  })

  it.each(['a.', '.', 'a..b', 'a[', 'a[x]', 'a]', 'a[0]b', '$.', '["a', '..'])('is not %s', text => {
    expect(() => parseRecordPath(text)).toThrow(InvalidPath)
  })

  const order = {
    items: [
      { sku: 'a', tags: ['x', 'y'] },
      { sku: 'b', tags: [] },
    ],
    total: 5,
    '0': 'zero',
  }
  it.each([
    ['total', [5]],
    ['items[1].sku', ['b']],
    ['items[*].sku', ['a', 'b']],
    ['items[*].tags[*]', ['x', 'y']],
    ['items.length', [2]],
    ['items[2]', []],
    ['total.deeper', []],
    ['constructor', []],
    ['__proto__', []],
    ['[0]', ['zero']],
  ])('leads to what is at %s', (path, values) => {
    expect(valuesAt(order, parseRecordPath(path))).toEqual(values)
  })
})

describe('JSON', () => {
  it('keeps integers that a number cannot hold, and nothing that is no JSON', () => {
    expect(parseJson('{"id":12345678901234567890,"n":1.5}')).toEqual({ id: 12345678901234567890n, n: 1.5 })
    expect(parseJson('no')).toBeUndefined()
    for (const exact of ['12345678901234567.5', '1.23456789012345678901', '1e400', '[0.12345678901234567890,1e-400]']) {
      expect(textOf(parseJson(exact))).toBe(exact)
    }
    expect(parseJson('[0.30000000000000004,1e300,1.5E+100]')).toEqual([0.30000000000000004, 1e300, 1.5e100])
    expect(textOf({ a: [1, 'x', 12345678901234567890n] })).toBe('{"a":[1,"x",12345678901234567890]}')
    expect([textOf('x'), textOf(12345678901234567890n), textOf(null), textOf(true)]).toEqual(['x', '12345678901234567890', 'null', 'true'])
  })

  test.prop([
    fc.oneof(
      fc.json(),
      fc.json({ depthSize: 'small' }).map(text => ` \t\r\n${text}\n `),
      fc.double().map(String),
    ),
  ])('is never taken for something else by its ends alone', text => {
    fc.pre(isJson(text))
    expect(mayBeJson(text)).toBe(true)
  })

  it.each(['', ' ', 'customer-7', '550e8400-e29b-41d4-a716-446655440000', '01', '1.', '{"a":1', '"', 'nul', 'true!', '\u00a01'])(
    'is not even tried in %j',
    text => {
      expect(isJson(text)).toBe(false)
      expect(mayBeJson(text)).toBe(false)
    },
  )
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
