import { computed, watchEffect } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { usePolling } from '../../composables/usePolling.ts'
import { isReadOnly } from '../../composables/useReadOnly.ts'
import { useAppStore } from '../../stores/app.ts'
import { useOffersStore } from '../../stores/offers.ts'
import { SECURITY_APIS, type SecurityTab } from '../../stores/security.ts'

const EVERY_MS = 10_000

/** What the tabs have in common: the list is kept fresh where it is offered, and one dialog has an address of its own. */
export function useSecurityTab(tab: SecurityTab, load: () => Promise<void>, key: () => string = () => '') {
  const { t } = useI18n()
  const route = useRoute()
  const router = useRouter()
  const app = useAppStore()
  const offers = useOffersStore()
  const { list, change } = SECURITY_APIS[tab]

  const cannotList = computed(() => offers.missing(list))
  const cannotChange = computed(() => offers.missing(list, ...change))
  /** Why its actions cannot be done; empty when they can. */
  const reason = computed(() => (cannotChange.value === undefined ? '' : t('offers.missing', { api: cannotChange.value })))
  const isOwn = computed(() => app.cluster?.kind === 'local')
  const { failure, again } = usePolling(
    async () => {
      if (cannotList.value === undefined) await load()
    },
    EVERY_MS,
    () => `${cannotList.value ?? ''} ${key()}`,
  )
  const isAdding = computed({
    get: () => route.query.add !== undefined && !isReadOnly.value && reason.value === '',
    set: open => void router.replace({ query: open ? { add: '1' } : {} }),
  })
  // A link to the dialog that could not be followed is not followed later either, when nobody thinks of it any more.
  watchEffect(() => {
    if (route.query.add !== undefined && isReadOnly.value) isAdding.value = false
  })
  /** What `SecurityTab` wants to know of all of them. */
  const shared = computed(() => ({ tab, missing: cannotList.value, isOwn: isOwn.value, failure: failure.value }))
  return { shared, reason, again, isAdding }
}
