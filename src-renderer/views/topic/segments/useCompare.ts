import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { Comparison } from '../../../../src-main/contract/segments.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useTasksStore } from '../../../stores/tasks.ts'

/** The replicas held against each other: their last part by itself, everything when asked for. */
export function useCompare(of: () => { readonly topic: string; readonly partition: number }, taskTitle: () => string) {
  const bridge = useBridge()
  const tasks = useTasksStore()
  const comparison = shallowRef<Comparison | null>(null)
  const failure = shallowRef<unknown>(null)
  const isRunning = ref(false)
  /** Everything was asked for, so a look at the last part alone would be less. */
  const isWhole = ref(false)
  let running = new AbortController()

  async function run(from: number | null) {
    running.abort()
    const aborter = (running = new AbortController())
    const { signal } = aborter
    isWhole.value = from !== null
    isRunning.value = true
    failure.value = null
    const task = from === null ? null : tasks.begin(taskTitle(), () => aborter.abort())
    try {
      for await (const now of bridge.segments.compare({ clusterId: LOCAL_CLUSTER, ...of(), from }, signal)) {
        if (signal.aborted) break
        comparison.value = now
        task?.report(now.totalBytes === 0 ? null : now.comparedBytes / now.totalBytes)
      }
    } catch (error) {
      if (!signal.aborted) failure.value = error
    } finally {
      task?.end()
      if (aborter === running) isRunning.value = false
    }
  }
  watch(
    () => JSON.stringify(of()),
    () => {
      comparison.value = null
      void run(null)
    },
    { immediate: true },
  )
  onScopeDispose(() => running.abort())
  return {
    comparison,
    failure,
    isRunning,
    isWhole,
    /** The last part again, unless something larger is under way or was done. */
    refresh: () => void (isRunning.value || isWhole.value ? undefined : run(null)),
    again: () => run(null),
    all: () => run(0),
    stop: () => running.abort(),
  }
}
