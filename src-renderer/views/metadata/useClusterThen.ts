import { shallowRef, watch, type Ref } from 'vue'
import { LOCAL_CLUSTER } from '../../../src-main/contract/common.ts'
import type { ClusterThen } from '../../../src-main/contract/metadataLog.ts'
import { useBridge } from '../../composables/useBridge.ts'

/** The cluster as of an offset. Who scrubs asks faster than answers come: between two answers only the newest wish counts. */
export function useClusterThen(offset: Readonly<Ref<number | null>>, topic: Readonly<Ref<string | null>>) {
  const bridge = useBridge()
  const then = shallowRef<ClusterThen | null>(null)
  const failure = shallowRef<unknown>(null)
  let isAsking = false

  async function ask() {
    if (isAsking) return
    isAsking = true
    for (let asked = ''; offset.value !== null && asked !== wish();) {
      asked = wish()
      try {
        then.value = await bridge.metadataLog.stateAt({ clusterId: LOCAL_CLUSTER, offset: offset.value, topic: topic.value })
        failure.value = null
      } catch (error) {
        failure.value = error
      }
    }
    isAsking = false
  }
  const wish = () => `${offset.value} ${topic.value}`
  watch([offset, topic], () => void ask(), { immediate: true })
  return { then, failure }
}
