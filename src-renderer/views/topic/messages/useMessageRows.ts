import { computed, ref, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useTopicsStore } from '../../../stores/topics.ts'
import { isSamePlace, recordEntry, type Entry } from './entries.ts'
import { mapRows, type Place } from './rowMapping.ts'
import { useExtents } from './useExtents.ts'
import { useMessagePages } from './useMessagePages.ts'
import { useTail } from './useTail.ts'

export type Mode = 'newest' | 'oldest' | 'live'

/** The rows of the table: all offsets of the chosen partitions in an order, or what arrives live; and which of them is selected. */
export function useMessageRows(topic: () => string) {
  const bridge = useBridge()
  const topics = useTopicsStore()
  const mode = ref<Mode>('newest')
  const chosen = shallowRef<readonly number[] | null>(null)
  const view = shallowRef({ from: 0, to: 0, isAtTop: true })
  /** A record stays selected when rows move, so it is known by its place and not by its row. */
  const place = shallowRef<Place | null>(null)

  const pages = useMessagePages(topic)
  const extents = useExtents(topic, {
    follows: () => mode.value === 'newest' && view.value.isAtTop && place.value === null,
    onReset: () => {
      pages.forget()
      place.value = null
    },
  })
  const tail = useTail(() => (mode.value === 'live' ? { topic: topic(), partitions: chosen.value } : null))

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
  const rows = computed(() => mapRows(chosenExtents.value, mode.value === 'oldest' ? 'oldest' : 'newest'))
  const places = computed(() => rows.value.places(view.value))
  const total = computed(() => rows.value.total)
  const rowCount = computed(() => (mode.value === 'live' ? tail.rows.value.length : total.value))
  const lastOffset = computed(() => chosenExtents.value.reduce((most, each) => Math.max(most, each.end), 0))

  function entryAt(index: number): Entry | undefined {
    if (mode.value === 'live') {
      const row = tail.rows.value[index]
      return row && recordEntry(row)
    }
    const at = places.value[index - view.value.from]
    if (!at) return undefined
    const row = pages.find(at)
    return row ? recordEntry(row) : { kind: row === null ? 'gap' : 'loading', place: at }
  }
  function rowOf(at: Place): number | null {
    if (mode.value !== 'live') return rows.value.rowOf(at)
    const index = tail.rows.value.findIndex(row => isSamePlace(row, at))
    return index < 0 ? null : index
  }
  function placeAt(index: number): Place | null {
    if (mode.value === 'live') return entryAt(index)?.place ?? null
    return rows.value.places({ from: index, to: index + 1 })[0] ?? null
  }
  const selected = computed({
    get: () => (place.value === null ? null : rowOf(place.value)),
    set: index => (place.value = index === null ? null : placeAt(index)),
  })

  /**
   * The row of the first record at or after a time, `null` when all are older. Exact for one partition; for several it is the row that has as
   * many before it as there are older records.
   */
  async function firstRowSince(timestampMs: number): Promise<number | null> {
    const found = await bridge.messages.offsetsAt({ clusterId: LOCAL_CLUSTER, topic: topic(), timestampMs })
    const offsets = new Map(found.map(each => [each.partition, each.offset]))
    const olderIn = ({ partition, start, end }: { partition: number; start: number; end: number }) =>
      Math.max(0, Math.min(end, offsets.get(partition) ?? end) - start)
    const older = chosenExtents.value.reduce((sum, each) => sum + olderIn(each), 0)
    if (older >= total.value) return null
    return mode.value === 'oldest' ? older : total.value - 1 - older
  }

  watch([places, chosenExtents, mode], () => mode.value !== 'live' && pages.want(places.value, chosenExtents.value))
  watch([mode, chosen], () => (place.value = null))
  watch(topic, () => (chosen.value = null))
  return {
    mode,
    chosen,
    view,
    place,
    selected,
    extents,
    tail,
    pages,
    partitions,
    unreadable,
    total,
    rowCount,
    lastOffset,
    entryAt,
    rowOf,
    firstRowSince,
  }
}
