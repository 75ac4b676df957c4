import { describe, expect, it } from 'vitest'
import { figuresOf, percentile, tableOf } from './figures.ts'

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

it('beside a peer a row has its median and the ratio of the medians; a ceiling is a share', () => {
  const lines = tableOf([
    { name: 'produce', unit: 'MB/s', values: [150, 170, 160], peer: [80, 90, 100], ceiling: 640 },
    { name: 'our own', unit: 'ms', values: [3] },
  ]).split('\n')
  expect(lines[0]).toMatch(/^ +median +min +max +Kafka +ratio +of ceiling +n +bar$/)
  expect(lines[1]).toMatch(/^produce +160 +150 +170 +90\.0 +1\.8 +25 % +MB\/s +3$/)
  expect(lines[2]).toMatch(/^our own +3\.00 +3\.00 +3\.00 +ms +1$/)
})

it.each([
  { values: [5, 1, 4, 2, 3], share: 0.5, is: 3 },
  { values: [5, 1, 4, 2, 3], share: 0.99, is: 5 },
  { values: [7], share: 0.999, is: 7 },
  { values: Array.from({ length: 1_000 }, (_, index) => index + 1), share: 0.999, is: 999 },
])('the percentile $share of $values.length values is $is', ({ values, share, is }) => expect(percentile(values, share)).toBe(is))
