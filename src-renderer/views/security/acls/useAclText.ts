import { useI18n } from 'vue-i18n'
import type { AclBinding } from '../../../../src-main/contract/security.ts'

/** A binding as a sentence. Kafka's names stay as they are. */
export function useAclText() {
  const { t } = useI18n()
  return (binding: AclBinding) => {
    const { principal: who, host, resourceType: type, resourceName: name } = binding
    return t(`security.acls.form.line.${binding.permission === 'DENY' ? 'DENY' : 'ALLOW'}`, {
      who,
      operation: binding.operation === 'ALL' ? t('security.acls.form.all') : binding.operation,
      what: t(`security.acls.form.resource.${binding.patternType === 'PREFIXED' ? 'PREFIXED' : 'LITERAL'}`, { type, name }),
      host: host === '*' ? t('security.acls.form.anyHost') : host,
    })
  }
}
