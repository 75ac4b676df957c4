import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import { useBridge } from '../composables/useBridge.ts'

/** Which of Kafka's APIs the cluster offers. */
export const useOffersStore = defineStore('offers', () => {
  const bridge = useBridge()
  const offered = shallowRef<ReadonlySet<string> | null>(null)

  async function load() {
    offered.value = new Set(await bridge.brokers.offered({ clusterId: LOCAL_CLUSTER }))
  }
  /** The first of these that the cluster is known not to offer. */
  const missing = (...apis: readonly string[]): string | undefined => apis.find(api => offered.value?.has(api) === false)
  return { offered, load, missing }
})
