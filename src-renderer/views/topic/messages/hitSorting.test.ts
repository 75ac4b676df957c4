import { describe, expect, it } from 'vitest'
import type { MessageRow } from '../../../../src-main/contract/messages.ts'
import { aRecordBytes } from './aRecordBytes.ts'
import { canSortHits, sortedHits } from './hitSorting.ts'

const aHit = (offset: number, over: Partial<MessageRow> = {}): MessageRow => ({
  partition: offset % 2,
  offset,
  timestampMs: 0,
  timestampType: 'CreateTime',
  key: null,
  value: null,
  headerCount: 0,
  columns: [],
  ...over,
})
const offsets = (rows: readonly MessageRow[]) => rows.map(({ offset }) => offset)
const withValues = (...values: (string | null)[]) => values.map((value, offset) => aHit(offset, { columns: ['other', value] }))
const by = (rows: readonly MessageRow[], key: string, isDescending = false) =>
  offsets(sortedHits(rows, { key, isDescending }, ['value.x', 'value.n']))

describe('hits sorted by a column', () => {
  it('are in the order of numbers where all values are numbers', () => {
    expect(by(withValues('10', '9', '-1.5', '1e3'), 'value.n')).toEqual([2, 1, 0, 3])
    expect(by(withValues('10', '9', '-1.5', '1e3'), 'value.n', true)).toEqual([3, 0, 1, 2])
  })

  it('are in the order of words otherwise, with numbers inside of them counted', () => {
    expect(by(withValues('order-10', 'order-9', 'Order-2', '7'), 'value.n')).toEqual([3, 2, 1, 0])
  })

  it('end with what is not there, either way', () => {
    expect(by(withValues(null, '2', '1'), 'value.n')).toEqual([2, 1, 0])
    expect(by(withValues(null, '2', '1'), 'value.n', true)).toEqual([1, 2, 0])
    const rows = [
      aHit(0),
      aHit(1, { value: aRecordBytes('b') }),
      aHit(2, { value: aRecordBytes('a') }),
      aHit(3, { value: { ...aRecordBytes('xyz'), text: null } }),
    ]
    expect(by(rows, 'value')).toEqual([2, 1, 0, 3])
    expect(by(rows, 'bytes', true)).toEqual([3, 1, 2, 0])
  })

  it('stay as they were where they are equal', () => {
    expect(by([aHit(5), aHit(3), aHit(4)], 'headers')).toEqual([5, 3, 4])
    expect(by([aHit(5), aHit(3), aHit(4)], 'partition')).toEqual([4, 5, 3])
  })

  it('leave alone what they were taken from', () => {
    const rows = [aHit(2), aHit(1)]
    by(rows, 'offset')
    expect(offsets(rows)).toEqual([2, 1])
  })

  it('need to have been read with the path', () => {
    expect([canSortHits('time', []), canSortHits('value.n', ['value.n']), canSortHits('value.n', [])]).toEqual([true, true, false])
  })
})
