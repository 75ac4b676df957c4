import type { Served } from '../../contract/operations.ts'
import type { security } from '../../contract/security.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { bindingsOf, createBindings, deleteBindings } from './acls.ts'
import { alterQuotas, clientQuotas } from './clientQuotas.ts'
import { deleteCredential, type SaltPassword, scramUsers, setCredential } from './scramUsers.ts'

/** Who may do what, as whom, and how much of it, on any cluster. */
export function securityServices(clientOf: (clusterId: string) => KafkaClient, saltPassword: SaltPassword): Served<typeof security> {
  return {
    acls: async ({ clusterId, filter }) => ({ bindings: (await bindingsOf(clientOf(clusterId), filter)) ?? null }),
    createAcls: async ({ clusterId, bindings }) => createBindings(clientOf(clusterId), bindings),
    deleteAcls: async ({ clusterId, bindings }) => deleteBindings(clientOf(clusterId), bindings),
    users: async ({ clusterId }) => scramUsers(clientOf(clusterId)),
    setCredential: async ({ clusterId, ...credential }) => setCredential(clientOf(clusterId), credential, saltPassword),
    deleteCredential: async ({ clusterId, ...which }) => deleteCredential(clientOf(clusterId), which),
    quotas: async ({ clusterId }) => clientQuotas(clientOf(clusterId)),
    alterQuotas: async ({ clusterId, entity, changes }) => alterQuotas(clientOf(clusterId), entity, changes),
  }
}
