import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import type { ConfigChange, TopicSummary, TopicSurvey } from '../../src-main/contract/topics.ts'
import { useBridge } from '../composables/useBridge.ts'
import { type Counted, ratesBetween } from './topicRates.ts'

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
  /** What is slower to learn of each topic, by name; refreshed only while somebody looks. */
  const surveyed = shallowRef<ReadonlyMap<string, TopicSurvey>>(new Map())
  /** Records per second, by topic, between the last two looks. */
  const ratesIn = shallowRef<ReadonlyMap<string, number>>(new Map())
  const ratesOut = shallowRef<ReadonlyMap<string, number>>(new Map())
  let produced: Counted | undefined
  let consumed: Counted | undefined
  const ours = computed(() => topics.value.filter(topic => !topic.isInternal))

  async function refresh() {
    try {
      topics.value = await bridge.topics.list({ clusterId: LOCAL_CLUSTER })
      isLoaded.value = true
      const now = { atMs: performance.now(), counts: new Map(topics.value.map(({ name, logEndOffsets }) => [name, logEndOffsets])) }
      const rates = ratesBetween(produced, now)
      if (rates.size > 0 || produced === undefined) ratesIn.value = rates
      produced = now
      failure.value = null
    } catch (error) {
      failure.value = error
    }
  }
  async function survey() {
    const found = await bridge.topics.survey({ clusterId: LOCAL_CLUSTER })
    surveyed.value = new Map(found.map(each => [each.name, each]))
    const now = { atMs: performance.now(), counts: new Map(found.map(({ name, committedOffsets }) => [name, committedOffsets])) }
    ratesOut.value = ratesBetween(consumed, now)
    consumed = now
  }
  async function create(topic: NewTopic) {
    await bridge.topics.create({ clusterId: LOCAL_CLUSTER, ...topic, configs: { ...topic.configs } })
    await refresh() // the broker decides what exists; the store never guesses
  }
  async function remove(topic: string) {
    await bridge.topics.delete({ clusterId: LOCAL_CLUSTER, topic })
    await refresh()
  }
  const configs = (topic: string) => bridge.topics.configs({ clusterId: LOCAL_CLUSTER, topic })
  const checkConfigs = (topic: string, changes: ConfigChange[]) => bridge.topics.checkConfigs({ clusterId: LOCAL_CLUSTER, topic, changes })
  const alterConfigs = (topic: string, changes: ConfigChange[]) => bridge.topics.alterConfigs({ clusterId: LOCAL_CLUSTER, topic, changes })
  async function addPartitions(topic: string, partitions: number) {
    await bridge.topics.addPartitions({ clusterId: LOCAL_CLUSTER, topic, partitions })
    await refresh()
  }
  const extent = (topic: string) => bridge.messages.extent({ clusterId: LOCAL_CLUSTER, topic })
  const offsetsAt = (topic: string, timestampMs: number) => bridge.messages.offsetsAt({ clusterId: LOCAL_CLUSTER, topic, timestampMs })
  async function deleteRecords(topic: string, partitions: { partition: number; offset: number }[]) {
    const moved = await bridge.topics.deleteRecords({ clusterId: LOCAL_CLUSTER, topic, partitions })
    await refresh()
    return moved
  }
  const clone = (topic: string, name: string, withRecords: boolean, signal: AbortSignal) =>
    bridge.topics.clone({ clusterId: LOCAL_CLUSTER, topic, name, withRecords }, signal)
  const statistics = (topic: string, sample: number | null, signal: AbortSignal) =>
    bridge.topics.statistics({ clusterId: LOCAL_CLUSTER, topic, sample }, signal)

  return {
    topics,
    ours,
    isLoaded,
    failure,
    surveyed,
    ratesIn,
    ratesOut,
    refresh,
    survey,
    create,
    remove,
    configs,
    checkConfigs,
    alterConfigs,
    addPartitions,
    extent,
    offsetsAt,
    deleteRecords,
    clone,
    statistics,
  }
})
