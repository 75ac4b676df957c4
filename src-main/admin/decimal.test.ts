import { expect, it } from 'vitest'
import { compareWritten } from './decimal.ts'

it.each([
  ['9007199254740993', '9007199254740992', 1],
  ['9007199254740993', '+9007199254740993.0', 0],
  ['9007199254740993', '9007199254740993.5', -1],
  ['-9007199254740993', '-9007199254740992', -1],
  ['0.1', '0.10000000000000001', -1],
  ['1.50', '1.5', 0],
  ['1e400', '1e401', -1],
  ['1e400', '9e399', 1],
  ['-1e400', '5', -1],
  ['1e-400', '0', 1],
  ['0e5', '-0', 0],
  ['1E+2', '100', 0],
  ['.5', '0.50', 0],
])('%s against %s, to the last digit', (one, other, sign) => {
  expect(Math.sign(compareWritten(one, other))).toBe(sign)
  expect(Math.sign(compareWritten(other, one))).toBe(sign === 0 ? 0 : -sign)
})

it.each(['', '.', 'e5', '1e', '0x10', 'NaN', ' 1', `${'1'.repeat(5_000)}`])('no number: %s', text => {
  expect(compareWritten(text, '1')).toBeNaN()
})
