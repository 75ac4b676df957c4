import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { TopicFormats } from '../../../../src-main/contract/formats.ts'
import type { MessageRow, OffsetRange } from '../../../../src-main/contract/messages.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { PageCache } from './pageCache.ts'
import type { Extent, Place } from './rowMapping.ts'

const CAPACITY = 400
const SMALLEST_PAGE = 16
const LARGEST_PAGE = 128

export interface MessagePages {
  readonly failure: Readonly<ShallowRef<unknown>>
  /** Another number whenever more is known. */
  readonly version: Readonly<ShallowRef<number>>
  /** The record at a place, `null` where there is none, `undefined` while it is not read. Tracked. */
  find(place: Place): MessageRow | null | undefined
  /** All that was read and is still kept: offsets with a record, and offsets without. */
  known(): { readonly records: readonly OffsetRange[]; readonly empty: readonly OffsetRange[] }
  /** What is on screen now. One read is under way at a time; when it is done, what is on screen *then* is read next. */
  want(places: readonly Place[], extents: readonly Extent[]): void
  again(): void
  /** The log is another one (cut, or made anew): what was read says nothing any more. */
  forget(): void
}

/** How records are read: with these columns, decoded by these formats. */
export interface Reading {
  readonly columns: readonly string[]
  readonly formats: TopicFormats
}

export function useMessagePages(topic: () => string, reading: () => Reading): MessagePages {
  const bridge = useBridge()
  const failure = shallowRef<unknown>(null)
  const version = shallowRef(0)
  let cache: PageCache | undefined
  let wanted: { places: readonly Place[]; extents: readonly Extent[] } = { places: [], extents: [] }
  let isReading = false
  let generation = 0

  /** With many partitions a screen touches many pages, so they are shorter. */
  const cacheFor = (extents: readonly Extent[]) =>
    (cache ??= new PageCache({
      pageLength: Math.max(SMALLEST_PAGE, Math.min(LARGEST_PAGE, Math.ceil(512 / Math.max(1, extents.length)))),
      capacity: CAPACITY,
    }))

  async function read() {
    if (isReading) return
    isReading = true
    try {
      while (true) {
        const mine = generation
        const ranges = cacheFor(wanted.extents).missing(wanted.places, wanted.extents)
        if (ranges.length === 0) return
        const { columns, formats } = reading()
        const rows = await bridge.messages.read({ clusterId: LOCAL_CLUSTER, topic: topic(), ranges, columns: [...columns], formats })
        if (mine !== generation) continue
        cache?.put(ranges, rows)
        failure.value = null
        version.value += 1
      }
    } catch (error) {
      failure.value = error
    } finally {
      isReading = false
    }
  }

  onScopeDispose(() => {
    generation += 1
    wanted = { places: [], extents: [] }
  })
  return {
    failure,
    version,
    find: place => (version.value >= 0 ? cache?.find(place) : undefined),
    known: () => cache?.known() ?? { records: [], empty: [] },
    want: (places, extents) => {
      wanted = { places, extents }
      void read()
    },
    again: () => void read(),
    forget: () => {
      generation += 1
      cache = undefined
      version.value += 1
    },
  }
}
