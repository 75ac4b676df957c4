import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { count } from '../../composables/format.ts'
import { useNameFilter } from '../../composables/useNameFilter.ts'
import { useClusterStore } from '../../stores/cluster.ts'
import { useGroupsStore } from '../../stores/groups.ts'
import { isServing } from '../../stores/isServing.ts'
import { SECURITY_TABS } from '../../stores/security.ts'
import { useTopicsStore } from '../../stores/topics.ts'
import type { SideItem } from './SideSection.vue'

const byName = new Intl.Collator('en', { numeric: true })

/** Brokers, topics and groups as the side bar lists them: those whose names hold what was typed. */
export function useSideItems(filter: Readonly<Ref<string>>) {
  const { t } = useI18n()
  const router = useRouter()
  const cluster = useClusterStore()
  const topics = useTopicsStore()
  const groups = useGroupsStore()
  const pathOf = (name: string, params: Record<string, string>) => router.resolve({ name, params }).path
  const matching = (items: Readonly<Ref<readonly SideItem[]>>) => useNameFilter(items, ({ label }) => label, filter)

  const brokerItems = computed(() =>
    cluster.brokers.map(broker => ({
      key: String(broker.brokerId),
      label: t('broker.name', { id: broker.brokerId }),
      path: pathOf('broker', { id: String(broker.brokerId) }),
      trouble: isServing(broker)
        ? undefined
        : {
            tone: broker.state === 'killed' || broker.state === 'died' ? ('danger' as const) : ('warn' as const),
            text: t(`broker.states.${broker.state}`),
          },
    })),
  )
  const topicItems = computed(() =>
    topics.ours
      .toSorted((one, other) => byName.compare(one.name, other.name))
      .map(({ name, offline, underReplicated }) => ({
        key: name,
        label: name,
        path: `/topics/${encodeURIComponent(name)}`,
        trouble:
          offline > 0
            ? { tone: 'danger' as const, text: t('topics.offline', { n: count(offline) }, offline) }
            : underReplicated > 0
              ? { tone: 'warn' as const, text: t('topics.underReplicated', { n: count(underReplicated) }, underReplicated) }
              : undefined,
      })),
  )
  const groupItems = computed(() =>
    groups.groups
      .toSorted((one, other) => byName.compare(one.groupId, other.groupId))
      .map(({ groupId, state }) => ({
        key: groupId,
        label: groupId,
        path: pathOf('group', { groupId }),
        trouble: state === 'Empty' || state === 'Dead' ? { tone: 'quiet' as const, text: t(`groups.states.${state}`) } : undefined,
      })),
  )
  const security = computed(() =>
    SECURITY_TABS.map(key => ({ key, label: t(`security.tab.${key}`), path: pathOf(key, {}), trouble: undefined })),
  )
  return { brokers: matching(brokerItems), security: matching(security), topics: matching(topicItems), groups: matching(groupItems) }
}
