import { describe, expect, it } from 'vitest'
import { sortedRows, type TopicRow } from './topicRows.ts'

const row = (name: string, more: Partial<TopicRow['topic']> = {}, rateIn: number | null = null): TopicRow => ({
  topic: {
    name,
    topicId: null,
    isInternal: false,
    partitions: 1,
    replicationFactor: 3,
    records: 0,
    logEndOffsets: 0,
    sizeBytes: 0,
    underReplicated: 0,
    offline: 0,
    ...more,
  },
  survey: undefined,
  rateIn,
  rateOut: null,
})
const names = (rows: readonly TopicRow[]) => rows.map(({ topic }) => topic.name).join('')

describe('the order of topics', () => {
  it('is by the column that was chosen, either way, and by name among equals', () => {
    const rows = [row('c', { records: 5 }), row('b', { records: 9 }), row('a', { records: 5 })]
    expect(names(sortedRows(rows, { key: 'records', isDescending: true }))).toBe('bac')
    expect(names(sortedRows(rows, { key: 'records', isDescending: false }))).toBe('acb')
  })

  it('has what is not known last, either way', () => {
    const rows = [row('a', {}, null), row('b', {}, 7), row('c', {}, 3)]
    expect(names(sortedRows(rows, { key: 'in', isDescending: true }))).toBe('bca')
    expect(names(sortedRows(rows, { key: 'in', isDescending: false }))).toBe('cba')
  })

  it('puts a partition without a leader before any number that are under-replicated', () => {
    const rows = [row('a', { underReplicated: 50 }), row('b', { offline: 1 })]
    expect(names(sortedRows(rows, { key: 'health', isDescending: true }))).toBe('ba')
  })

  it('is there for a thousand topics before anybody notices', () => {
    const rows = Array.from({ length: 1_000 }, (_, n) => row(`topic-${(n * 7919) % 1_000}`, { records: n % 13 }))
    expect(sortedRows(rows, { key: 'records', isDescending: true })).toHaveLength(1_000)
  })
})
