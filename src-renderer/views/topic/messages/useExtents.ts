import { computed, ref, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { PartitionExtent } from '../../../../src-main/contract/messages.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { usePolling } from '../../../composables/usePolling.ts'

const EVERY_MS = 2_000

/**
 * Where each partition starts and ends: as the table shows it, and as it is by now. A table that grew under the reader's eyes would move, so
 * what is new is only counted, until `adopt`. While `follows` holds (the reader is at the newest row), new extents are shown at once.
 */
export function useExtents(
  topic: () => string,
  { follows, onReset, onCut }: { follows: () => boolean; onReset: () => void; onCut: () => void },
) {
  const bridge = useBridge()
  const shown = shallowRef<readonly PartitionExtent[]>([])
  const latest = shallowRef<readonly PartitionExtent[]>([])
  const isLoaded = ref(false)

  const adopt = () => (shown.value = latest.value)

  const { failure, again } = usePolling(
    async () => {
      const asked = topic()
      const extents = await bridge.messages.extent({ clusterId: LOCAL_CLUSTER, topic: asked })
      if (asked !== topic()) return
      latest.value = extents
      const before = new Map(shown.value.map(each => [each.partition, each]))
      const wasCut = extents.some(each => each.end < (before.get(each.partition)?.end ?? 0))
      if (wasCut) {
        onReset()
        onCut()
      }
      const startMoved = extents.some(each => each.start !== before.get(each.partition)?.start)
      if (!isLoaded.value || wasCut || startMoved || follows()) adopt()
      isLoaded.value = true
    },
    EVERY_MS,
    topic,
  )
  watch(topic, () => {
    shown.value = []
    latest.value = []
    isLoaded.value = false
    onReset()
  })

  const total = (extents: readonly PartitionExtent[]) => extents.reduce((sum, each) => sum + each.end - each.start, 0)
  const newRecords = computed(() => Math.max(0, total(latest.value) - total(shown.value)))
  return { shown, latest, isLoaded, newRecords, failure, again, adopt }
}
