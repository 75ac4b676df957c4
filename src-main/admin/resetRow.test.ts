import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resetRow } from './resetRow.ts'

const orders = { topic: 'orders', partition: 2 }
const ground = { ...orders, committed: 60, start: 10, end: 100 }

describe('what a reset does to a partition', () => {
  it.each([
    { what: 'goes back', wish: { offset: 20 }, row: { after: 20, readAgain: 40, skipped: 0, note: 'asAsked' } },
    { what: 'goes on', wish: { offset: 90 }, row: { after: 90, readAgain: 0, skipped: 30, note: 'asAsked' } },
    { what: 'stops at the start of the log', wish: { offset: 3 }, row: { after: 10, readAgain: 50, skipped: 0, note: 'atStart' } },
    { what: 'stops at its end', wish: { offset: 900 }, row: { after: 100, readAgain: 0, skipped: 40, note: 'atEnd' } },
    {
      what: 'says that no record is so young',
      wish: { offset: 100, note: 'noYoungerRecord' },
      row: { after: 100, note: 'noYoungerRecord' },
    },
    { what: 'leaves it as it is', wish: { note: 'nothingToCopy' }, row: { after: null, readAgain: 0, skipped: 0, note: 'nothingToCopy' } },
  ] as const)('$what', ({ wish, row }) => expect(resetRow(ground, wish)).toMatchObject({ ...orders, before: 60, ...row }))

  it('is not known while no leader tells where the log begins and ends', () => {
    expect(resetRow({ ...ground, end: undefined }, { offset: 20 })).toMatchObject({ after: null, note: 'unknown' })
  })

  it('reads nothing again and skips nothing that the group had not come to', () => {
    expect(resetRow({ ...ground, committed: null }, { offset: 20 })).toMatchObject({ before: null, after: 20, readAgain: 0, skipped: 0 })
  })

  it('counts no records that retention has taken', () => {
    expect(resetRow({ ...ground, committed: 2 }, { offset: 30 })).toMatchObject({ before: 2, after: 30, skipped: 20 })
  })

  it('always ends inside the log, and counts each offset between once', () => {
    const offset = fc.integer({ min: 0, max: 1_000 })
    fc.assert(
      fc.property(offset, offset, fc.option(offset), fc.integer({ min: -2_000, max: 2_000 }), (one, other, committed, wished) => {
        const [start, end] = [Math.min(one, other), Math.max(one, other)]
        const row = resetRow({ ...orders, committed, start, end }, { offset: wished })
        expect(row.after).toBeGreaterThanOrEqual(start)
        expect(row.after).toBeLessThanOrEqual(end)
        expect(row.readAgain === 0 || row.skipped === 0).toBe(true)
        if (committed !== null && committed >= start && committed <= end) expect(row.skipped - row.readAgain).toBe(row.after! - committed)
      }),
    )
  })
})
