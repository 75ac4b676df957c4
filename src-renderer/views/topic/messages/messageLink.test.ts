import { expect, it } from 'vitest'
import { linkOf, queryOfLink } from './messageLink.ts'
import { emptyForm } from './searchForm.ts'

it('leads to a record, a time, a search', () => {
  expect(linkOf({ partition: '0', offset: '123' })).toMatchObject({ place: { partition: 0, offset: 123 } })
  expect(linkOf({ from: '2026-01-31T10:00:00.000Z' })).toMatchObject({ fromMs: Date.UTC(2026, 0, 31, 10) })
  expect(linkOf({ search: 'refund', partitions: '0,2', order: 'oldest' })).toMatchObject({
    search: { ...emptyForm(), text: 'refund' },
    chosen: [0, 2],
    order: 'oldest',
  })
})

it('comes back as it was given', () => {
  const link = {
    place: { partition: 3, offset: 9 },
    fromMs: null,
    search: { ...emptyForm(), mode: 'predicate' as const, predicate: 'value.a > 1' },
    chosen: [1],
    order: 'oldest' as const,
  }
  expect(linkOf(queryOfLink(link) as Record<string, string>)).toEqual(link)
})

it('leaves out what makes no sense', () => {
  expect(linkOf({ partition: 'x', offset: '-1', from: 'soon', partitions: ',', order: 'best', search: '{' })).toEqual({
    place: null,
    fromMs: null,
    search: null,
    chosen: null,
    order: null,
  })
})
