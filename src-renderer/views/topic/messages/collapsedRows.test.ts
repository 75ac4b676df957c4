import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CollapsedRows, runsWhere } from './collapsedRows.ts'

const claims = fc.array(fc.boolean(), { minLength: 1, maxLength: 80 })
/** What the table should look like: each run of empty rows as one. */
const drawn = (empty: readonly boolean[]) => {
  const rows: number[][] = []
  empty.forEach((isEmpty, base) => {
    const last = rows.at(-1)
    if (isEmpty && last && empty[base - 1]) last.push(base)
    else rows.push([base])
  })
  return rows
}

describe('rows of a table with gaps', () => {
  it('are one for each record and one for each gap', () => {
    fc.assert(
      fc.property(claims, empty => {
        const rows = new CollapsedRows(empty.length).with(runsWhere(0, empty))
        const expected = drawn(empty)
        expect(rows.total).toBe(expected.length)
        expected.forEach((bases, row) => {
          expect(rows.baseOf(row)).toEqual({ from: bases[0], to: bases.at(-1)! + 1 })
          for (const base of bases) expect(rows.rowOf(base)).toBe(row)
        })
      }),
    )
  })

  it('tell which gaps have a part of some of them', () => {
    fc.assert(
      fc.property(claims, fc.nat(90), fc.nat(90), (empty, from, length) => {
        const runs = runsWhere(0, empty).filter(run => run.to - run.from > 1)
        const to = from + length
        const rows = new CollapsedRows(empty.length).with(runs)
        expect(rows.runsIn({ from, to })).toEqual(runs.filter(run => run.from < to && run.to > from && length > 0))
      }),
    )
  })

  it('are records alone when gaps are hidden', () => {
    fc.assert(
      fc.property(claims, empty => {
        const rows = new CollapsedRows(empty.length, { kept: 0 }).with(runsWhere(0, empty))
        const records = empty.flatMap((isEmpty, base) => (isEmpty ? [] : [base]))
        expect([rows.total, rows.empty]).toEqual([records.length, empty.length - records.length])
        records.forEach((base, row) => {
          expect(rows.baseOf(row)).toEqual({ from: base, to: base + 1 })
          expect(rows.rowOf(base)).toBe(row)
        })
        empty.forEach((isEmpty, base) => {
          if (isEmpty) expect(rows.rowOf(base)).toBe(records.filter(each => each < base).length)
        })
      }),
    )
  })

  it('are the same whether gaps are found at once or piece by piece, in any order and again', () => {
    fc.assert(
      fc.property(claims, fc.array(fc.tuple(fc.nat(80), fc.nat(30)), { maxLength: 20 }), (empty, looks) => {
        const atOnce = new CollapsedRows(empty.length).with(runsWhere(0, empty))
        let rows = new CollapsedRows(empty.length)
        // Looks overlap by a row, as pages around a view do.
        for (const [from, length] of looks) rows = rows.with(runsWhere(from, empty.slice(from, from + length)))
        for (let from = 0; from < empty.length; from += 7) rows = rows.with(runsWhere(from, empty.slice(from, from + 8)))
        expect(rows.total).toBe(atOnce.total)
        for (let row = 0; row < rows.total; row++) expect(rows.baseOf(row)).toEqual(atOnce.baseOf(row))
      }),
    )
  })

  it('say how many offsets have no record, and stay themselves when nothing new is found', () => {
    const rows = new CollapsedRows(1_000_000).with([{ from: 10, to: 999_000 }])
    expect([rows.total, rows.empty]).toEqual([1011, 998_990])
    expect(rows.with([{ from: 20, to: 30 }])).toBe(rows)
  })
})
