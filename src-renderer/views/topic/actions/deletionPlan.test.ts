import { expect, it } from 'vitest'
import { deletionPlan } from './deletionPlan.ts'

it('says of each partition how many offsets go, and moves none back or beyond its end', () => {
  const extents = [0, 1, 2, 3, 4].map(partition => ({ partition, start: 100, end: 1_100 }))
  const typed = new Map([
    [1, '600'],
    [2, '50'],
    [3, '1,101'],
    [4, 'all'],
  ])
  expect(deletionPlan(extents, typed).map(({ to, goes }) => [to, goes])).toEqual([
    [100, 0],
    [600, 500],
    [100, 0],
    [null, 0],
    [null, 0],
  ])
})
