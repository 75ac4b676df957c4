import { useI18n } from 'vue-i18n'
import type { ClientQuota } from '../../../../src-main/contract/security.ts'
import { count } from '../../../composables/format.ts'
import { QUOTA_NAMES, type QuotaChange, type QuotaName } from './quotaForm.ts'

/** What changes of quotas do, a sentence each. */
export function useQuotaLines() {
  const { t } = useI18n()
  const unitOf = (name: string) =>
    (QUOTA_NAMES as readonly string[]).includes(name) ? t(`security.quotas.units.${name as QuotaName}`) : ''
  const valueText = (name: string, value: number) => t('security.quotas.withUnit', { n: count(value), unit: unitOf(name) }).trim()
  return (changes: readonly QuotaChange[], before: ClientQuota | undefined) =>
    changes.map(({ name, value }) => {
      const old = before?.values[name]
      const oldText = old === undefined ? t('security.quotas.form.nothing') : valueText(name, old)
      return value === null
        ? t('security.quotas.form.removes', { name, before: oldText })
        : t('security.quotas.form.sets', { name, before: oldText, after: count(value), unit: unitOf(name) })
    })
}
