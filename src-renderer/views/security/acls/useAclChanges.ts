import { useI18n } from 'vue-i18n'
import type { AclBinding, NewAclBinding } from '../../../../src-main/contract/security.ts'
import { count } from '../../../composables/format.ts'
import { useFailureText } from '../../../composables/useFailureText.ts'
import { useSecurityStore } from '../../../stores/security.ts'
import { useToastsStore } from '../../../stores/toasts.ts'

/** Adds and deletes bindings and says so; what was deleted can be brought back for a while. */
export function useAclChanges() {
  const { t } = useI18n()
  const security = useSecurityStore()
  const toasts = useToastsStore()
  const failureText = useFailureText()

  async function add(bindings: readonly NewAclBinding[]) {
    await security.createAcls(bindings)
    toasts.show('ok', t('security.acls.added', { n: count(bindings.length) }, bindings.length))
  }
  async function remove(bindings: readonly AclBinding[]) {
    const deleted = await security.deleteAcls(bindings)
    const undo = { label: t('security.undo'), act: () => void restore(deleted) }
    toasts.show('ok', t('security.acls.deleted', { n: count(deleted.length) }, deleted.length), '', deleted.length > 0 ? undo : null)
  }
  async function restore(deleted: readonly AclBinding[]) {
    try {
      // Only what has a name here could be deleted.
      await security.createAcls(deleted as readonly NewAclBinding[])
      toasts.show('ok', t('security.acls.restored'))
    } catch (error) {
      toasts.show('danger', t('security.acls.notRestored'), failureText(error))
    }
  }
  return { add, remove }
}
