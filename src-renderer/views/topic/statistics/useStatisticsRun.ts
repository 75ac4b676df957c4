import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import type { TopicStatistics } from '../../../../src-main/contract/topics.ts'
import { useTasksStore } from '../../../stores/tasks.ts'
import { useTopicsStore } from '../../../stores/topics.ts'

/** Counts the records of a topic, or of a sample of it: one run at a time, ended with the scope or when the topic changes. */
export function useStatisticsRun(topic: () => string, sample: () => number | null) {
  const { t } = useI18n()
  const topics = useTopicsStore()
  const tasks = useTasksStore()
  const found = shallowRef<TopicStatistics | null>(null)
  const failure = shallowRef<unknown>(null)
  const isRunning = ref(false)
  let running = new AbortController()

  async function run() {
    running.abort()
    const { signal } = (running = new AbortController())
    found.value = null
    failure.value = null
    isRunning.value = true
    const aborter = running
    const task = tasks.begin(t('statistics.task', { topic: topic() }), () => aborter.abort())
    try {
      for await (const counted of topics.statistics(topic(), sample(), signal)) {
        if (signal.aborted) break
        found.value = counted
        task.report(counted.wanted === 0 ? null : counted.read / counted.wanted)
      }
    } catch (error) {
      if (!signal.aborted) failure.value = error
    } finally {
      task.end()
      if (aborter === running) isRunning.value = false
    }
  }
  const stop = () => running.abort()
  watch(topic, () => {
    stop()
    found.value = null
    failure.value = null
  })
  onScopeDispose(stop)
  return { found, failure, isRunning, run, stop }
}
