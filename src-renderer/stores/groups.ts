import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import type { GroupSummary } from '../../src-main/contract/groups.ts'
import { useBridge } from '../composables/useBridge.ts'

export const useGroupsStore = defineStore('groups', () => {
  const bridge = useBridge()
  const groups = shallowRef<readonly GroupSummary[]>([])
  const isLoaded = ref(false)

  async function refresh() {
    groups.value = await bridge.groups.list({ clusterId: LOCAL_CLUSTER })
    isLoaded.value = true
  }
  async function remove(groupId: string) {
    await bridge.groups.delete({ clusterId: LOCAL_CLUSTER, groupId })
    await refresh()
  }
  const watch = (groupId: string, everyMs: number, signal: AbortSignal) =>
    bridge.groups.watch({ clusterId: LOCAL_CLUSTER, groupId, everyMs }, signal)
  return { groups, isLoaded, refresh, remove, watch }
})
