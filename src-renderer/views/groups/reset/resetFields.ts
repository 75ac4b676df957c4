import type { Ref } from 'vue'
import type { ResetForm } from './resetForm.ts'

/** Changes one field of the form: the form itself is replaced, never written to. */
export const changing =
  (form: Ref<ResetForm>) =>
  <K extends keyof ResetForm>(key: K, value: ResetForm[K]): void => {
    form.value = { ...form.value, [key]: value }
  }

/** Options whose labels are words under a prefix. */
export const labelled = <Value extends string>(t: (key: string) => string, prefix: string, values: readonly Value[]) =>
  values.map(value => ({ value, label: t(`${prefix}.${value}`) }))
