import { shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import { useToastsStore } from '../../../stores/toasts.ts'
import { formOf, type RecordForm } from './produceForm.ts'

/** More than this no text field takes. */
const MOST_BYTES = 4 * 1024 * 1024

/** Opens a record that is there as a new one: read once more, since what is on screen may be cut. */
export function useProduceAgain(topic: () => string) {
  const { t } = useI18n()
  const bridge = useBridge()
  const toasts = useToastsStore()
  const failureText = useFailureText()
  const form = shallowRef<RecordForm | null>(null)

  async function open(place: { readonly partition: number; readonly offset: number }) {
    try {
      const found = await bridge.messages.detail({ clusterId: LOCAL_CLUSTER, topic: topic(), ...place, maxBytes: MOST_BYTES })
      if (found === null) return
      const parts = [found.key, found.value, ...found.headers.map(({ value }) => value)]
      if (parts.some(part => part !== null && part.size > MOST_BYTES)) toasts.show('neutral', t('produce.tooLarge'))
      else form.value = formOf(found)
    } catch (error) {
      toasts.show('danger', failureText(error))
    }
  }
  return { form, open, close: () => (form.value = null) }
}
