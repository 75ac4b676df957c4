import { describe, expect, it } from 'vitest'
import { figuresOf, tableOf } from './figures.ts'

describe('the figures of a row', () => {
  it.each([
    { values: [3], median: 3, min: 3, max: 3 },
    { values: [5, 1, 3], median: 3, min: 1, max: 5 },
    { values: [4, 1, 3, 2], median: 2.5, min: 1, max: 4 },
    { values: [10, 9], median: 9.5, min: 9, max: 10 },
  ])('of $values are the median $median between $min and $max', ({ values, ...figures }) => expect(figuresOf(values)).toEqual(figures))

  it('are not made up when nothing was measured', () => expect(() => figuresOf([])).toThrow(RangeError))
})

it('a table has a line for each row, numbers aligned', () => {
  const lines = tableOf([
    { name: 'start', unit: 'ms', values: [1234.4, 900], bar: '≤ 1,500' },
    { name: 'memory', unit: 'MB', values: [21.55] },
  ]).split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toMatch(/^start +1,067 +900 +1,234 +ms +2 +≤ 1,500$/)
  expect(lines[2]).toMatch(/^memory +21\.[56] +21\.[56] +21\.[56] +MB +1$/)
  expect(lines[1]?.indexOf(' ms ')).toBe(lines[2]?.indexOf(' MB '))
})
