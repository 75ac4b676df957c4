import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { ageText } from '../composables/ageText.ts'
import { count } from '../composables/format.ts'
import { useStream } from '../composables/useStream.ts'
import { useGroupsStore } from '../stores/groups.ts'
import { useToastsStore } from '../stores/toasts.ts'

/** Says when a group's lag is more than its rule allows: in the app, and by the system where the person has allowed it. */
export function useLagAlarms() {
  const { t } = useI18n()
  const router = useRouter()
  const groups = useGroupsStore()
  const toasts = useToastsStore()

  useStream(groups.alarms, ({ groupId, isRaised, value, alert }) => {
    const lag = alert.unit === 'records' ? t('groups.alert.records', { n: count(Math.round(value)) }) : ageText(value * 1_000)
    const title = isRaised ? t('groups.alert.raised', { group: groupId }) : t('groups.alert.over', { group: groupId })
    const detail = t('groups.alert.lagIs', { lag })
    const look = () => void router.push({ name: 'group', params: { groupId } })
    toasts.show(isRaised ? 'danger' : 'ok', title, detail, isRaised ? { label: t('groups.alert.look'), act: look } : null)
    if (!isRaised || !('Notification' in window) || Notification.permission !== 'granted') return
    const notification = new Notification(title, { body: detail, tag: `lag ${groupId}` })
    notification.addEventListener('click', () => {
      window.focus()
      look()
    })
  })
}
