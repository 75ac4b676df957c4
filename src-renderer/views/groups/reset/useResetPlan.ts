import { useDebounceFn } from '@vueuse/core'
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { ResetPlan, ResetScope, ResetTarget } from '../../../../src-main/contract/offsetReset.ts'
import { scopeOf, targetOf, type Parsed, type ResetForm } from './resetForm.ts'

const TYPING_MS = 250

export interface Asked {
  readonly target: ResetTarget
  readonly scope: ResetScope
}

/** What the form asks for, and the plan of it, made anew a moment after each change. The answer to what was typed last counts. */
export function useResetPlan(form: Ref<ResetForm>, load: (asked: Asked) => Promise<ResetPlan>) {
  const plan = shallowRef<ResetPlan | null>(null)
  const failure = shallowRef<unknown>(null)
  const isBusy = ref(false)
  let turn = 0

  const parsed = computed(() => [targetOf(form.value), scopeOf(form.value)] as const)
  const wrong = computed(() => (parsed.value as readonly Parsed<unknown>[]).find(each => 'wrong' in each))
  const asked = computed<Asked | null>(() => {
    const [target, scope] = parsed.value
    return 'value' in target && 'value' in scope ? { target: target.value, scope: scope.value } : null
  })

  async function refresh() {
    const mine = ++turn
    if (asked.value === null) return
    isBusy.value = true
    try {
      const answer = await load(asked.value)
      if (mine !== turn) return
      plan.value = answer
      failure.value = null
    } catch (error) {
      if (mine !== turn) return
      plan.value = null
      failure.value = error
    } finally {
      if (mine === turn) isBusy.value = false
    }
  }
  const soon = useDebounceFn(refresh, TYPING_MS)
  watch(
    () => JSON.stringify(asked.value),
    () => {
      failure.value = null
      if (asked.value === null) plan.value = null
      void soon()
    },
  )
  void refresh()
  return { plan, failure, isBusy, asked, wrong, refresh }
}
