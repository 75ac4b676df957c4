import { watchDebounced } from '@vueuse/core'
import { shallowRef } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { ShownRecord } from '../../../../src-main/contract/records.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { recordOf, type RecordForm } from './produceForm.ts'

const LOOK_AFTER_MS = 150
/** Of a template so many are shown: enough to see what changes from one to the next. */
const OF_TEMPLATE = 3

/** What a record would be, as the host makes it: looked at while one types. The last answer stays until there is the next. */
export function usePreview(topic: () => string, form: () => RecordForm, isTemplate: () => boolean) {
  const bridge = useBridge()
  const shown = shallowRef<readonly ShownRecord[]>([])
  let asked = 0

  watchDebounced(
    () => JSON.stringify([recordOf(form()), isTemplate()]),
    async () => {
      const mine = (asked += 1)
      try {
        const wanted = { clusterId: LOCAL_CLUSTER, topic: topic(), record: recordOf(form()), isTemplate: isTemplate() }
        const found = await bridge.records.preview({ ...wanted, count: wanted.isTemplate ? OF_TEMPLATE : 1 })
        if (mine === asked) shown.value = found
      } catch {
        shown.value = [] // whoever produces it is told why
      }
    },
    { debounce: LOOK_AFTER_MS, immediate: true },
  )
  return { shown }
}
