import fc from 'fast-check'
import { expect, it } from 'vitest'
import { textLine, textLines } from './textLines.ts'

const linesOf = (text: string, columns: number) => {
  const starts = textLines(text, columns)
  return Array.from(starts, (_, index) => textLine(text, starts, index))
}

it('breaks where the text does, and where a line is too long', () => {
  expect(linesOf('one\ntwo and more\n\nx\n', 5)).toEqual(['one', 'two a', 'nd mo', 're', '', 'x', ''])
  expect(linesOf('', 80)).toEqual([''])
})

it('loses nothing, and tears no character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 2, max: 20 }), (raw, columns) => {
      const text = raw.replaceAll(/[\r\n]/g, '')
      const lines = linesOf(text, columns)
      expect(lines.join('')).toBe(text)
      for (const line of lines) expect(line.isWellFormed() || !text.isWellFormed()).toBe(true)
    }),
  )
})

it('takes fifty million characters in one line', () => {
  expect(textLines('x'.repeat(50_000_000), 100).length).toBe(500_000)
})
