import { computed, nextTick, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Difference, LogPlace } from '../../../../src-main/contract/segments.ts'
import { count } from '../../../composables/format.ts'
import { useBatchWindow } from './useBatchWindow.ts'
import { useSegments } from './useSegments.ts'

export interface BatchTableHandle {
  show(index: number): void
  shift(rows: number): void
}

/** What the segments screen does: how one gets from a partition to a file, a batch and a byte, however one asks for it. */
export function useSegmentsScreen(topic: () => string, table: Readonly<Ref<BatchTableHandle | null>>) {
  const { t } = useI18n()
  const segments = useSegments(topic)
  const { partition, wantedBroker, wantedOffset, replica, file } = segments
  const ofBroker = computed(() =>
    replica.value === null || file.value === null
      ? null
      : { topic: topic(), partition: partition.value, brokerId: replica.value.brokerId, file: file.value.name },
  )
  const isLog = computed(() => file.value?.kind === 'log')
  const batches = useBatchWindow(
    () => (isLog.value ? ofBroker.value : null),
    rows => table.value?.shift(rows),
  )
  /** The record that a link or a person asked for, which the inspector opens its batch at. */
  const shownOffset = ref<number | null>(null)
  /** The broker whose bytes stand beside those of the chosen batch. */
  const beside = ref<number | null>(null)
  /** An offset that was asked for and that no file has. */
  const missing = ref<number | null>(null)
  const notThere = computed(() =>
    missing.value === null ? '' : t('segments.offsetNotThere', { broker: replica.value?.brokerId ?? '', offset: count(missing.value) }),
  )
  /** A place in the next file is known already: it is not to be opened at its end. */
  let isMoving = false

  async function show(place: LogPlace) {
    const at = await batches.load(place)
    await nextTick()
    if (at !== null) table.value?.show(batches.selected.value ?? at)
  }
  async function moveTo(choose: () => boolean, place: LogPlace): Promise<boolean> {
    isMoving = true
    const isThere = choose()
    await nextTick()
    isMoving = false
    if (isThere && isLog.value) await show(place)
    return isThere
  }
  async function goTo(offset: number, brokerId: number | null = wantedBroker.value) {
    missing.value = null
    shownOffset.value = offset
    if (!(await moveTo(() => segments.fileWith(offset, brokerId), { offset }))) missing.value = offset
  }
  /** The same offset on another broker's disk, as far as that has it. */
  async function goToBroker(brokerId: number) {
    const row = isLog.value ? batches.rows.value[batches.selected.value ?? -1] : undefined
    const offset = row?.kind === 'batch' ? row.baseOffset : null
    missing.value = null
    if (offset !== null && (await moveTo(() => segments.fileWith(offset, brokerId), { offset }))) return
    segments.chooseBroker(brokerId)
    if (isLog.value && offset !== null) await show({ end: true })
  }
  async function showByte(name: string, position: number, brokerId: number | null = wantedBroker.value) {
    await moveTo(
      () => {
        segments.chooseFile(name, brokerId)
        return true
      },
      { position },
    )
  }
  async function showDifference({ reference, replica: other, brokerId }: Difference, referenceId: number) {
    const place = reference ?? other
    if (place === null) return
    await showByte(place.file, place.position, reference === null ? brokerId : referenceId)
    beside.value = reference === null ? referenceId : brokerId
  }

  // Another file begins with its newest batch, unless something else was asked for.
  watch(
    [() => JSON.stringify(ofBroker.value), wantedOffset],
    async () => {
      if (ofBroker.value === null || isMoving) return
      const offset = wantedOffset.value
      wantedOffset.value = null
      if (offset !== null) await goTo(offset)
      else if (isLog.value && batches.position.value === null) await show({ end: true })
    },
    { immediate: true },
  )
  watch(
    () => file.value?.sizeBytes,
    bytes => {
      if (bytes !== undefined && isLog.value && batches.sizeIs(bytes)) void show({ end: true })
    },
  )
  watch([batches.position, () => JSON.stringify(ofBroker.value)], () => {
    const row = batches.rows.value[batches.selected.value ?? -1]
    segments.tell(row?.kind === 'batch' ? row.baseOffset : null)
  })
  /** Of an index: where the chosen entry leads to in its log. */
  const ledTo = ref<number | null>(null)
  watch(file, (now, before) => {
    if (now?.name !== before?.name) ledTo.value = null
  })
  const chosenBatch = computed(() => {
    const position = isLog.value ? batches.position.value : ledTo.value
    return ofBroker.value === null || position === null ? null : { ...ofBroker.value, file: logOf(ofBroker.value.file), position }
  })
  return {
    ...segments,
    ofBroker,
    isLog,
    batches,
    chosenBatch,
    ledTo,
    shownOffset,
    beside,
    notThere,
    show,
    goTo,
    goToBroker,
    showByte,
    showDifference,
  }
}

/** The log that an index is beside; of a log, itself. */
export const logOf = (file: string): string => file.replace(/\.(index|timeindex|txnindex)(?=$|\.)/, '.log')
