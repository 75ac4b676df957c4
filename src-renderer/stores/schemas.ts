import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import type { RegistryInput, RegistrySettings, SchemaAssignment, SchemaPart } from '../../src-main/contract/schemas.ts'
import { useBridge } from '../composables/useBridge.ts'

/** The cluster's schema registry, and which schemas were chosen for topics. */
export const useSchemasStore = defineStore('schemas', () => {
  const bridge = useBridge()
  const clusterId = LOCAL_CLUSTER
  /** `undefined` until it is known. */
  const registry = shallowRef<RegistrySettings | null | undefined>(undefined)
  /** Rises with each change of what is chosen, so that whoever shows a schema asks again. */
  const changes = shallowRef(0)

  async function load() {
    registry.value = (await bridge.schemas.settings({ clusterId })).registry
  }
  async function setRegistry(next: RegistryInput | null) {
    await bridge.schemas.setRegistry({ clusterId, registry: next })
    await load()
    changes.value += 1
  }
  async function assign(topic: string, part: SchemaPart, assignment: SchemaAssignment | null) {
    await bridge.schemas.assign({ clusterId, topic, part, assignment })
    changes.value += 1
  }
  return {
    registry,
    changes,
    load,
    setRegistry,
    assign,
    tryRegistry: (next: RegistryInput) => bridge.schemas.tryRegistry({ clusterId, registry: next }),
    assignments: (topic: string) => bridge.schemas.assignments({ clusterId, topic }),
    subjects: () => bridge.schemas.subjects({ clusterId }),
    versions: (subject: string) => bridge.schemas.versions({ clusterId, subject }),
    version: (subject: string, version: number) => bridge.schemas.version({ clusterId, subject, version }),
    byId: (id: number) => bridge.schemas.byId({ clusterId, id }),
    look: (assignment: SchemaAssignment) => bridge.schemas.look({ clusterId, assignment }),
  }
})
