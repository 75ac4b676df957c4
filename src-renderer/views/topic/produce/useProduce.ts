import { computed, onScopeDispose, shallowRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { z } from 'zod'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import { count } from '../../../composables/format.ts'
import { useAttempt } from '../../../composables/useAttempt.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useRemembered } from '../../../composables/useRemembered.ts'
import { useRecordRuns, type FollowedRun, type RunEnd, type RunOptions } from '../../../stores/recordRuns.ts'
import { useToastsStore } from '../../../stores/toasts.ts'
import { useRunWords } from '../transfer/runWords.ts'
import { countOf, rateOf, RecordForm, recordOf, settingsOf, type ManyForm } from './produceForm.ts'
import { textOfMany } from './useCheck.ts'

const REMEMBERED = 12
/** A larger record would fill what the browser keeps for everything. */
const REMEMBERED_CHARACTERS = 32 * 1024

/** Produces what a form says, and remembers it. Runs go on when the dialog is closed; then a notice says how they ended. */
export function useProduce(topic: () => string, form: Readonly<Ref<RecordForm>>) {
  const { t } = useI18n()
  const bridge = useBridge()
  const runs = useRecordRuns()
  const toasts = useToastsStore()
  const words = useRunWords()
  const { isBusy, failure, attempt } = useAttempt()
  const run = shallowRef<FollowedRun | null>(null)
  const end = shallowRef<RunEnd | null>(null)
  const recent = useRemembered(
    () => `trilog.produced.${topic()}`,
    z.array(RecordForm).max(REMEMBERED),
    () => [],
  )
  let isOpen = true
  onScopeDispose(() => (isOpen = false))

  const isAnswered = computed(() => form.value.acks !== 'none')
  const result = computed(() => {
    if (end.value === null) return null
    const { why, last, progress } = end.value
    const isOne = why === 'done' && progress.acknowledged === 1 && progress.leftOut === 0 && last !== null
    if (!isOne)
      return {
        isGood: why === 'done' && progress.leftOut === 0,
        text: words.appended(end.value, { isAnswered: isAnswered.value }),
        at: null,
      }
    const { partition, offset } = last
    if (offset === null) return { isGood: true, text: t('produce.sent', { partition }), at: null }
    return { isGood: true, text: t('produce.written', { partition, offset: count(offset) }), at: { partition, offset } }
  })

  function remember() {
    const now = form.value
    if (now.key.text.length + now.value.text.length > REMEMBERED_CHARACTERS || now.headers.length > 100) return
    const text = JSON.stringify(now)
    recent.value = [now, ...recent.value.filter(each => JSON.stringify(each) !== text)].slice(0, REMEMBERED)
  }
  function follow(open: Parameters<typeof runs.follow>[1], options: Pick<RunOptions, 'begun'> = {}) {
    const name = topic()
    return attempt(async () => {
      end.value = null
      const followed = runs.follow(t('produce.task', { topic: name }), open, { detail: words.soFar, ...options })
      run.value = followed
      try {
        const ended = await followed.ended
        if (isOpen) end.value = ended
        else if (ended !== null)
          toasts.show(ended.why === 'done' ? 'ok' : 'danger', t('produce.title', { topic: name }), words.appended(ended))
      } finally {
        run.value = null
      }
    })
  }

  function produce({ isTemplate }: { readonly isTemplate: boolean }) {
    const rate = isTemplate ? rateOf(form.value.perSecond) : null
    const times = isTemplate ? countOf(form.value.count) : 1
    if (rate === 'wrong' || times === null) return Promise.resolve()
    remember()
    const asked = {
      clusterId: LOCAL_CLUSTER,
      topic: topic(),
      record: recordOf(form.value),
      isTemplate,
      count: times,
      perSecond: rate,
      settings: settingsOf(form.value),
    }
    return follow(signal => bridge.records.produce(asked, signal))
  }
  function importAll(many: ManyForm) {
    const text = textOfMany(many)
    if (text === null) return Promise.resolve()
    const { format, keepsPartitions, keepsTimestamps } = many
    const asked = {
      clusterId: LOCAL_CLUSTER,
      topic: topic(),
      format,
      size: text.size,
      settings: settingsOf(form.value),
      keepsPartitions,
      keepsTimestamps,
    }
    return follow(signal => bridge.records.import(asked, signal), { begun: runId => runs.give(runId, text) })
  }
  /** What came of the last one says nothing of the next. */
  function forget() {
    if (isBusy.value) return
    end.value = null
    failure.value = ''
  }
  return { isBusy, failure, run, result, recent, produce, importAll, forget }
}
