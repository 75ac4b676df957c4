import { ref, type Ref } from 'vue'
import { useFailureText } from './useFailureText.ts'

/** Something a dialog tries: whether it is under way, and in words why the last try failed. */
export interface Attempt {
  readonly isBusy: Ref<boolean>
  readonly failure: Ref<string>
  /** Never rejects: what `act` throws becomes `failure`, which is empty until then. */
  attempt(act: () => Promise<void>): Promise<void>
}

export function useAttempt(): Attempt {
  const failureText = useFailureText()
  const isBusy = ref(false)
  const failure = ref('')

  async function attempt(act: () => Promise<void>) {
    isBusy.value = true
    failure.value = ''
    try {
      await act()
    } catch (error) {
      failure.value = failureText(error)
    } finally {
      isBusy.value = false
    }
  }
  return { isBusy, failure, attempt }
}
