import { useI18n } from 'vue-i18n'
import { useFailureText } from '../composables/useFailureText.ts'
import { useReadOnlyStore } from '../stores/readOnly.ts'
import { useToastsStore } from '../stores/toasts.ts'

/** Enters or leaves read-only mode, and says so when the host could not. */
export function useReadOnlySwitch(): (isReadOnly: boolean) => void {
  const { t } = useI18n()
  const readOnly = useReadOnlyStore()
  const toasts = useToastsStore()
  const failureText = useFailureText()
  return isReadOnly => {
    readOnly.set(isReadOnly).catch((error: unknown) => toasts.show('danger', t('shell.readOnly.failed'), failureText(error)))
  }
}
