import { ref, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { ReplayWarning } from '../../../../src-main/contract/records.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import type { WantedReplay } from './useTransfer.ts'

export interface Plan {
  readonly offsets: number
  /** Of records that were picked one by one, those outside the log by now. */
  readonly gone: number
  readonly sourcePartitions: number
  readonly targetPartitions: number
  readonly warnings: readonly ReplayWarning[]
}

/** What a replay would do, asked anew whenever something of it is changed; null while nobody knows. */
export function useReplayPlan(wanted: () => WantedReplay | null) {
  const bridge = useBridge()
  const failureText = useFailureText()
  const plan = shallowRef<Plan | null>(null)
  const failure = ref('')

  watch(
    () => JSON.stringify(wanted()),
    async (_now, _before, onCleanup) => {
      let isStale = false
      onCleanup(() => (isStale = true))
      const asked = wanted()
      plan.value = null
      failure.value = ''
      if (asked === null) return
      const { compression: _, ...target } = asked
      try {
        const found = await bridge.records.planReplay({ clusterId: LOCAL_CLUSTER, ...target })
        if (!isStale) plan.value = found
      } catch (error) {
        if (!isStale) failure.value = failureText(error)
      }
    },
    { immediate: true },
  )
  return { plan, failure }
}
