import { onScopeDispose, ref, shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { Verification } from '../../../../src-main/contract/segments.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useTasksStore } from '../../../stores/tasks.ts'
import type { LogOfBroker } from './useBatchWindow.ts'

/** A check of one whole file, which can be watched and stopped. */
export function useVerify(taskTitle: (file: string) => string) {
  const bridge = useBridge()
  const tasks = useTasksStore()
  const found = shallowRef<{ readonly of: LogOfBroker; readonly result: Verification } | null>(null)
  const failure = shallowRef<unknown>(null)
  const isRunning = ref(false)
  let running = new AbortController()

  async function run(of: LogOfBroker) {
    running.abort()
    const aborter = (running = new AbortController())
    found.value = null
    failure.value = null
    isRunning.value = true
    const task = tasks.begin(taskTitle(of.file), () => aborter.abort())
    try {
      for await (const result of bridge.segments.verify({ clusterId: LOCAL_CLUSTER, ...of }, aborter.signal)) {
        if (aborter.signal.aborted) break
        found.value = { of, result }
        task.report(result.totalBytes === 0 ? null : result.readBytes / result.totalBytes)
      }
    } catch (error) {
      if (!aborter.signal.aborted) failure.value = error
    } finally {
      task.end()
      if (aborter === running) isRunning.value = false
    }
  }
  function close() {
    running.abort()
    found.value = null
    failure.value = null
  }
  onScopeDispose(() => running.abort())
  return { found, failure, isRunning, run, stop: () => running.abort(), close }
}
