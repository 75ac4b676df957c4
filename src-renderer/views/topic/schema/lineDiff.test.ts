import fc from 'fast-check'
import { expect, it } from 'vitest'
import { lineDiff, shortDiff } from './lineDiff.ts'

const signs = { same: ' ', added: '+', removed: '-' }
const drawn = (older: string, newer: string) => lineDiff(older, newer).map(({ kind, text }) => signs[kind] + text)

it.each([
  ['a\nb\nc', 'a\nb\nc', [' a', ' b', ' c']],
  ['a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
  ['a\nc', 'a\nb\nc', [' a', '+b', ' c']],
  ['a\nb\na\nb', 'b\na', ['-a', ' b', ' a', '-b']],
])('from %j to %j', (older, newer, expected) => expect(drawn(older, newer)).toEqual(expected))

it('numbers lines as they stand in both texts', () => {
  expect(lineDiff('a\nb', 'b').map(({ before, after }) => [before, after])).toEqual([
    [1, null],
    [2, 1],
  ])
})

it('holds both texts, whatever they are', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '')).map(lines => lines.join('\n'))
  fc.assert(
    fc.property(text, text, (older, newer) => {
      const lines = lineDiff(older, newer)
      expect(
        lines
          .filter(({ kind }) => kind !== 'added')
          .map(({ text }) => text)
          .join('\n'),
      ).toBe(older)
      expect(
        lines
          .filter(({ kind }) => kind !== 'removed')
          .map(({ text }) => text)
          .join('\n'),
      ).toBe(newer)
    }),
  )
})

it('leaves out what is far from any change, and says how much', () => {
  const older = Array.from({ length: 20 }, (_, n) => `line ${n}`)
  const newer = older.with(10, 'changed')
  const short = shortDiff(lineDiff(older.join('\n'), newer.join('\n')), 1)
  expect(short.map(line => ('count' in line ? line.count : line.text))).toEqual([9, 'line 9', 'line 10', 'changed', 'line 11', 8])
})
