import { computed, ref, shallowReactive } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { BatchDetail, BatchRow, RecordRow } from '../../../../src-main/contract/segments.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import type { ChosenBatch } from './useBatchWindow.ts'

const PAGE_RECORDS = 100
/** Damage can make any number of a count; a table of what cannot be there would be no help. */
const LEAST_RECORD_BYTES = 7

/** The records of a batch, fetched as they come into view. */
export function useRecordPages(batch: () => ChosenBatch | null) {
  const bridge = useBridge()
  const rows = shallowReactive(new Map<number, RecordRow>())
  const total = ref(0)
  const isCompressed = ref(false)
  /** Why there are no more; null while there is no reason. */
  const problem = ref<string | null>(null)
  const asked = new Map<number, Promise<void>>()
  let turn = 0

  /** Another batch: nothing is known but how many there should be. */
  function begin(detail: BatchDetail) {
    turn += 1
    rows.clear()
    asked.clear()
    problem.value = null
    const { row } = detail
    isCompressed.value = row.kind === 'batch' && row.codec !== 'none'
    const most = detail.unfoldedBytes === null ? 0 : Math.floor(detail.unfoldedBytes / LEAST_RECORD_BYTES)
    total.value =
      row.kind === 'batch'
        ? Math.max(0, detail.unfoldedBytes === null ? Math.min(row.recordCount, 1_000) : Math.min(row.recordCount, most))
        : 0
  }

  function need(from: number, to: number) {
    for (let page = Math.floor(from / PAGE_RECORDS); page * PAGE_RECORDS < Math.min(to, total.value); page++) void load(page)
  }
  const load = (page: number) => {
    const known = asked.get(page) ?? fetchPage(page)
    asked.set(page, known)
    return known
  }
  async function fetchPage(page: number): Promise<void> {
    const of = batch()
    const mine = turn
    if (of === null) return
    try {
      const found = await bridge.segments.records({ clusterId: LOCAL_CLUSTER, ...of, from: page * PAGE_RECORDS, count: PAGE_RECORDS })
      if (mine !== turn) return
      for (const row of found.records) rows.set(row.index, row)
      isCompressed.value = found.isCompressed
      if (found.problem === null) return
      problem.value = found.problem
      total.value = Math.min(total.value, page * PAGE_RECORDS + found.records.length)
    } catch (error) {
      if (mine === turn) problem.value = error instanceof Error ? error.message : String(error)
    }
  }

  /** In a batch without gaps it is as far from the first as its offset; compaction only makes that less. */
  async function withOffset(offset: number, { baseOffset }: BatchRow): Promise<RecordRow | undefined> {
    for (let page = Math.floor(Math.min(total.value - 1, offset - baseOffset) / PAGE_RECORDS); page >= 0; page--) {
      await load(page)
      const found = [...rows.values()].find(each => each.offset === offset)
      if (found !== undefined) return found
      if ([...rows.values()].some(each => each.offset < offset)) return undefined
    }
    return undefined
  }

  const loaded = computed(() => [...rows.values()].sort((one, other) => one.index - other.index))
  return { rows, loaded, total, isCompressed, problem, begin, need, withOffset }
}
