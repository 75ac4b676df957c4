import { computed, shallowRef, watch, type Ref } from 'vue'
import type { OffsetRange } from '../../../../src-main/contract/messages.ts'
import { OVERSCAN } from '../../../components/useRowWindow.ts'
import { OffsetSet, rangeAt } from '../../../stores/offsetSet.ts'
import { CollapsedRows, runsWhere } from './collapsedRows.ts'
import { recordEntry, type Entry } from './entries.ts'
import { mapRows, type Arrangement, type Extent, type Order, type Place } from './rowMapping.ts'
import type { MessagePages } from './useMessagePages.ts'

/** How far around the view gaps are looked for in what was read: about what one answer holds. */
const AROUND = 600
/** Of no more rows, each is looked at by itself when they are asked for together. */
const LOOKED_AT = 4_000
/** Where much is missing, so many rows are read on either side: a view of a compacted topic needs many offsets to be filled. */
const BEYOND = 480

interface Options {
  readonly extents: Readonly<Ref<readonly Extent[]>>
  readonly order: Readonly<Ref<Order>>
  readonly arrangement: Readonly<Ref<Arrangement>>
  readonly view: Readonly<Ref<{ readonly from: number; readonly to: number }>>
  readonly pages: MessagePages
  readonly isShown: () => boolean
  readonly hidesGaps: () => boolean
  /** Rows above the view went, or came: what is in view has to stay where it is. */
  readonly onShift: (rows: number) => void
}

/** Offsets that were read and hold a record, and those of which nobody knows yet whether they do. */
export interface OffsetsInRows {
  readonly seen: readonly OffsetRange[]
  readonly unseen: readonly OffsetRange[]
}

/** The rows over all offsets of some partitions: each record one, each known gap one. */
export function useLogRows({ extents, order, arrangement, view, pages, isShown, hidesGaps, onShift }: Options) {
  const map = computed(() => mapRows(extents.value, order.value, arrangement.value))
  const collapsed = shallowRef(new CollapsedRows(0))
  watch(
    [map, hidesGaps] as const,
    ([now, hides], [before] = [undefined, false]) => {
      const [top] = before && view.value.from > 0 ? before.places(collapsed.value.baseOf(view.value.from + OVERSCAN)) : []
      collapsed.value = new CollapsedRows(now.total, { kept: hides ? 0 : 1 })
      const row = top === undefined ? null : now.rowOf(top)
      if (row !== null && row !== view.value.from + OVERSCAN) onShift(row - view.value.from - OVERSCAN)
    },
    { immediate: true, flush: 'sync' },
  )

  /** The rows in view, and for each that stands for one offset, the place. */
  const inView = computed(() => {
    const { from, to } = view.value
    const rows: { base: number; length: number }[] = []
    for (let row = Math.max(0, from); row < Math.min(to, collapsed.value.total); row++) {
      const base = collapsed.value.baseOf(row)
      rows.push({ base: base.from, length: base.to - base.from })
    }
    return { from, rows, places: placesOf(rows.map(row => row.base)) }
  })
  /** Neighbours are asked for together: a map is quick at stretches, not at single rows. */
  function placesOf(bases: readonly number[]): Place[] {
    const places: Place[] = []
    for (let at = 0; at < bases.length;) {
      let length = 1
      while (bases[at + length] === bases[at]! + length) length += 1
      places.push(...map.value.places({ from: bases[at]!, to: bases[at]! + length }))
      at += length
    }
    return places
  }

  function entryAt(row: number): Entry | undefined {
    const { from, rows, places } = inView.value
    const [shown, place] = [rows[row - Math.max(0, from)], places[row - Math.max(0, from)]]
    if (!shown || !place) return undefined
    if (shown.length > 1) return { kind: 'gap', place, offsets: shown.length }
    const record = pages.find(place)
    if (record) return recordEntry(record)
    return record === null ? { kind: 'gap', place, offsets: 1 } : { kind: 'loading', place }
  }

  /** What stands in rows [first, last], without what is known to hold no record. */
  function offsetsIn(first: number, last: number): OffsetsInRows {
    if (last - first >= LOOKED_AT) {
      const range = { from: collapsed.value.baseOf(first).from, to: collapsed.value.baseOf(last).to }
      const { records, empty } = pages.known()
      const gaps = collapsed.value.runsIn(range).flatMap(run => map.value.stretches(run))
      const all = OffsetSet.none.with(map.value.stretches(range)).without(gaps).without(empty)
      const unseen = all.without(records)
      return { seen: all.without(unseen.ranges()).ranges(), unseen: unseen.ranges() }
    }
    const bases: number[] = []
    for (let row = first; row <= last; row++) {
      const { from, to } = collapsed.value.baseOf(row)
      if (to - from === 1) bases.push(from)
    }
    const places = placesOf(bases).map(place => ({ place, record: pages.find(place) }))
    return {
      seen: places.filter(({ record }) => record).map(({ place }) => rangeAt(place)),
      unseen: places.filter(({ record }) => record === undefined).map(({ place }) => rangeAt(place)),
    }
  }

  function findGaps() {
    const bases = inView.value.rows
    const [first, last] = [bases[0], bases.at(-1)]
    if (!first || !last) return
    // A gap next to one that is known shows as a row of its own, so that a view without such rows needs no look around.
    const { places } = inView.value
    if (!bases.some(({ length }, at) => length === 1 && pages.find(places[at]!) === null)) return
    const from = Math.max(0, first.base - AROUND)
    const to = Math.min(map.value.total, last.base + last.length + AROUND)
    // A view may hold gaps of any length, which need no second look.
    const stretches =
      to - from <= 4 * AROUND
        ? [{ from, to }]
        : [
            { from, to: first.base + AROUND },
            { from: last.base + last.length - AROUND, to },
          ]
    const found = stretches.flatMap(stretch =>
      runsWhere(
        stretch.from,
        map.value.places(stretch).map(place => pages.find(place) === null),
      ),
    )
    const next = collapsed.value.with(found)
    if (next === collapsed.value) return
    // The first row that is really in view, not those drawn beyond its edge.
    const anchor = bases[Math.min(bases.length - 1, OVERSCAN)] ?? first
    const before = collapsed.value.rowOf(anchor.base)
    collapsed.value = next
    const moved = next.rowOf(anchor.base) - before
    if (moved !== 0 && view.value.from > 0) onShift(moved)
  }

  function want() {
    if (!isShown()) return
    const { rows, places } = inView.value
    const [first, last] = [rows[0], rows.at(-1)]
    const singles = places.filter((_, at) => rows[at]?.length === 1)
    const hasGaps = singles.length < rows.length || (hidesGaps() && collapsed.value.empty > 0)
    if (!first || !last || !hasGaps) return pages.want(singles, extents.value)
    const end = last.base + last.length
    const beyond = [
      ...map.value.places({ from: end, to: end + BEYOND }),
      ...map.value.places({ from: Math.max(0, first.base - BEYOND), to: first.base }),
    ]
    pages.want([...singles, ...beyond], extents.value)
  }

  watch([() => pages.version.value, inView, isShown], () => {
    if (!isShown()) return
    findGaps()
    want()
  })
  return {
    total: computed(() => collapsed.value.total),
    offsets: computed(() => map.value.total),
    empty: computed(() => collapsed.value.empty),
    entryAt,
    offsetsIn,
    placeAt: (row: number): Place | null => placesOf([collapsed.value.baseOf(row).from])[0] ?? null,
    rowOf: (place: Place): number | null => {
      const base = map.value.rowOf(place)
      return base === null ? null : collapsed.value.rowOf(base)
    },
    /** The row at which so many offsets stand before it. */
    rowAfter: (offsets: number) => collapsed.value.rowOf(Math.max(0, Math.min(map.value.total - 1, Math.round(offsets)))),
  }
}
