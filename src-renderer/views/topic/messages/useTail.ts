import { computed, ref, shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { TopicFormats } from '../../../../src-main/contract/formats.ts'
import type { MessageRow, PartitionExtent } from '../../../../src-main/contract/messages.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useStream } from '../../../composables/useStream.ts'

/** Rows the live table keeps. */
export const TAIL_KEPT = 2_000

interface Target {
  readonly topic: string
  readonly partitions: readonly number[] | null
  readonly columns: readonly string[]
  readonly formats: TopicFormats
}

/**
 * What is appended while one looks, newest first. Paused, it stands still and counts what it holds back. The host sends no more than is taken, so
 * a screen that cannot follow falls behind the log instead of losing records: `behind` says how far.
 */
export function useTail(target: () => Target | null) {
  const bridge = useBridge()
  const rows = shallowRef<readonly MessageRow[]>([])
  const arrived = ref(0)
  const isPaused = ref(false)
  const held = shallowRef<readonly MessageRow[]>([])
  /** How many arrived while it is paused; of these too the newest are kept. */
  const heldBack = ref(0)
  /** Per partition the offset after the last that arrived. */
  let positions = new Map<number, number>()

  const key = () => {
    const now = target()
    return now === null ? null : JSON.stringify(now)
  }
  const { failure, restart } = useStream(
    signal => {
      const now = target()
      rows.value = []
      held.value = []
      heldBack.value = 0
      arrived.value = 0
      isPaused.value = false
      positions = new Map()
      return bridge.messages.tail(
        {
          clusterId: LOCAL_CLUSTER,
          topic: now?.topic ?? '',
          partitions: now?.partitions ? [...now.partitions] : null,
          columns: [...(now?.columns ?? [])],
          ...(now && { formats: now.formats }),
        },
        signal,
      )
    },
    batch => {
      arrived.value += batch.length
      for (const { partition, offset } of batch) positions.set(partition, offset + 1)
      if (isPaused.value) heldBack.value += batch.length
      const grown = isPaused.value ? held : rows
      grown.value = [...batch.toReversed(), ...grown.value].slice(0, TAIL_KEPT)
    },
    { key },
  )
  function togglePause() {
    isPaused.value = !isPaused.value
    if (isPaused.value) return
    rows.value = [...held.value, ...rows.value].slice(0, TAIL_KEPT)
    held.value = []
    heldBack.value = 0
  }
  return {
    rows,
    arrived,
    isPaused,
    heldBack,
    failure,
    restart,
    togglePause,
    /** Arrived, and made room for newer ones. */
    dropped: computed(() => Math.max(0, arrived.value - rows.value.length - held.value.length)),
    /** Offsets in the log that have not arrived; of partitions from which anything has. */
    behind: (extents: readonly PartitionExtent[]) =>
      extents.reduce((sum, { partition, end }) => sum + Math.max(0, end - (positions.get(partition) ?? end)), 0),
  }
}
