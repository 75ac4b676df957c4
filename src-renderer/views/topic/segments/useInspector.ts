import { computed, ref, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { BatchDetail, RecordRow } from '../../../../src-main/contract/segments.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { type ByteRange, contains, ownerOf } from './byteLooks.ts'
import type { ChosenBatch } from './useBatchWindow.ts'
import { useRecordPages } from './useRecordPages.ts'

/** What the inspector knows of the chosen batch, and which of its bytes are chosen or pointed at. */
export function useInspector(batch: () => ChosenBatch | null, wantedOffset: () => number | null) {
  const bridge = useBridge()
  const detail = shallowRef<BatchDetail | null>(null)
  const failure = shallowRef<unknown>(null)
  const mode = ref<'fields' | 'records'>('fields')
  const field = ref<string | null>('crc')
  const record = shallowRef<RecordRow | null>(null)
  const part = ref<string | null>(null)
  const caret = ref<number | null>(null)
  const hoveredAt = ref<number | null>(null)
  const hoveredKey = ref<string | null>(null)
  const records = useRecordPages(() => (detail.value?.row.kind === 'batch' ? batch() : null))

  watch(
    () => JSON.stringify(batch()),
    async () => {
      const asked = batch()
      record.value = null
      part.value = null
      failure.value = null
      if (asked === null) {
        detail.value = null
        return
      }
      try {
        const found = await bridge.segments.batch({ clusterId: LOCAL_CLUSTER, ...asked })
        if (JSON.stringify(asked) !== JSON.stringify(batch())) return
        detail.value = found
        caret.value = null
        records.begin(found)
        await showWanted()
      } catch (error) {
        if (JSON.stringify(asked) !== JSON.stringify(batch())) return
        detail.value = null
        failure.value = error
      }
    },
    { immediate: true },
  )
  watch(wantedOffset, () => void showWanted())

  /** Chooses the record with the offset that was asked for, where this batch has it. */
  async function showWanted() {
    const offset = wantedOffset()
    const row = detail.value?.row
    if (offset === null || row?.kind !== 'batch' || offset < row.baseOffset || offset > row.lastOffset) return
    const found = await records.withOffset(offset, row)
    if (found === undefined || offset !== wantedOffset()) return
    mode.value = 'records'
    chooseRecord(found)
  }

  const isLinked = computed(() => !records.isCompressed.value)
  const fieldRanges = computed<ByteRange[]>(() => (detail.value?.fields ?? []).map(({ name, at, size }) => ({ key: name, at, size })))
  const partRanges = computed<ByteRange[]>(() =>
    isLinked.value ? (record.value?.parts ?? []).map(({ name, at, size }) => ({ key: name, at, size })) : [],
  )
  /** All that bytes may belong to, without overlaps. */
  const ranges = computed<readonly ByteRange[]>(() => {
    if (mode.value === 'fields' || !isLinked.value) return fieldRanges.value
    const loaded = records.loaded.value
    const rows = loaded
      .filter(each => each.index !== record.value?.index)
      .map(each => ({ key: `record ${each.index}`, at: each.at, size: each.sizeBytes }))
    const header = fieldRanges.value.filter(({ key }) => key !== 'records')
    return [...header, ...rows, ...partRanges.value].sort((one, other) => one.at - other.at)
  })
  const chosen = computed<ByteRange | null>(() => {
    if (mode.value === 'fields') return fieldRanges.value.find(({ key }) => key === field.value) ?? null
    if (record.value === null || !isLinked.value) return null
    return partRanges.value.find(({ key }) => key === part.value) ?? { key: 'record', at: record.value.at, size: record.value.sizeBytes }
  })
  const hovered = computed<ByteRange | null>(() => {
    if (hoveredAt.value !== null) return ranges.value[ownerOf(ranges.value, hoveredAt.value)] ?? null
    return ranges.value.find(({ key }) => key === hoveredKey.value) ?? null
  })

  function chooseRecord(row: RecordRow | null) {
    record.value = row
    part.value = null
    caret.value = row !== null && isLinked.value ? row.at : null
  }
  /** Chooses what a byte belongs to. */
  function pick(at: number) {
    caret.value = at
    const owner = ranges.value[ownerOf(ranges.value, at)]
    if (mode.value === 'fields') {
      if (owner !== undefined) field.value = owner.key
      return
    }
    const row = records.loaded.value.find(each => contains({ key: '', at: each.at, size: each.sizeBytes }, at))
    if (row === undefined) return
    if (row.index !== record.value?.index) record.value = row
    part.value = row.parts.find(each => contains({ key: '', ...each }, at))?.name ?? null
  }
  // A field that is chosen by its name brings its bytes into view.
  watch(field, now => {
    const range = fieldRanges.value.find(({ key }) => key === now)
    if (range !== undefined && !contains(range, caret.value ?? -1)) caret.value = range.at
  })
  watch(part, now => {
    const range = partRanges.value.find(({ key }) => key === now)
    if (range !== undefined && !contains(range, caret.value ?? -1)) caret.value = range.at
  })

  return {
    detail,
    failure,
    mode,
    field,
    record,
    part,
    caret,
    hovered,
    hoveredAt,
    hoveredKey,
    ranges,
    chosen,
    records,
    isLinked,
    pick,
    chooseRecord,
  }
}
