import { expect, it } from 'vitest'
import { ageFigure, ageText, rateText } from './ageText.ts'

it.each([
  [0, '0.0 s', '0.0 s'],
  [240, '0.2 s', '0.2 s'],
  [9_400, '9.4 s', '9.4 s'],
  [41_900, '41 s', '41 s'],
  [549_000, '9 min 09 s', '9:09 min'],
  [12_300_000, '3 h 25 min', '3:25 h'],
  [216_000_000, '2 d 12 h', '2.5 d'],
])('%i ms is written as %s, and large as %s', (ms, text, figure) => {
  expect(ageText(ms)).toBe(text)
  expect(Object.values(ageFigure(ms)).join(' ')).toBe(figure)
})

it.each([
  [0, '0'],
  [2.34, '2.3'],
  [411.4, '411'],
  [12_345, '12,345'],
  [-3.5, '\u22123.5'],
])('%d records a second are written as %s', (rate, text) => expect(rateText(rate)).toBe(text))
