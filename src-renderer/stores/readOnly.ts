import { defineStore } from 'pinia'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import { useBridge } from '../composables/useBridge.ts'
import { takeReadOnly } from '../composables/useReadOnly.ts'

/** Asks the host to look at the cluster only, or to change it again. */
export const useReadOnlyStore = defineStore('readOnly', () => {
  const bridge = useBridge()
  const watch = (signal: AbortSignal) => bridge.app.readOnly({}, signal)
  const take = (clusterIds: readonly string[]) => takeReadOnly(clusterIds.includes(LOCAL_CLUSTER))
  const set = (isReadOnly: boolean) => bridge.app.setReadOnly({ clusterId: LOCAL_CLUSTER, isReadOnly })
  return { watch, take, set }
})
