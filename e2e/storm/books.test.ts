import { describe, expect, it } from 'vitest'
import { CommitRegister, ReaderBook } from './books.ts'

describe('a committed offset', () => {
  it('is the last one acknowledged', () => {
    const register = new CommitRegister()
    expect(register.asks()(-1)).toBeUndefined()
    register.sends({ by: 'a', offset: 10 }, 1).acknowledged(2)
    register.sends({ by: 'a', offset: 20 }, 3).acknowledged(4)
    expect(register.asks()(20)).toBeUndefined()
    expect(register.asks()(10)).toContain('the committed offset is 10, and should be 20')
  })

  it('may be one of which nothing was heard, and the one before it', () => {
    const register = new CommitRegister()
    register.sends({ by: 'a', offset: 10 }, 1).acknowledged(2)
    register.sends({ by: 'a', offset: 20 }, 3)
    expect(register.asks()(10)).toBeUndefined()
    expect(register.asks()(20)).toBeUndefined()
    register.sends({ by: 'a', offset: 30 }, 5).acknowledged(6)
    expect(register.asks()(20)).toBeUndefined()
    expect(register.asks()(10)).toContain('should be 20 or 30')
  })

  it('may be one that was acknowledged between the question and the answer, or the one before it', () => {
    const register = new CommitRegister()
    register.sends({ by: 'a', offset: 10 }, 1).acknowledged(2)
    const answer = register.asks()
    register.sends({ by: 'a', offset: 20 }, 3).acknowledged(4)
    register.sends({ by: 'a', offset: 30 }, 5).acknowledged(6)
    for (const offset of [10, 20, 30]) expect(answer(offset)).toBeUndefined()
  })
})

describe('what was read', () => {
  it('may be read again, and must be the same', () => {
    const book = new ReaderBook()
    book.read(5, 'a 1 ...')
    book.read(5, 'a 1 ..')
    expect(book.changes).toEqual([])
    book.read(5, 'b 1 ...')
    expect(book.changes).toEqual(['offset 5 was "a 1" and is "b 1"'])
  })
})
