import { computed, ref, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import type { TopicFormats } from '../../../../src-main/contract/formats.ts'
import type { MessageDetail, RecordBytes } from '../../../../src-main/contract/messages.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import type { Place } from './rowMapping.ts'

/** Of each part of a record so much is read at first: more than anybody reads, and little enough to be there at once. */
const FIRST_BYTES = 256 * 1024
/** The most that a screen takes; larger ones are for programs. */
export const MOST_BYTES = 16 * 1024 * 1024

export const isCut = (bytes: RecordBytes | null) => bytes !== null && (bytes.decoded.isCut || bytes.bytes.length < bytes.size)

/** One record, its large parts cut until more is asked for. While the next one is read, the last one stays, so that nothing jumps. */
export function useDetail(topic: () => string, place: () => Place, formats: () => TopicFormats) {
  const bridge = useBridge()
  const detail = shallowRef<MessageDetail | null>(null)
  const failure = shallowRef<unknown>(null)
  const isGone = ref(false)
  const isReading = ref(false)
  const maxBytes = ref(FIRST_BYTES)
  const asked = computed(() => JSON.stringify([topic(), place().partition, place().offset]))

  watch(asked, () => (maxBytes.value = FIRST_BYTES), { flush: 'sync' })
  watch(
    [asked, maxBytes, formats],
    async (_now, _before, onCleanup) => {
      let isStale = false
      onCleanup(() => (isStale = true))
      isReading.value = true
      try {
        const found = await bridge.messages.detail({
          clusterId: LOCAL_CLUSTER,
          topic: topic(),
          ...place(),
          maxBytes: maxBytes.value,
          formats: formats(),
        })
        if (isStale) return
        detail.value = found
        isGone.value = found === null
        failure.value = null
      } catch (error) {
        if (!isStale) failure.value = error
      } finally {
        if (!isStale) isReading.value = false
      }
    },
    { immediate: true },
  )
  return {
    detail,
    failure,
    isGone,
    isReading,
    more: () => (maxBytes.value = MOST_BYTES),
    isMost: computed(() => maxBytes.value === MOST_BYTES),
  }
}
