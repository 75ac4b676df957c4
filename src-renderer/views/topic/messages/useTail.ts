import { ref, shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { MessageRow } from '../../../../src-main/contract/messages.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useStream } from '../../../composables/useStream.ts'

/** Rows the live table keeps. */
export const TAIL_KEPT = 2_000

/** What is appended while one looks, newest first. Paused, it stands still and counts what it holds back. */
export function useTail(target: () => { topic: string; partitions: readonly number[] | null } | null) {
  const bridge = useBridge()
  const rows = shallowRef<readonly MessageRow[]>([])
  const arrived = ref(0)
  const isPaused = ref(false)
  const held = shallowRef<readonly MessageRow[]>([])
  /** How many arrived while it is paused; of these too the newest are kept. */
  const heldBack = ref(0)

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
      return bridge.messages.tail(
        { clusterId: LOCAL_CLUSTER, topic: now?.topic ?? '', partitions: now?.partitions ? [...now.partitions] : null },
        signal,
      )
    },
    batch => {
      arrived.value += batch.length
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
  return { rows, arrived, isPaused, heldBack, failure, restart, togglePause }
}
