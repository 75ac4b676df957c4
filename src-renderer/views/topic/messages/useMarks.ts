import { storeToRefs } from 'pinia'
import { computed, watch } from 'vue'
import { MOST_RANGES } from '../../../../src-main/contract/records.ts'
import { NO_MARKS, useMarksStore, type Marks } from '../../../stores/marks.ts'
import { OffsetSet, rangeAt } from '../../../stores/offsetSet.ts'
import { isSamePlace } from './entries.ts'
import type { Place } from './rowMapping.ts'
import type { OffsetsInRows } from './useLogRows.ts'

/** The rows that marks are set on, by index. */
interface Rows {
  count(): number
  /** The record that is drawn in a row now; none of a row that stands for a gap. */
  drawnAt(row: number): Place | null
  placeOf(row: number): Place | null
  rowOf(place: Place): number | null
  /** What stands in rows [first, last]. */
  offsetsIn(first: number, last: number): OffsetsInRows
}

/**
 * Records that a person has marked by hand. They are known by their places, not by their rows: they stay while rows move, in another order, and when a search
 * or the live view stands in the place of the log.
 */
export function useMarks(topic: () => { readonly name: string; readonly id: string | null }, rows: Rows, onTooMany: () => void) {
  const store = useMarksStore()
  const { marks } = storeToRefs(store)
  /** A stretch that grows from one row: what was marked before it, where it begins, and where it ends until now. */
  let growing: { readonly before: Marks; readonly from: Place; readonly to: Place } | null = null

  function set(next: Marks): boolean {
    const isTooMany = next.all.stretches > MOST_RANGES
    if (isTooMany) onTooMany()
    else marks.value = next
    return !isTooMany
  }
  const withRows = ({ all, unseen }: Marks, { seen, unseen: fresh }: OffsetsInRows): Marks => ({
    all: all.with([...seen, ...fresh]),
    // What was read once stays known, though its page may be forgotten by now.
    unseen: unseen.without(seen).with(OffsetSet.none.with(fresh).without(all.without(unseen.ranges()).ranges()).ranges()),
  })
  const without = ({ all, unseen }: Marks, places: readonly Place[]): Marks => {
    const ranges = places.map(rangeAt)
    return { all: all.without(ranges), unseen: unseen.without(ranges) }
  }

  /** `null`: there is nothing to mark. */
  function isMarked(row: number): boolean | null {
    const place = rows.drawnAt(row)
    return place === null ? null : marks.value.all.has(place)
  }
  function toggle(row: number) {
    growing = null
    const place = rows.placeOf(row)
    if (place === null) return
    set(marks.value.all.has(place) ? without(marks.value, [place]) : withRows(marks.value, rows.offsetsIn(row, row)))
  }
  /** From where the last plain step or mark was to another row. The next step goes on from there, and takes back what it leaves. */
  function extend(from: number, to: number) {
    const [start, end] = [rows.placeOf(from), rows.placeOf(to)]
    if (start === null || end === null) return
    growing = growing !== null && isSamePlace(growing.to, start) ? { ...growing, to: end } : { before: marks.value, from: start, to: end }
    const first = rows.rowOf(growing.from) ?? from
    set(withRows(growing.before, rows.offsetsIn(Math.min(first, to), Math.max(first, to))))
  }
  /** Whether that could be done. */
  function markAll(): boolean {
    growing = null
    return rows.count() > 0 && set(withRows(marks.value, rows.offsetsIn(0, rows.count() - 1)))
  }
  /** What comes back brings them back, beside those that came since; not to another topic. */
  function clear(): () => void {
    const [{ all, unseen }, of] = [marks.value, store.topic]
    growing = null
    marks.value = NO_MARKS
    return () => {
      growing = null
      if (store.topic === of) set(withRows(marks.value, { seen: all.without(unseen.ranges()).ranges(), unseen: unseen.ranges() }))
    }
  }

  // Before anybody else hears of the other topic: offsets of this one say nothing there.
  watch(
    () => [topic().name, topic().id] as const,
    ([name, id], before) => {
      if (name !== before?.[0]) growing = null
      store.lookAt(name, id)
    },
    { flush: 'sync', immediate: true },
  )
  return {
    marks,
    /** Any at all. */
    isMarking: computed(() => marks.value.all.size > 0),
    isMarked,
    toggle,
    extend,
    markAll,
    clear,
  }
}
