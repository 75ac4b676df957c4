import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { ClusterEvent, ClusterSnapshot, LocalBroker, PartitionReplicas, ProfileValue } from '../../src-main/contract/cluster.ts'
import { useBridge } from '../composables/useBridge.ts'
import { isServing } from './isServing.ts'
import { snapshotsOf } from './snapshots.ts'
import { addSample, type RateHistory } from './rateHistory.ts'

/** Events older than the newest this many are forgotten. */
const KEPT_EVENTS = 500
/** Events that come in a burst, a thousand topics say, are shown together: each change of the list is work for whoever shows it. */
const SHOWN_TOGETHER_MS = 50
const NO_PARTITIONS: readonly PartitionReplicas[] = []

export type BrokerAction = 'stop' | 'kill' | 'pause' | 'resume' | 'start' | 'restart' | 'wipe'

/** The three brokers on this machine, as the newest snapshot has them. */
export const useClusterStore = defineStore('cluster', () => {
  const bridge = useBridge()
  const snapshot = shallowRef<ClusterSnapshot | null>(null)
  const events = shallowRef<readonly ClusterEvent[]>([])
  const profile = shallowRef<readonly ProfileValue[]>([])
  const rates = shallowRef<RateHistory>(new Map())
  /** What was asked of a broker and is not done yet. */
  const pending = shallowRef<ReadonlyMap<number, BrokerAction>>(new Map())

  /** The same list while none of them changes, whatever else a snapshot brings. */
  const partitions = computed<readonly PartitionReplicas[]>(() => snapshot.value?.partitions ?? NO_PARTITIONS)
  const brokers = computed<readonly LocalBroker[]>(() => snapshot.value?.brokers ?? [])
  const serving = computed(() => brokers.value.filter(isServing).length)
  const replicas = computed(() => {
    let inSync = 0
    let all = 0
    let offlinePartitions = 0
    for (const partition of partitions.value) {
      inSync += partition.inSyncReplicas.filter(id =>
        partition.replicas.some(each => each.brokerId === id && each.state !== 'offline'),
      ).length
      all += partition.replicas.length
      if (partition.leader === null) offlinePartitions += 1
    }
    return { inSync, all, offlinePartitions }
  })
  const traffic = computed(() => ({
    bytesIn: brokers.value.reduce((sum, each) => sum + each.bytesInPerSecond, 0),
    bytesOut: brokers.value.reduce((sum, each) => sum + each.bytesOutPerSecond, 0),
  }))

  const watch = (signal: AbortSignal) => snapshotsOf(() => bridge.cluster.watch({}, signal), signal)
  function take(next: ClusterSnapshot) {
    snapshot.value = next
    rates.value = addSample(rates.value, next)
  }

  /** The host tells the kept events again on each call, so a new stream starts from nothing. */
  function watchEvents(signal: AbortSignal) {
    events.value = []
    arrived = []
    return bridge.cluster.events({}, signal)
  }
  let arrived: ClusterEvent[] = []
  function takeEvent(event: ClusterEvent) {
    if (arrived.push(event) === 1) setTimeout(showEvents, SHOWN_TOGETHER_MS)
  }
  function showEvents() {
    events.value = [...arrived.toReversed(), ...events.value].slice(0, KEPT_EVENTS)
    arrived = []
  }

  async function loadProfile() {
    profile.value = await bridge.cluster.profile({})
  }

  /** Resolves when it is done; the snapshot tells what came of it. */
  async function act(action: BrokerAction, brokerId: number) {
    pending.value = new Map(pending.value).set(brokerId, action)
    try {
      await bridge.cluster[action]({ brokerId })
    } finally {
      const rest = new Map(pending.value)
      rest.delete(brokerId)
      pending.value = rest
    }
  }

  return {
    snapshot,
    events,
    profile,
    rates,
    pending,
    brokers,
    partitions,
    serving,
    replicas,
    traffic,
    watch,
    take,
    watchEvents,
    takeEvent,
    loadProfile,
    act,
  }
})
