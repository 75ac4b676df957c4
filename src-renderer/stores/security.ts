import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import type {
  AclBinding,
  AclFilter,
  ClientQuota,
  NewAclBinding,
  QuotaEntity,
  ScramMechanism,
  ScramUser,
} from '../../src-main/contract/security.ts'
import { useBridge } from '../composables/useBridge.ts'

/** What one can look at, and by which of Kafka's APIs it is listed and changed. */
export const SECURITY_APIS = {
  acls: { list: 'DescribeAcls', change: ['CreateAcls', 'DeleteAcls'] },
  users: { list: 'DescribeUserScramCredentials', change: ['AlterUserScramCredentials'] },
  quotas: { list: 'DescribeClientQuotas', change: ['AlterClientQuotas'] },
} as const

export type SecurityTab = keyof typeof SECURITY_APIS

/** In the order of the tabs. */
export const SECURITY_TABS = Object.keys(SECURITY_APIS) as readonly SecurityTab[]

const clusterId = LOCAL_CLUSTER

/** Who may do what, as whom, and how much of it. Null as long as nothing is known. */
export const useSecurityStore = defineStore('security', () => {
  const bridge = useBridge()
  /** What the filter that was asked for last lets through; null in it when there is no authorizer. */
  const acls = shallowRef<{ readonly bindings: readonly AclBinding[] | null } | null>(null)
  const users = shallowRef<readonly ScramUser[] | null>(null)
  const quotas = shallowRef<readonly ClientQuota[] | null>(null)
  let filter: AclFilter | null = null

  async function loadAcls(wanted: AclFilter) {
    filter = wanted
    const told = await bridge.security.acls({ clusterId, filter: wanted })
    if (filter === wanted) acls.value = told
  }
  async function reloadAcls() {
    if (filter !== null) await loadAcls(filter)
  }
  async function createAcls(bindings: readonly NewAclBinding[]) {
    try {
      await bridge.security.createAcls({ clusterId, bindings: [...bindings] })
    } finally {
      await reloadAcls() // of several, some may have been made
    }
  }
  async function deleteAcls(bindings: readonly AclBinding[]): Promise<AclBinding[]> {
    try {
      return await bridge.security.deleteAcls({ clusterId, bindings: [...bindings] })
    } finally {
      await reloadAcls()
    }
  }
  async function loadUsers() {
    users.value = await bridge.security.users({ clusterId })
  }
  async function setCredential(credential: { user: string; mechanism: ScramMechanism; iterations: number; password: string }) {
    await bridge.security.setCredential({ clusterId, ...credential })
    await loadUsers()
  }
  async function deleteCredential(user: string, mechanism: ScramMechanism) {
    await bridge.security.deleteCredential({ clusterId, user, mechanism })
    await loadUsers()
  }
  async function loadQuotas() {
    quotas.value = await bridge.security.quotas({ clusterId })
  }
  async function alterQuotas(entity: QuotaEntity, changes: readonly { name: string; value: number | null }[]) {
    await bridge.security.alterQuotas({ clusterId, entity, changes: [...changes] })
    await loadQuotas()
  }
  return {
    acls,
    users,
    quotas,
    loadAcls,
    createAcls,
    deleteAcls,
    loadUsers,
    setCredential,
    deleteCredential,
    loadQuotas,
    alterQuotas,
  }
})
