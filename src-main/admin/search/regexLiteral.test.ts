import { describe, expect, it } from 'vitest'
import { requiredLiteral } from './regexLiteral.ts'

const literal = (pattern: string) => requiredLiteral(pattern, { isCaseSensitive: true })
const folded = (pattern: string) => requiredLiteral(pattern, { isCaseSensitive: false })

describe('the literal of a regular expression', () => {
  it.each([
    ['order', 'order'],
    ['SKU-\\d+-needle', '-needle'],
    ['abc?defg', 'defg'],
    ['abc*d', 'ab'],
    ['abc+d', 'abc'],
    ['abcd{0,3}', 'abc'],
    ['abcd{2}e', 'abcd'],
    ['(foo|bar)baz', 'baz'],
    ['(?:x(y)[)]z)*quux', 'quux'],
    ['[abc]def', 'def'],
    ['[\\]x]def', 'def'],
    ['^total\\.price$', 'total.price'],
    ['a.bc', 'bc'],
    ['caf\\u00e9', ''],
    ['\\x41bc', ''],
    ['foo|bar', ''],
    ['(?<name>x)\\k<name>', ''],
    ['(x)\\1', ''],
    ['Gdańsk', 'Gdańsk'],
    ['ab\\bcd', 'ab'],
    ['(?=never)abc', 'abc'],
    ['(?!never)abc', 'abc'],
    ['a\\/b', 'a/b'],
    ['x{,3}y', ''],
    ['', ''],
  ])('of %s is %j', (pattern, expected) => {
    expect(literal(pattern)).toBe(expected)
  })

  it('has no letter that has another case beyond ASCII when case does not count', () => {
    expect(folded('task')).toBe('ta')
    expect(folded('café au lait')).toBe(' au lait')
  })
})
