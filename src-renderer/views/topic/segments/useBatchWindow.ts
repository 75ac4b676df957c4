import { computed, ref, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { BatchPage, LogPlace, LogRow } from '../../../../src-main/contract/segments.ts'
import { useBridge } from '../../../composables/useBridge.ts'

/** A log on a broker's disk. */
export interface LogOfBroker {
  readonly topic: string
  readonly partition: number
  readonly brokerId: number
  readonly file: string
}

/** One of its batches, by its first byte. */
export interface ChosenBatch extends LogOfBroker {
  readonly position: number
}

const PAGE_ROWS = 100
/** Rows that are kept: beyond it they go at the other end. */
const KEPT_ROWS = 3_000

/** The batches of a log around a place, more of them as one comes near an end of what is there. `onShift` hears of rows that come or go above. */
export function useBatchWindow(log: () => LogOfBroker | null, onShift: (rows: number) => void) {
  const bridge = useBridge()
  const rows = shallowRef<readonly LogRow[]>([])
  const fileBytes = ref(0)
  const failure = shallowRef<unknown>(null)
  const isLoading = ref(false)
  /** Of the chosen row, in the file. */
  const position = ref<number | null>(null)
  let turn = 0
  let isGrowing = false

  const from = computed(() => rows.value[0]?.position ?? 0)
  const to = computed(() => {
    const last = rows.value.at(-1)
    return last === undefined ? 0 : last.position + last.sizeBytes
  })
  const selected = computed({
    get: () => {
      const at = rows.value.findIndex(row => row.position === position.value)
      return at < 0 ? null : at
    },
    set: index => (position.value = index === null ? null : (rows.value[index]?.position ?? null)),
  })

  const ask = (of: LogOfBroker, place: LogPlace, before: number, after: number): Promise<BatchPage> =>
    bridge.segments.batches({ clusterId: LOCAL_CLUSTER, ...of, place, before, after })

  /** Shows the batches around a place and chooses the one that is there. Resolves with its row. */
  async function load(place: LogPlace): Promise<number | null> {
    const of = log()
    const mine = ++turn
    failure.value = null
    if (of === null) return null
    isLoading.value = true
    try {
      const page = await ask(of, place, PAGE_ROWS, PAGE_ROWS)
      if (mine !== turn) return null
      rows.value = page.rows
      fileBytes.value = page.fileBytes
      position.value = page.at === null ? null : (page.rows[page.at]?.position ?? null)
      return page.at
    } catch (error) {
      if (mine !== turn) return null
      failure.value = error
      rows.value = []
      position.value = null
      return null
    } finally {
      if (mine === turn) isLoading.value = false
    }
  }

  /** More rows at an end, if there are. */
  async function more(side: 'before' | 'after') {
    const of = log()
    if (of === null || isGrowing || rows.value.length === 0) return
    if (side === 'before' ? from.value === 0 : to.value >= fileBytes.value) return
    const mine = turn
    isGrowing = true
    try {
      const page = await (side === 'before'
        ? ask(of, { position: from.value - 1 }, PAGE_ROWS, 0)
        : ask(of, { position: to.value }, 0, PAGE_ROWS))
      if (mine !== turn || page.rows.length === 0) return
      fileBytes.value = page.fileBytes
      if (side === 'before') {
        rows.value = [...page.rows, ...rows.value].slice(0, KEPT_ROWS)
        onShift(page.rows.length)
      } else {
        const all = [...rows.value, ...page.rows]
        const dropped = Math.max(0, all.length - KEPT_ROWS)
        rows.value = all.slice(dropped)
        if (dropped > 0) onShift(-dropped)
      }
    } catch (error) {
      if (mine === turn) failure.value = error
    } finally {
      isGrowing = false
    }
  }

  /** The file has so many bytes now. What was appended follows where the end is on screen. Answers whether bytes that were shown are gone. */
  function sizeIs(bytes: number): boolean {
    const isCut = bytes < to.value
    const wasAtEnd = to.value === fileBytes.value
    if (!isCut) fileBytes.value = Math.max(fileBytes.value, bytes)
    if (wasAtEnd && bytes > to.value && rows.value.length > 0) void more('after')
    return isCut
  }
  watch(
    () => JSON.stringify(log()),
    () => {
      turn += 1
      rows.value = []
      position.value = null
      fileBytes.value = 0
    },
  )
  return { rows, from, to, fileBytes, failure, isLoading, position, selected, load, more, sizeIs }
}
