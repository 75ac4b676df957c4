import { expect, it } from 'vitest'
import { Lru } from './lru.ts'

it('forgets what was used longest ago, and tells of it', () => {
  const forgotten: string[] = []
  const lru = new Lru<string, number>(2, key => forgotten.push(key))
  lru.set('a', 1)
  lru.set('b', 2)
  expect(lru.get('a')).toBe(1)
  lru.set('c', 3)
  expect(forgotten).toEqual(['b'])
  expect([...lru.values()]).toEqual([1, 3])
})

it('counts a replaced entry as used, and once', () => {
  const lru = new Lru<string, number>(2)
  lru.set('a', 1)
  lru.set('b', 2)
  lru.set('a', 3)
  lru.set('c', 4)
  expect([lru.size, lru.get('a'), lru.has('b')]).toEqual([2, 3, false])
})
