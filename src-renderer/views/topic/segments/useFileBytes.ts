import { shallowReactive, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import { useBridge } from '../../../composables/useBridge.ts'

/** A stretch of a file on a broker's disk. */
export interface BytesOfFile {
  readonly topic: string
  readonly partition: number
  readonly brokerId: number
  readonly file: string
  readonly position: number
  readonly sizeBytes: number
}

const PAGE_BYTES = 16 * 1024
/** Pages that are kept: what one scrolls back to. */
const KEPT_PAGES = 64

/** Bytes of a stretch, fetched as they come into view. */
export function useFileBytes(stretch: () => BytesOfFile | null) {
  const bridge = useBridge()
  const pages = shallowReactive(new Map<number, Uint8Array>())
  const failure = shallowRef<unknown>(null)
  const asked = new Set<number>()
  let turn = 0

  watch(
    stretch,
    () => {
      turn += 1
      pages.clear()
      asked.clear()
      failure.value = null
      need(0, 1)
    },
    { immediate: true },
  )

  /** From now on these are wanted. */
  function need(from: number, to: number) {
    const of = stretch()
    if (of === null) return
    for (let page = Math.floor(from / PAGE_BYTES); page * PAGE_BYTES < Math.min(to, of.sizeBytes); page++) void load(of, page)
  }

  async function load({ topic, partition, brokerId, file, position, sizeBytes }: BytesOfFile, page: number) {
    if (asked.has(page)) return
    asked.add(page)
    const mine = turn
    const from = page * PAGE_BYTES
    try {
      const bytes = await bridge.segments.bytes({
        clusterId: LOCAL_CLUSTER,
        topic,
        partition,
        brokerId,
        file,
        position: position + from,
        count: Math.min(PAGE_BYTES, sizeBytes - from),
      })
      if (mine !== turn) return
      if (pages.size >= KEPT_PAGES) drop([...pages.keys()][0])
      pages.set(page, bytes)
    } catch (error) {
      if (mine === turn) failure.value = error
    }
  }
  function drop(page: number | undefined) {
    if (page === undefined) return
    pages.delete(page)
    asked.delete(page)
  }

  return { need, failure, byteAt: (at: number): number | undefined => pages.get(Math.floor(at / PAGE_BYTES))?.[at % PAGE_BYTES] }
}
