import { ref, shallowReactive, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { FileEntry } from '../../../../src-main/contract/segments.ts'
import type { Told } from '../../../../src-main/contract/told.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import type { LogOfBroker } from './useBatchWindow.ts'

const PAGE_ENTRIES = 100

/** The entries of a file, fetched as they come into view, and again when the file has another size. */
export function useEntries(file: () => LogOfBroker, sizeBytes: () => number) {
  const bridge = useBridge()
  const rows = shallowReactive(new Map<number, FileEntry>())
  const total = ref(0)
  const unusedBytes = ref(0)
  const problem = shallowRef<Told | null>(null)
  const failure = shallowRef<unknown>(null)
  const isLoaded = ref(false)
  const asked = new Set<number>()
  let turn = 0
  let inView = { from: 0, to: 1 }

  watch(
    [() => JSON.stringify(file()), sizeBytes],
    ([now], [before]) => {
      turn += 1
      asked.clear()
      failure.value = null
      if (now !== before) {
        rows.clear()
        total.value = 0
        isLoaded.value = false
        inView = { from: 0, to: 1 }
      }
      need(inView.from, inView.to)
    },
    { immediate: true },
  )

  function need(from: number, to: number) {
    inView = { from, to: Math.max(to, from + 1) }
    for (let page = Math.floor(from / PAGE_ENTRIES); page * PAGE_ENTRIES < inView.to; page++) void load(page)
  }
  async function load(page: number) {
    if (asked.has(page)) return
    asked.add(page)
    const mine = turn
    try {
      const found = await bridge.segments.entries({ clusterId: LOCAL_CLUSTER, ...file(), from: page * PAGE_ENTRIES, count: PAGE_ENTRIES })
      if (mine !== turn) return
      for (const entry of found.entries) rows.set(entry.index, entry)
      total.value = found.total
      unusedBytes.value = found.unusedBytes
      problem.value = found.problem
      isLoaded.value = true
    } catch (error) {
      if (mine === turn) failure.value = error
    }
  }
  return { rows, total, unusedBytes, problem, failure, isLoaded, need }
}
