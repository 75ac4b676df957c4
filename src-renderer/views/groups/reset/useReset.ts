import { ref, watch, type Ref } from 'vue'
import type { PlannedOffset } from '../../../../src-main/contract/offsetReset.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import type { ResetForm } from './resetForm.ts'

interface Planned {
  readonly form: Readonly<Ref<ResetForm>>
  readonly planned: Readonly<Ref<readonly PlannedOffset[]>>
  /** How many are in the group: while there are any, the broker refuses. */
  readonly members: Readonly<Ref<number>>
  refresh(): Promise<void>
}

/** Does what is planned: now, or once the last member is gone. */
export function useReset({ form, planned, members, refresh }: Planned, reset: (offsets: readonly PlannedOffset[]) => Promise<void>) {
  const failureText = useFailureText()
  const isApplying = ref(false)
  /** The reset is to happen as soon as the last member is gone. */
  const isWaiting = ref(false)
  const problem = ref('')

  async function apply() {
    isApplying.value = true
    problem.value = ''
    try {
      await reset(planned.value)
    } catch (error) {
      problem.value = failureText(error)
    } finally {
      isApplying.value = false
      await refresh()
    }
  }
  /** What the members committed last is not in the plan that one saw: the same question is asked once more. */
  async function applyWhenEmpty() {
    isWaiting.value = false
    await refresh()
    if (planned.value.length > 0) await apply()
  }
  watch(members, now => {
    if (now > 0) return
    if (isWaiting.value) void applyWhenEmpty()
    else void refresh()
  })
  watch(form, () => (isWaiting.value = false))
  return { isApplying, isWaiting, problem, apply }
}
