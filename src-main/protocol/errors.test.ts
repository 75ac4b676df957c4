import { expect, it } from 'vitest'
import { errorCode, errorMessage, type ErrorName, errorName, errors, isRetriable, wantsRefresh } from './errors.ts'

it('knows every code from -1 to 136, once', () => {
  const codes = Object.values(errors).map(({ code }) => code)
  expect(codes.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 138 }, (_, index) => index - 1))
  for (const name of Object.keys(errors) as ErrorName[]) expect(errorName(errorCode(name))).toBe(name)
})

it('takes a code that it does not know for the unknown error', () => expect(errorName(9999)).toBe('UNKNOWN_SERVER_ERROR'))

it('tells what a client does next', () => {
  expect([isRetriable('NOT_LEADER_OR_FOLLOWER'), wantsRefresh('NOT_LEADER_OR_FOLLOWER')]).toEqual([true, true])
  expect([isRetriable('REQUEST_TIMED_OUT'), wantsRefresh('REQUEST_TIMED_OUT')]).toEqual([true, false])
  expect([isRetriable('INVALID_CONFIG'), wantsRefresh('INVALID_CONFIG')]).toEqual([false, false])
})

it('has a sentence for each, and none for success', () => {
  expect(errorMessage('NONE')).toBeNull()
  for (const name of Object.keys(errors) as ErrorName[]) if (name !== 'NONE') expect(errorMessage(name)).toMatch(/^[A-Z a-z].*\.$/)
})
