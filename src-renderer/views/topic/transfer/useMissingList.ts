import { useI18n } from 'vue-i18n'
import type { RunProgress } from '../../../../src-main/contract/records.ts'
import { copyText } from '../../../composables/copyText.ts'
import { useToastsStore, type ToastAction } from '../../../stores/toasts.ts'
import { useRunWords } from './runWords.ts'

/** A notice names the first few of the records that are gone; this is how one gets at the list. */
export function useMissingList() {
  const { t } = useI18n()
  const toasts = useToastsStore()
  const { missingText } = useRunWords()

  async function copyList(told: Pick<RunProgress, 'missing' | 'firstMissing'>) {
    const isCopied = await copyText(missingText(told, told.firstMissing.length))
    if (isCopied) toasts.show('neutral', t('messages.copied', { what: t('marks.missingList') }))
    else toasts.show('danger', t('messages.notCopied'))
  }
  return {
    listAction: (told: Pick<RunProgress, 'missing' | 'firstMissing'>): ToastAction | null =>
      told.missing === 0 ? null : { label: t('marks.copyMissing'), act: () => void copyList(told) },
  }
}
