import { describe, expect, it } from 'vitest'
import { NetworkError } from '../env/env.ts'
import { toFailure } from './toFailure.ts'

describe('an error as the screens get it', () => {
  it('keeps its code and what fills the blanks of its sentence, and nothing that is no text or number', () => {
    const error = Object.assign(new Error('no'), { code: 'INVALID_FILTER', details: { problem: 'x', at: 3, secret: { a: 1 } } })
    expect(toFailure(error)).toEqual({ code: 'INVALID_FILTER', message: 'no', details: { problem: 'x', at: 3 } })
  })

  it('has a code in any case', () => {
    expect(toFailure(new NetworkError('ETIMEDOUT', 'late'))).toEqual({ code: 'ETIMEDOUT', message: 'late', details: {} })
    expect(toFailure(new Error('no'))).toEqual({ code: 'FAILED', message: 'no', details: {} })
    expect(toFailure('no')).toEqual({ code: 'FAILED', message: 'no', details: {} })
  })
})
