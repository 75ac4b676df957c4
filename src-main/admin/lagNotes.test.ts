import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LagNotes } from './lagNotes.ts'
import { decodeLagRow, encodeLagRow } from './lagRow.ts'
import { MemorySeriesStore } from './memorySeriesStore.ts'

const NOW = 1_800_000_000_000
const orders = (partition: number, committed: number | null, end: number | null) => ({ topic: 'orders', partition, committed, end })

describe('what is noted down of a group', () => {
  it('can be read again', () => {
    const offset = fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 }))
    const partition = fc.record({ topic: fc.constantFrom('orders', 'ä', ''), partition: fc.nat(), committed: offset, end: offset })
    fc.assert(
      fc.property(fc.boolean(), fc.array(partition), (hasMembers, given) => {
        const partitions = given.toSorted((one, other) => (one.topic < other.topic ? -1 : one.topic > other.topic ? 1 : 0))
        const read = decodeLagRow(encodeLagRow({ hasMembers, partitions }))!
        expect(read.hasMembers).toBe(hasMembers)
        expect(new Set(read.partitions)).toEqual(new Set(partitions))
      }),
    )
  })

  it('is nothing where it is damaged, or of another version', () => {
    const bytes = encodeLagRow({ hasMembers: true, partitions: [orders(0, 1, 2)] })
    expect(decodeLagRow(bytes.subarray(0, bytes.length - 1))).toBeUndefined()
    expect(decodeLagRow(Buffer.of(99))).toBeUndefined()
    expect(decodeLagRow(new Uint8Array())).toBeUndefined()
  })
})

/** A group whose lag is its sample's number, noted down every ten seconds until now. */
function noted(samples: number, more: { from?: number; store?: MemorySeriesStore } = {}) {
  const store = more.store ?? new MemorySeriesStore()
  const notes = new LagNotes(store, 'local')
  for (let n = more.from ?? 0; n < samples; n++) {
    notes.write([{ groupId: 'g', hasMembers: true, partitions: [orders(0, 0, n), orders(1, 5, 5)] }], NOW - (samples - 1 - n) * 10_000)
  }
  return { notes, store }
}

describe('the history of a group', () => {
  it('is told at equal steps, the furthest behind first', () => {
    const { notes } = noted(31)
    const history = notes.history('g', NOW, { spanMs: 60_000, points: 6, partitions: 10 })
    expect(history.atMs.map(each => each - NOW)).toEqual([-50_000, -40_000, -30_000, -20_000, -10_000, 0])
    expect(history.total).toEqual([25, 26, 27, 28, 29, 30])
    expect(history.partitions).toEqual([
      { topic: 'orders', partition: 0, lag: [25, 26, 27, 28, 29, 30] },
      { topic: 'orders', partition: 1, lag: [0, 0, 0, 0, 0, 0] },
    ])
    expect(history.sinceMs).toBe(NOW - 300_000)
    expect(notes.history('g', NOW, { spanMs: 60_000, points: 6, partitions: 1 }).partitions).toHaveLength(1)
  })

  it('has a gap where nobody looked', () => {
    const { store } = noted(5)
    const later = NOW + 100_000
    new LagNotes(store, 'local').write([{ groupId: 'g', hasMembers: false, partitions: [orders(0, 0, 7)] }], later)
    const history = new LagNotes(store, 'local').history('g', later, { spanMs: 100_000, points: 10, partitions: 1 })
    expect(history.total).toEqual([4, 4, 4, null, null, null, null, null, null, 7])
  })

  it('has no total while the end of a partition is not known', () => {
    const notes = new LagNotes(new MemorySeriesStore(), 'local')
    notes.write([{ groupId: 'g', hasMembers: true, partitions: [orders(0, 1, 3), orders(1, 1, null)] }], NOW)
    expect(notes.history('g', NOW, { spanMs: 60_000, points: 2, partitions: 2 })).toMatchObject({
      total: [null, null],
      partitions: [{ lag: [null, 2] }, { lag: [null, null] }],
    })
  })

  it('is empty of a group that nobody has seen', () => {
    const { notes } = noted(3)
    expect(notes.history('other', NOW, { spanMs: 60_000, points: 2, partitions: 2 })).toMatchObject({
      total: [null, null],
      partitions: [],
      sinceMs: null,
    })
  })

  it('takes one row for as long as nothing changes, up to ten minutes', () => {
    const store = new MemorySeriesStore()
    const notes = new LagNotes(store, 'local')
    for (let n = 0; n <= 90; n++) notes.write([{ groupId: 'g', hasMembers: true, partitions: [orders(0, 1, 4)] }], NOW + n * 10_000)
    expect(notes.read('g', { fromMs: NOW, toMs: NOW + 900_000 }).map(({ fromMs, untilMs }) => [fromMs - NOW, untilMs - NOW])).toEqual([
      [0, 600_000],
      [610_000, 900_000],
    ])
    expect(notes.history('g', NOW + 900_000, { spanMs: 900_000, points: 9, partitions: 0 }).total).toEqual(
      Array.from({ length: 9 }, () => 3),
    )
  })

  it('is thinned out one group after the other, those of other clusters too', () => {
    const { notes, store } = noted(400)
    new LagNotes(store, 'another').write([{ groupId: 'g', hasMembers: true, partitions: [orders(0, 1, 4)] }], NOW - 8 * 86_400_000)
    expect(store.series()).toHaveLength(2)
    for (let n = 0; n < 2; n++) notes.thinNext(NOW)
    expect(store.series()).toEqual(['lag local g'])
    expect(store.times('lag local g').length).toBeLessThan(370)
  })
})
