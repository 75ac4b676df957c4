import { expect, it } from 'vitest'
import { visibleText } from './visibleText.ts'

it('writes out what would turn the direction of text', () => {
  expect(visibleText('invoice\u202egpj.exe')).toBe('invoice\\u202egpj.exe')
  expect(visibleText('a\u2066b\u2069')).toBe('a\\u2066b\\u2069')
})

it('leaves text of any direction as it is', () => {
  for (const text of ['plain', 'שלום', 'مرحبا 12', '你好', '\u200f!']) expect(visibleText(text)).toBe(text)
})
