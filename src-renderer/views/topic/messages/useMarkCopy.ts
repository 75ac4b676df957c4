import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import { copyText } from '../../../composables/copyText.ts'
import { count } from '../../../composables/format.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import { useToastsStore } from '../../../stores/toasts.ts'
import type { Marks } from '../../../stores/marks.ts'
import { useRunWords } from '../transfer/runWords.ts'
import { markedScope } from '../transfer/transferScope.ts'
import { useMissingList } from '../transfer/useMissingList.ts'

/** Marked records on the clipboard: whole, or not at all. */
export function useMarkCopy() {
  const { t } = useI18n()
  const bridge = useBridge()
  const toasts = useToastsStore()
  const failureText = useFailureText()
  const { missingText } = useRunWords()
  const { listAction } = useMissingList()
  const isCopying = ref(false)

  async function copy(topic: string, marks: Marks) {
    if (isCopying.value) return
    isCopying.value = true
    try {
      const { selection } = markedScope(topic, marks)
      const { text, records, ...told } = await bridge.records.ndjson({ clusterId: LOCAL_CLUSTER, selection })
      if (text === null) toasts.show('danger', t('marks.tooLong'), t('marks.tooLongText'))
      else if (!(await copyText(text))) toasts.show('danger', t('messages.notCopied'))
      else toasts.show('neutral', t('marks.copied', { n: count(records) }, records), missingText(told), listAction(told))
    } catch (failure) {
      toasts.show('danger', t('marks.copyFailed'), failureText(failure))
    } finally {
      isCopying.value = false
    }
  }
  return { copy, isCopying }
}
