import { expect, it } from 'vitest'
import { fillIn } from './fillIn.ts'

it('puts values into a sentence, whatever they look like', () => {
  expect(fillIn('offset {offset} comes after {last}, {offset}', { offset: 7, last: '{offset} $& $1' })).toBe(
    'offset 7 comes after {offset} $& $1, 7',
  )
})

it('leaves a blank that has no value', () => {
  expect(fillIn('{toString} {what}', {})).toBe('{toString} {what}')
})
