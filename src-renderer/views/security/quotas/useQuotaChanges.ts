import { useI18n } from 'vue-i18n'
import type { ClientQuota, QuotaEntity } from '../../../../src-main/contract/security.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import { useSecurityStore } from '../../../stores/security.ts'
import { useToastsStore } from '../../../stores/toasts.ts'
import { keyOf, type QuotaChange } from './quotaForm.ts'
import { useEntityText } from './useEntityText.ts'

/** Sets and removes quotas and says so; what was there before can be brought back for a while. */
export function useQuotaChanges() {
  const { t } = useI18n()
  const security = useSecurityStore()
  const toasts = useToastsStore()
  const failureText = useFailureText()
  const entityText = useEntityText()

  async function alter(entity: QuotaEntity, changes: readonly QuotaChange[], done: string) {
    const before = valuesOf(security.quotas ?? [], entity)
    await security.alterQuotas(entity, changes)
    const back = changes.map(({ name }) => ({ name, value: before[name] ?? null }))
    toasts.show('ok', done, '', { label: t('security.undo'), act: () => void restore(entity, back) })
  }
  async function restore(entity: QuotaEntity, changes: readonly QuotaChange[]) {
    try {
      await security.alterQuotas(entity, changes)
      toasts.show('ok', t('security.quotas.restored'))
    } catch (error) {
      toasts.show('danger', t('security.quotas.notRestored'), failureText(error))
    }
  }
  return {
    set: (entity: QuotaEntity, changes: readonly QuotaChange[]) =>
      alter(entity, changes, t('security.quotas.set', { entity: entityText(entity) })),
    remove: ({ entity, values }: ClientQuota) => {
      const changes = Object.keys(values).map(name => ({ name, value: null }))
      return alter(entity, changes, t('security.quotas.removed', { entity: entityText(entity) }))
    },
  }
}

function valuesOf(quotas: readonly ClientQuota[], entity: QuotaEntity): Readonly<Record<string, number>> {
  const key = keyOf(entity)
  return quotas.find(quota => keyOf(quota.entity) === key)?.values ?? {}
}
