import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatJson } from './formatJson.ts'

it('keeps numbers that doubles cannot hold, and keys that come twice', () => {
  expect(formatJson('{"id":12345678901234567890,"id":1.10}')).toBe('{\n  "id": 12345678901234567890,\n  "id": 1.10\n}')
})

it('looks as JSON.stringify would write it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      expect(formatJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2))
    }),
  )
})

it('leaves what is not JSON alone', () => {
  expect(formatJson('{"cut": "sho')).toBe('{"cut": "sho')
})
