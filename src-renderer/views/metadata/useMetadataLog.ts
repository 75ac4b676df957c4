import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { LOCAL_CLUSTER } from '../../../src-main/contract/common.ts'
import type { EntryFilter, MetadataEntry, MetadataLogExtent } from '../../../src-main/contract/metadataLog.ts'
import { useBridge } from '../../composables/useBridge.ts'
import { useStream } from '../../composables/useStream.ts'
import { entryAt, missingPages, NO_PAGES, PAGE, withPage } from './entryPages.ts'

const clusterId = LOCAL_CLUSTER

/**
 * The metadata log as it grows, in pages, and a place in it. While `isFollowing`, the place is the newest record; who chooses another one stops that.
 */
export function useMetadataLog(filter: Readonly<Ref<EntryFilter>>, begin: number | null) {
  const bridge = useBridge()
  const extent = shallowRef<MetadataLogExtent | null>(null)
  const pages = shallowRef(NO_PAGES)
  const failure = shallowRef<unknown>(null)
  const isFollowing = ref(begin === null)
  /** The row of the place, and its offset: the row of an offset changes with the filter. */
  const index = ref<number | null>(null)
  const offset = ref<number | null>(begin)
  let inView = { from: 0, to: PAGE }
  let turn = 0

  async function read(page: number) {
    const mine = turn
    const answer = await bridge.metadataLog.entries({ clusterId, filter: filter.value, from: page * PAGE, count: PAGE })
    if (mine === turn) pages.value = withPage(pages.value, page, answer)
  }
  /** How many there are, and then what is missing of what is on screen. */
  async function refresh() {
    const mine = turn
    try {
      const last = isFollowing.value || pages.value.total === 0 ? Math.floor(Math.max(0, pages.value.total - 1) / PAGE) : undefined
      await read(last ?? Math.floor(inView.from / PAGE))
      const wanted = isFollowing.value ? { from: pages.value.total - 1, to: pages.value.total } : inView
      for (const page of missingPages(pages.value, wanted)) await read(page)
      if (mine !== turn) return
      if (isFollowing.value) toNewest()
      else if (index.value === null && offset.value !== null) await find(offset.value)
      failure.value = null
    } catch (error) {
      if (mine === turn) failure.value = error
    }
  }
  function toNewest() {
    const newest = entryAt(pages.value, pages.value.total - 1)
    index.value = newest === undefined ? null : pages.value.total - 1
    if (newest !== undefined) offset.value = newest.offset
  }
  async function find(wanted: number) {
    const mine = turn
    const found = await bridge.metadataLog.indexOf({ clusterId, filter: filter.value, offset: wanted })
    if (mine === turn) index.value = found
  }

  const stream = useStream(
    signal => bridge.metadataLog.watch({ clusterId }, signal),
    next => {
      if (extent.value !== null && extent.value.generation !== next.generation) startOver()
      extent.value = next
      void refresh()
    },
  )
  function startOver() {
    turn += 1
    pages.value = NO_PAGES
    index.value = null
  }
  watch(filter, () => {
    startOver()
    void refresh()
  })
  watch(isFollowing, is => is && void refresh())

  async function view(range: { from: number; to: number }) {
    inView = range
    try {
      for (const page of missingPages(pages.value, range)) await read(page)
    } catch (error) {
      failure.value = error
    }
  }
  /** A person chose this row. */
  async function choose(row: number | null) {
    if (row === null || row < 0 || row >= pages.value.total) return
    isFollowing.value = false
    index.value = row
    if (entryAt(pages.value, row) === undefined) await view({ from: row, to: row + 1 })
    const entry = entryAt(pages.value, row)
    if (entry !== undefined && index.value === row) offset.value = entry.offset
  }
  const at = (row: number): MetadataEntry | undefined => entryAt(pages.value, row)
  return {
    extent,
    total: computed(() => pages.value.total),
    index,
    offset,
    isFollowing,
    at,
    choose,
    view,
    failure: computed(() => stream.failure.value ?? failure.value),
    again: stream.restart,
  }
}
