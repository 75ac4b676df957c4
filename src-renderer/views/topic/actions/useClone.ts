import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { count } from '../../../composables/format.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import { useTasksStore } from '../../../stores/tasks.ts'
import { useToastsStore } from '../../../stores/toasts.ts'
import { useTopicsStore } from '../../../stores/topics.ts'

/** Copies a topic while one does something else: the status bar shows how far it is, and ends it. */
export function useClone() {
  const { t } = useI18n()
  const router = useRouter()
  const topics = useTopicsStore()
  const tasks = useTasksStore()
  const toasts = useToastsStore()
  const failureText = useFailureText()

  return async function clone(topic: string, name: string, withRecords: boolean) {
    const open = { label: t('topicActions.clone.open'), act: () => void router.push({ name: 'topic', params: { topic: name } }) }
    let records = 0
    let isDone = false
    try {
      await tasks.run(t('topicActions.clone.task', { topic, name }), async (signal, task) => {
        for await (const progress of topics.clone(topic, name, withRecords, signal)) {
          records = progress.records
          isDone = progress.phase === 'done'
          task.report(
            progress.all === 0 ? null : progress.read / progress.all,
            t('topicActions.clone.copied', { n: count(progress.records) }, progress.records),
          )
          if (progress.phase === 'created') void topics.refresh()
        }
      })
      const title = isDone ? t('topicActions.clone.done', { topic, name }) : t('topicActions.clone.stopped', { name })
      toasts.show(isDone ? 'ok' : 'neutral', title, withRecords ? t('topicActions.clone.copied', { n: count(records) }, records) : '', open)
    } catch (error) {
      toasts.show('danger', t('topicActions.clone.failed', { topic, name }), failureText(error))
    }
    await topics.refresh()
  }
}
