import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import type { GroupMember, GroupSummary } from '../../src-main/contract/groups.ts'
import type { LagAlert, LagAlertOfGroup } from '../../src-main/contract/lagHistory.ts'
import type { PlannedOffset, ResetScope, ResetTarget } from '../../src-main/contract/offsetReset.ts'
import { useBridge } from '../composables/useBridge.ts'

const clusterId = LOCAL_CLUSTER

export const useGroupsStore = defineStore('groups', () => {
  const bridge = useBridge()
  const groups = shallowRef<readonly GroupSummary[]>([])
  const isLoaded = ref(false)
  /** Why the last refresh failed; what is shown is older then. */
  const failure = shallowRef<unknown>(null)
  const alerts = shallowRef<readonly LagAlertOfGroup[]>([])

  async function refresh() {
    try {
      groups.value = await bridge.groups.list({ clusterId })
      isLoaded.value = true
      failure.value = null
    } catch (error) {
      failure.value = error
    }
  }
  async function remove(groupId: string) {
    await bridge.groups.delete({ clusterId, groupId })
    await refresh()
  }
  async function loadAlerts() {
    alerts.value = await bridge.groups.alerts({ clusterId })
  }
  async function setAlert(groupId: string, alert: LagAlert | null) {
    await bridge.groups.setAlert({ clusterId, groupId, alert })
    await loadAlerts()
  }
  const watch = (groupId: string, everyMs: number, signal: AbortSignal) => bridge.groups.watch({ clusterId, groupId, everyMs }, signal)
  const history = (groupId: string, wanted: { spanMs: number; points: number; partitions: number }) =>
    bridge.groups.history({ clusterId, groupId, ...wanted })
  const deleteOffsets = (groupId: string, topic: string) => bridge.groups.deleteOffsets({ clusterId, groupId, topic, partitions: null })
  const removeMember = (groupId: string, { memberId, groupInstanceId }: GroupMember, reason: string) =>
    bridge.groups.removeMember({ clusterId, groupId, memberId, groupInstanceId, reason })
  const planReset = (groupId: string, target: ResetTarget, scope: ResetScope) =>
    bridge.groups.planReset({ clusterId, groupId, target, scope })
  const reset = (groupId: string, offsets: readonly PlannedOffset[]) => bridge.groups.reset({ clusterId, groupId, offsets: [...offsets] })
  const alarms = (signal: AbortSignal) => bridge.groups.alarms({ clusterId }, signal)

  return {
    groups,
    isLoaded,
    failure,
    alerts,
    refresh,
    remove,
    watch,
    history,
    deleteOffsets,
    removeMember,
    planReset,
    reset,
    loadAlerts,
    setAlert,
    alarms,
  }
})
