import { describe, expect, it } from 'vitest'
import { anEntry } from './anEntry.ts'
import { entryAt, missingPages, NO_PAGES, PAGE, withPage } from './entryPages.ts'

const entries = (from: number, count: number) => Array.from({ length: count }, (_, index) => anEntry({ offset: from + index }))
const read = (page: number, count: number, total: number, generation = 1) => ({ generation, total, entries: entries(page * PAGE, count) })

describe('the pages of a log that grows', () => {
  it('are those that were read', () => {
    const pages = withPage(NO_PAGES, 1, read(1, 200, 500))
    expect(entryAt(pages, 250)?.offset).toBe(250)
    expect(entryAt(pages, 10)).toBeUndefined()
    expect(missingPages(pages, { from: 150, to: 450 })).toEqual([0, 2])
  })

  it('are read again where there was less than a page and is more now', () => {
    const pages = withPage(withPage(NO_PAGES, 0, read(0, 150, 150)), 1, { ...read(1, 0, 201) })
    expect(missingPages(pages, { from: 0, to: 201 })).toEqual([0, 1])
  })

  it('are forgotten when another log is read, or the log was cut', () => {
    const pages = withPage(NO_PAGES, 0, read(0, 200, 500))
    expect(entryAt(withPage(pages, 1, read(1, 200, 500, 2)), 0)).toBeUndefined()
    expect(entryAt(withPage(pages, 1, read(1, 100, 300)), 0)).toBeUndefined()
  })

  it('may be none', () => {
    expect(missingPages({ ...NO_PAGES }, { from: 0, to: 10 })).toEqual([])
  })
})
