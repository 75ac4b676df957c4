import { describe, expect, it } from 'vitest'
import { typedReplicas, typedThrottle } from './placements.ts'

describe('replicas as they are typed', () => {
  it.each([
    { text: '1, 2,3', ids: [1, 2, 3] },
    { text: ' 3 1 ', ids: [3, 1] },
    { text: '', ids: null },
    { text: '1, 1', ids: null },
    { text: '1, 9', ids: null },
    { text: 'one', ids: null },
  ])('“$text”', ({ text, ids }) => expect(typedReplicas(text, [1, 2, 3])).toEqual(ids))
})

it('a throttle is typed in MB/s, or not at all', () => {
  expect(typedThrottle(' ')).toBeNull()
  expect(typedThrottle('2.5')).toBe(2_500_000)
  expect(typedThrottle('0')).toBeNaN()
  expect(typedThrottle('fast')).toBeNaN()
})
