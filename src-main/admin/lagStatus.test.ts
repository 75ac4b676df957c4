import { describe, expect, it } from 'vitest'
import { catchUpMs, lagStatus, ratesOf, worstOf, type LagSample } from './lagStatus.ts'

/** Ten seconds apart. */
const samples = (...offsets: readonly (readonly [committed: number, end: number])[]): LagSample[] =>
  offsets.map(([committed, end], index) => ({ atMs: 1_000_000 + index * 10_000, committed, end, hasMembers: true }))
const abandoned = (all: readonly LagSample[]) => all.map(each => ({ ...each, hasMembers: false }))
const times = (count: number, of: (index: number) => readonly [number, number]) =>
  samples(...Array.from({ length: count }, (_, index) => of(index)))

describe('the status of a partition that a group reads', () => {
  it.each([
    { what: 'nothing was seen', given: [], status: 'unknown' },
    { what: 'all is read', given: samples([5, 5]), status: 'ok' },
    { what: 'all is read, by whoever was there', given: abandoned(samples([5, 5], [5, 5])), status: 'ok' },
    { what: 'more is committed than the log has after a loss', given: samples([9, 5]), status: 'ok' },
    { what: 'records wait and only one look was had', given: samples([1, 5]), status: 'unknown' },
    { what: 'it stood still for less than clients commit', given: samples([1, 5], [1, 6], [1, 7]), status: 'unknown' },
    { what: 'all was read a minute ago, and a burst came', given: samples([5, 5], [5, 90], [5, 90], [5, 90], [5, 90]), status: 'ok' },
    { what: 'lag falls now and then', given: times(10, index => [index * 10, index * 10 + 20 + (index % 2)]), status: 'ok' },
    { what: 'lag is always the same', given: times(10, index => [index * 10, index * 10 + 20]), status: 'ok' },
    { what: 'lag grows while commits go on', given: times(10, index => [index * 10, index * 13 + 20]), status: 'warning' },
    { what: 'members commit nothing while records come', given: times(10, index => [7, index * 10 + 20]), status: 'stalled' },
    { what: 'members commit nothing and no records come', given: times(10, () => [7, 20]), status: 'stalled' },
    { what: 'nobody is a member while records wait', given: abandoned(samples([7, 20], [7, 20])), status: 'stopped' },
    { what: 'somebody commits without being a member', given: abandoned(times(10, index => [index * 10, index * 10 + 20])), status: 'ok' },
    {
      what: 'the members left half a minute ago',
      given: [...times(3, () => [7, 9]), ...abandoned(times(8, () => [7, 9]).slice(3))],
      status: 'stopped',
    },
    { what: 'the committed offset went back', given: samples([50, 60], [60, 60], [10, 60]), status: 'rewound' },
    { what: 'it went back, nobody reads', given: abandoned(samples([60, 60], [10, 60], [10, 60], [10, 60])), status: 'rewound' },
    { what: 'it went back and all is read again', given: samples([50, 60], [10, 60], [60, 60]), status: 'ok' },
    { what: 'it went back long ago', given: [...samples([50, 60]), ...times(14, () => [10, 60]).slice(3)], status: 'stalled' },
  ])('is $status when $what', ({ given, status }) => expect(lagStatus(given, 1_000)).toBe(status))

  it('is a warning while it catches up with what is older than all that was looked at', () => {
    const catchingUp = times(10, index => [index * 100, 50_000 + index])
    expect(lagStatus(catchingUp, 60_000)).toBe('ok')
    expect(lagStatus(catchingUp, 540_000)).toBe('warning')
  })

  it('is that of the worst partition for a whole group', () => {
    expect(worstOf([])).toBe('unknown')
    expect(worstOf(['ok', 'unknown', 'warning'])).toBe('warning')
    expect(worstOf(['stopped', 'ok', 'rewound'])).toBe('stopped')
  })
})

describe('rates', () => {
  it('are counted over the last minute', () => {
    expect(ratesOf(times(20, index => [index * 100, index * 200]))).toEqual({
      consumedPerSecond: 10,
      producedPerSecond: 20,
      spanMs: 60_000,
    })
  })

  it('need two looks', () => {
    expect(ratesOf([])).toBeNull()
    expect(ratesOf(samples([1, 2]))).toBeNull()
  })

  it('begin anew when the committed offset goes back, or the end', () => {
    expect(ratesOf(samples([100, 500], [900, 900], [10, 900], [110, 1_000]))).toEqual({
      consumedPerSecond: 10,
      producedPerSecond: 10,
      spanMs: 10_000,
    })
    expect(ratesOf(samples([900, 900], [10, 900]))).toBeNull()
    expect(ratesOf(samples([100, 500], [100, 200], [100, 300]))).toMatchObject({ producedPerSecond: 10 })
  })
})

describe('the estimate of the time to catch up', () => {
  it('divides what is unread by how much faster it is read than written', () => {
    // 100 records/s are read and 90 written: of the 2,000 that are left 10 go each second.
    const given = times(20, index => [index * 1_000, index * 900 + 3_900])
    expect(catchUpMs(given, 'ok')).toBeCloseTo(200_000)
  })

  it.each([
    { what: 'nothing is unread', given: times(20, index => [index, index]), status: 'ok' },
    { what: 'lag grows', given: times(20, index => [index, index * 2 + 5]), status: 'warning' },
    { what: 'lag stays as it is', given: times(20, index => [index, index + 5]), status: 'ok' },
    { what: 'it is stalled, whatever it did before', given: times(20, index => [index * 10, 1_000]), status: 'stalled' },
    { what: 'nobody reads any more', given: times(20, index => [index * 10, 1_000]), status: 'stopped' },
    { what: 'it was looked at for a moment only', given: samples([1, 100]), status: 'unknown' },
  ] as const)('is none when $what', ({ given, status }) => expect(catchUpMs(given, status)).toBeNull())
})
