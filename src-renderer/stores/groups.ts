import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import type { GroupSummary } from '../../src-main/contract/groups.ts'
import { useBridge } from '../composables/useBridge.ts'

export const useGroupsStore = defineStore('groups', () => {
  const bridge = useBridge()
  const groups = shallowRef<readonly GroupSummary[]>([])
  const isLoaded = ref(false)
  /** Why the last refresh failed; what is shown is older then. */
  const failure = shallowRef<unknown>(null)

  async function refresh() {
    try {
      groups.value = await bridge.groups.list({ clusterId: LOCAL_CLUSTER })
      isLoaded.value = true
      failure.value = null
    } catch (error) {
      failure.value = error
    }
  }
  async function remove(groupId: string) {
    await bridge.groups.delete({ clusterId: LOCAL_CLUSTER, groupId })
    await refresh()
  }
  const watch = (groupId: string, everyMs: number, signal: AbortSignal) =>
    bridge.groups.watch({ clusterId: LOCAL_CLUSTER, groupId, everyMs }, signal)
  return { groups, isLoaded, failure, refresh, remove, watch }
})
