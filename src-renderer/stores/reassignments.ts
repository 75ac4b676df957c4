import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../src-main/contract/common.ts'
import type { Placement, PlanWish, Reassignment, ReassignmentList } from '../../src-main/contract/reassignments.ts'
import { useBridge } from '../composables/useBridge.ts'
import { copiedShare, type Copied, rateOf } from './copyProgress.ts'
import { useTasksStore } from './tasks.ts'

const clusterId = LOCAL_CLUSTER
const LOOK_EVERY_MS = 1_000

export interface PartitionName {
  readonly topic: string
  readonly partition: number
}
export const nameOf = ({ topic, partition }: PartitionName) => `${topic}-${partition}`

/** Where leaders and replicas are, and where they should be: what is on its way, whoever sent it there. */
export const useReassignmentsStore = defineStore('reassignments', () => {
  const bridge = useBridge()
  const tasks = useTasksStore()
  const list = shallowRef<ReassignmentList | null>(null)
  const samples = shallowRef<readonly Copied[]>([])
  const underway = computed<readonly Reassignment[]>(() => list.value?.reassignments ?? [])
  const throttle = computed(() => list.value?.throttle ?? null)
  /** Bytes a second, once there were two looks. */
  const rate = computed(() => rateOf(samples.value))

  async function refresh() {
    const next = await bridge.reassignments.list({ clusterId })
    list.value = next
    const copied = next.reassignments.map(each => [nameOf(each), each.copiedBytes ?? 0] as const)
    samples.value = [...samples.value, { atMs: performance.now(), bytes: new Map(copied) }].slice(-5)
  }

  const elections = (topics: string[] | null) => bridge.reassignments.elections({ clusterId, topics })
  const elect = (partitions: PartitionName[]) => bridge.reassignments.elect({ clusterId, partitions })
  const plan = (wish: PlanWish) => bridge.reassignments.plan({ clusterId, wish })

  /** Resolves when the moves have begun. The host takes the throttle away once they are over. */
  async function start(placements: Placement[], bytesPerSecond: number | null, words: { title: string; done: (moved: number) => void }) {
    const outcomes = await bridge.reassignments.start({ clusterId, placements, bytesPerSecond })
    const begun = outcomes.filter(({ problem }) => problem === null)
    await refresh()
    if (begun.length > 0) void follow(begun, words)
    return outcomes
  }
  async function cancel(partitions: PartitionName[]) {
    const outcomes = await bridge.reassignments.cancel({ clusterId, partitions })
    await refresh()
    return outcomes
  }
  async function unthrottle() {
    await bridge.reassignments.unthrottle({ clusterId })
    await refresh()
  }

  async function follow(begun: readonly PartitionName[], words: { title: string; done: (moved: number) => void }) {
    const names = new Set(begun.map(nameOf))
    let isCancelled = false
    const leftOf = () => underway.value.filter(each => names.has(nameOf(each)))
    const task = tasks.begin(words.title, () => {
      isCancelled = true
      void cancel(leftOf().map(({ topic, partition }) => ({ topic, partition }))).catch(() => undefined) // the panel shows what is left
    })
    for (let left = leftOf(); left.length > 0; left = leftOf()) {
      task.report(copiedShare(left, names.size))
      await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
      await refresh().catch(() => undefined) // a cluster that does not answer now goes on moving
    }
    task.end()
    if (!isCancelled) words.done(names.size)
  }
  return { list, underway, throttle, rate, refresh, elections, elect, plan, start, cancel, unthrottle }
})
