import { useI18n } from 'vue-i18n'
import type { QuotaEntity } from '../../../../src-main/contract/security.ts'

/** Whom a quota is for, in words. */
export function useEntityText() {
  const { t } = useI18n()
  return (entity: QuotaEntity) =>
    entity
      .map(({ entityType, entityName }) => {
        const type = t(`security.quotas.types.${entityType}`)
        return entityName === null ? t('security.quotas.default', { type }) : t('security.quotas.named', { type, name: entityName })
      })
      .join(', ')
}
