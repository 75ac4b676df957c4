import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import type { TopicSummary } from '../../src-main/contract/topics.ts'
import { useBridge } from '../composables/useBridge.ts'

export interface NewTopic {
  readonly name: string
  readonly partitions: number | null
  readonly replicationFactor: number | null
  readonly configs: Readonly<Record<string, string>>
}

export const useTopicsStore = defineStore('topics', () => {
  const bridge = useBridge()
  const topics = shallowRef<readonly TopicSummary[]>([])
  const isLoaded = ref(false)
  /** Why the last refresh failed; what is shown is older then. */
  const failure = shallowRef<unknown>(null)
  const ours = computed(() => topics.value.filter(topic => !topic.isInternal))

  async function refresh() {
    try {
      topics.value = await bridge.topics.list({ clusterId: LOCAL_CLUSTER })
      isLoaded.value = true
      failure.value = null
    } catch (error) {
      failure.value = error
    }
  }
  async function create(topic: NewTopic) {
    await bridge.topics.create({ clusterId: LOCAL_CLUSTER, ...topic, configs: { ...topic.configs } })
    await refresh() // the broker decides what exists; the store never guesses
  }
  async function remove(topic: string) {
    await bridge.topics.delete({ clusterId: LOCAL_CLUSTER, topic })
    await refresh()
  }
  return { topics, ours, isLoaded, failure, refresh, create, remove }
})
