import { describe, expect, it } from 'vitest'
import { caretFor, lookOf, ownerOf } from './byteLooks.ts'

const ranges = [
  { key: 'a', at: 0, size: 8 },
  { key: 'b', at: 8, size: 4 },
  { key: 'c', at: 20, size: 2 },
]
const plain = { ranges, chosen: null, hovered: null, coveredFrom: 10, wrong: new Set<number>() }

describe('a byte', () => {
  it('belongs to the field that it lies in, if it lies in one', () => {
    expect([0, 7, 8, 11, 12, 19, 20, 21, 22].map(at => ownerOf(ranges, at))).toEqual([0, 0, 1, 1, -1, -1, 2, 2, -1])
  })

  it('looks as its field does', () => {
    expect(lookOf(plain, 3, 0)).toEqual([])
    expect(lookOf(plain, 10, 0)).toEqual(['odd', 'covered'])
    expect(lookOf({ ...plain, chosen: ranges[1]! }, 8, 0)).toEqual(['odd', 'chosen', 'first'])
    expect(lookOf({ ...plain, chosen: ranges[1]! }, 11, 0)).toEqual(['odd', 'covered', 'chosen', 'last'])
    expect(lookOf({ ...plain, wrong: new Set([9]) }, 9, 0)).toContain('wrong')
  })

  it('differs only from what is known to be another', () => {
    const other = (at: number) => [1, 2, undefined][at]
    expect([0, 1, 2].map(at => lookOf({ ...plain, other }, at, 1).includes('differs'))).toEqual([false, true, false])
    expect(lookOf({ ...plain, other }, 1, undefined)).not.toContain('differs')
  })

  it('is reached by arrows, within the batch', () => {
    const size = { size: 100, page: 4 }
    expect(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'].map(key => caretFor(key, 20, size))).toEqual([
      19, 21, 4, 36, 16, 31,
    ])
    expect([caretFor('ArrowLeft', 0, size), caretFor('PageDown', 90, size), caretFor('x', 3, size)]).toEqual([0, 99, undefined])
  })
})
