import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mapRows, type Arrangement, type Extent, type Order } from './rowMapping.ts'

const order = fc.constantFrom<Order>('newest', 'oldest')
const arrangement = fc.constantFrom<Arrangement>('merged', 'byPartition')
const extentsUpTo = (length: number) =>
  fc
    .array(fc.record({ start: fc.nat(1000), length: fc.nat(length) }), { minLength: 1, maxLength: 8 })
    .map(parts => parts.map(({ start, length: each }, partition): Extent => ({ partition, start, end: start + each })))

describe('rows over all offsets of several partitions', () => {
  it('give each offset one row and each row one offset', () => {
    fc.assert(
      fc.property(extentsUpTo(60), order, arrangement, (extents, chosen, arranged) => {
        const map = mapRows(extents, chosen, arranged)
        const places = map.places({ from: 0, to: map.total })
        expect(places).toHaveLength(extents.reduce((sum, each) => sum + each.end - each.start, 0))
        expect(places.map(place => map.rowOf(place))).toEqual(places.map((_, row) => row))
      }),
    )
  })

  it('are the same whether asked for at once or in pieces', () => {
    fc.assert(
      fc.property(
        extentsUpTo(60),
        order,
        arrangement,
        fc.nat(400),
        fc.integer({ min: 1, max: 40 }),
        (extents, chosen, arranged, from, length) => {
          const map = mapRows(extents, chosen, arranged)
          expect(map.places({ from, to: from + length })).toEqual(map.places({ from: 0, to: map.total }).slice(from, from + length))
        },
      ),
    )
  })

  it('are told as stretches of offsets, which cover the same', () => {
    fc.assert(
      fc.property(extentsUpTo(60), order, arrangement, fc.nat(400), fc.nat(400), (extents, chosen, arranged, from, length) => {
        const map = mapRows(extents, chosen, arranged)
        const range = { from, to: from + length }
        const told = map
          .stretches(range)
          .flatMap(each => Array.from({ length: each.to - each.from }, (_, i) => `${each.partition}@${each.from + i}`))
        expect(told.toSorted()).toEqual(
          map
            .places(range)
            .map(({ partition, offset }) => `${partition}@${offset}`)
            .toSorted(),
        )
      }),
    )
  })

  it('keep the order of offsets within a partition', () => {
    fc.assert(
      fc.property(extentsUpTo(60), extents => {
        const map = mapRows(extents, 'oldest')
        for (const { partition, start, end } of extents) {
          const offsets = map
            .places({ from: 0, to: map.total })
            .filter(place => place.partition === partition)
            .map(place => place.offset)
          expect(offsets).toEqual(Array.from({ length: end - start }, (_, i) => start + i))
        }
      }),
    )
  })

  it('spread each partition evenly over the table', () => {
    fc.assert(
      fc.property(extentsUpTo(60), fc.nat(480), (extents, upTo) => {
        const map = mapRows(extents, 'oldest')
        const shown = map.places({ from: 0, to: upTo })
        for (const { partition, start, end } of extents) {
          const expected = (Math.min(upTo, map.total) / Math.max(1, map.total)) * (end - start)
          expect(Math.abs(shown.filter(place => place.partition === partition).length - expected)).toBeLessThanOrEqual(extents.length)
        }
      }),
    )
  })

  it('stay exact where products of lengths leave the doubles', () => {
    const billions = fc.array(fc.integer({ min: 1, max: 4_000_000_000 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(billions, fc.double({ min: 0, max: 1, noNaN: true }), order, (lengths, fraction, chosen) => {
        const map = mapRows(
          lengths.map((length, partition) => ({ partition, start: 7, end: 7 + length })),
          chosen,
        )
        const from = Math.floor((map.total - 1) * fraction)
        const places = map.places({ from, to: from + 20 })
        expect(places.length).toBeGreaterThan(0)
        expect(places.map(place => map.rowOf(place))).toEqual(places.map((_, i) => from + i))
      }),
    )
  })
})

describe('partitions one after another', () => {
  it.each([
    { chosen: 'oldest' as const, rows: ['0/5', '0/6', '2/1', '2/2'] },
    { chosen: 'newest' as const, rows: ['0/6', '0/5', '2/2', '2/1'] },
  ])('are each in their own order, $chosen first', ({ chosen, rows }) => {
    const extents = [
      { partition: 2, start: 1, end: 3 },
      { partition: 0, start: 5, end: 7 },
    ]
    const places = mapRows(extents, chosen, 'byPartition').places({ from: 0, to: 10 })
    expect(places.map(({ partition, offset }) => `${partition}/${offset}`)).toEqual(rows)
  })
})

describe('one partition', () => {
  it.each([
    { chosen: 'oldest' as const, offsets: [5, 6, 7] },
    { chosen: 'newest' as const, offsets: [7, 6, 5] },
  ])('is its offsets, $chosen first', ({ chosen, offsets }) => {
    const map = mapRows([{ partition: 2, start: 5, end: 8 }], chosen)
    expect(map.places({ from: 0, to: 10 })).toEqual(offsets.map(offset => ({ partition: 2, offset })))
  })

  it('has no row for an offset outside its extent', () => {
    const map = mapRows([{ partition: 0, start: 5, end: 8 }], 'oldest')
    expect([4, 8].map(offset => map.rowOf({ partition: 0, offset }))).toEqual([null, null])
    expect(map.rowOf({ partition: 1, offset: 5 })).toBeNull()
  })
})
