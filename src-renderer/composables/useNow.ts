import { useIntervalFn } from '@vueuse/core'
import { ref, type Ref } from 'vue'

/** The time of day, renewed each second: for "12 s ago". */
export function useNow(): Readonly<Ref<number>> {
  const now = ref(Date.now())
  useIntervalFn(() => (now.value = Date.now()), 1000)
  return now
}
