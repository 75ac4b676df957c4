import { computed, ref, shallowRef, watch } from 'vue'
import { z } from 'zod'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { MessageRow } from '../../../../src-main/contract/messages.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useRemembered } from '../../../composables/useRemembered.ts'
import { useTopicsStore } from '../../../stores/topics.ts'
import { rangeAt } from '../../../stores/offsetSet.ts'
import { isSamePlace, recordEntry, type Entry } from './entries.ts'
import type { Arrangement, Order, Place } from './rowMapping.ts'
import { useExtents } from './useExtents.ts'
import { useLogRows, type OffsetsInRows } from './useLogRows.ts'
import { useMessagePages, type Reading } from './useMessagePages.ts'
import { useTail } from './useTail.ts'

interface Options {
  readonly topic: () => string
  readonly reading: () => Reading
  /** What a search found, instead of all there is. */
  readonly hits: () => readonly MessageRow[] | null
  /** How the hits were read; when that is another now, those in view are read again. */
  readonly hitReading: () => Reading
  readonly onShift: (rows: number) => void
  /** A log ends before offsets that it had: it was cut, or made anew. */
  readonly onCut: () => void
}

const keyOf = (reading: Reading) => JSON.stringify(reading)

/** The rows of the table: all offsets of the chosen partitions in an order, what arrives live, or hits; and which of them is selected. */
export function useMessageRows({ topic, reading, hits, hitReading, onShift, onCut }: Options) {
  const bridge = useBridge()
  const topics = useTopicsStore()
  const order = ref<Order>('newest')
  const arrangement = ref<Arrangement>('merged')
  const isLive = ref(false)
  const hidesGaps = useRemembered(
    () => 'trilog.hidesGaps',
    z.boolean(),
    () => false,
  )
  const chosen = shallowRef<readonly number[] | null>(null)
  const view = shallowRef({ from: 0, to: 0, isAtTop: true })
  /** A record stays selected when rows move, so it is known by its place and not by its row. */
  const place = shallowRef<Place | null>(null)
  const source = computed(() => (hits() !== null ? 'hits' : isLive.value ? 'live' : 'log'))

  const pages = useMessagePages(topic, reading)
  const extents = useExtents(topic, {
    follows: () => source.value === 'log' && order.value === 'newest' && view.value.isAtTop && place.value === null,
    onReset: () => {
      pages.forget()
      place.value = null
    },
    onCut,
  })
  const tail = useTail(() => (source.value === 'live' ? { topic: topic(), partitions: chosen.value, ...reading() } : null))

  /** Of the extents and of the list of topics: a partition that nobody can tell of now is still one that can be chosen. */
  const partitions = computed(() => {
    const known = topics.topics.find(each => each.name === topic())?.partitions ?? 0
    const told = extents.shown.value.map(each => each.partition)
    return [...new Set([...Array(known).keys(), ...told])].toSorted((a, b) => a - b)
  })
  /** Chosen, and not in the table, since no leader of them answers. */
  const unreadable = computed(() => {
    if (!extents.isLoaded.value) return []
    const told = new Set(extents.latest.value.map(each => each.partition))
    return partitions.value.filter(each => !told.has(each) && (chosen.value === null || chosen.value.includes(each)))
  })
  const chosenExtents = computed(() => extents.shown.value.filter(each => chosen.value === null || chosen.value.includes(each.partition)))
  const lastOffset = computed(() => chosenExtents.value.reduce((most, each) => Math.max(most, each.end), 0))
  const log = useLogRows({
    extents: chosenExtents,
    order,
    arrangement,
    view,
    pages,
    isShown: () => source.value === 'log',
    hidesGaps: () => hidesGaps.value,
    onShift: by => {
      view.value = { ...view.value, from: view.value.from + by, to: view.value.to + by }
      onShift(by)
    },
  })
  /** Those that are listed one by one; `null` for the whole log. */
  const listed = computed(() => hits() ?? (isLive.value ? tail.rows.value : null))
  const rowCount = computed(() => listed.value?.length ?? log.total.value)

  const isReadOtherwise = computed(() => source.value === 'hits' && keyOf(hitReading()) !== keyOf(reading()))

  function entryAt(index: number): Entry | undefined {
    if (listed.value === null) return log.entryAt(index)
    const row = listed.value[index]
    if (!row || !isReadOtherwise.value) return row && recordEntry(row)
    return recordEntry(pages.find(row) ?? { ...row, columns: [] })
  }
  /** What stands in rows [first, last]. */
  const offsetsIn = (first: number, last: number): OffsetsInRows =>
    listed.value === null ? log.offsetsIn(first, last) : { seen: listed.value.slice(first, last + 1).map(rangeAt), unseen: [] }
  function rowOf(at: Place): number | null {
    if (listed.value === null) return log.rowOf(at)
    const index = listed.value.findIndex(row => isSamePlace(row, at))
    return index < 0 ? null : index
  }
  const placeAt = (index: number): Place | null => {
    if (listed.value === null) return log.placeAt(index)
    const row = listed.value[index]
    return row === undefined ? null : { partition: row.partition, offset: row.offset }
  }
  const selected = computed({
    get: () => (place.value === null ? null : rowOf(place.value)),
    set: index => (place.value = index === null ? null : placeAt(index)),
  })

  /**
   * The row of the first record at or after a time, `null` when all are older. Exact for one partition, and for the first of several that stand one
   * after the other; for merged ones it is the row that has as many before it as there are older records.
   */
  async function firstRowSince(timestampMs: number): Promise<number | null> {
    const found = await bridge.messages.offsetsAt({ clusterId: LOCAL_CLUSTER, topic: topic(), timestampMs })
    const offsets = new Map(found.map(each => [each.partition, each.offset]))
    const since = ({ partition, start, end }: { partition: number; start: number; end: number }) =>
      Math.max(start, Math.min(end, offsets.get(partition) ?? end))
    const young = chosenExtents.value.filter(each => since(each) < each.end)
    const [first] = young
    if (first === undefined) return null
    if (arrangement.value === 'byPartition') return log.rowOf({ partition: first.partition, offset: since(first) })
    const older = chosenExtents.value.reduce((sum, each) => sum + since(each) - each.start, 0)
    return log.rowAfter(order.value === 'oldest' ? older : log.offsets.value - 1 - older)
  }

  watch(() => keyOf(reading()), pages.forget)
  watch([isReadOtherwise, listed, view, () => keyOf(reading())], () => {
    if (!isReadOtherwise.value) return
    pages.want(
      (listed.value ?? []).slice(view.value.from, view.value.to).map(({ partition, offset }) => ({ partition, offset })),
      extents.latest.value,
    )
  })
  watch([source, chosen, order, arrangement], () => (place.value = null))
  watch(topic, () => (chosen.value = null))
  return {
    order,
    arrangement,
    isLive,
    hidesGaps,
    source,
    chosen,
    view,
    place,
    selected,
    extents,
    tail,
    pages,
    log,
    partitions,
    unreadable,
    rowCount,
    lastOffset,
    entryAt,
    offsetsIn,
    rowOf,
    placeAt,
    firstRowSince,
  }
}
