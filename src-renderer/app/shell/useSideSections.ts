import { Layers, Milestone, Network, ShieldCheck, Users } from '@lucide/vue'
import { useLocalStorage } from '@vueuse/core'
import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useGroupsStore } from '../../stores/groups.ts'
import { useTopicsStore } from '../../stores/topics.ts'
import { ROW } from './SideSection.vue'
import { useSideItems } from './useSideItems.ts'

/** A head and the gap below it. */
const HEAD = 30
const OVERSCAN = 6

/** What is scrolled, in px: how far, and how high it is. */
export interface Scrolled {
  readonly y: Ref<number>
  readonly height: Ref<number>
}

/** The places of the side bar, which of them are unfolded, and the rows of each that are in view. */
export function useSideSections(filter: Ref<string>, { y, height }: Scrolled) {
  const { t } = useI18n()
  const topics = useTopicsStore()
  const groups = useGroupsStore()
  const items = useSideItems(filter)
  const folded = useLocalStorage<string[]>('trilog.foldedSections', [])

  const places = computed(
    () =>
      [
        { key: 'cluster', path: '/cluster', icon: Network, count: null, items: items.brokers.value, tree: t('tree.brokers') },
        {
          key: 'topics',
          path: '/topics',
          icon: Layers,
          count: topics.isLoaded ? topics.ours.length : null,
          items: items.topics.value,
          tree: t('tree.topics'),
        },
        {
          key: 'groups',
          path: '/groups',
          icon: Users,
          count: groups.isLoaded ? groups.groups.length : null,
          items: items.groups.value,
          tree: t('tree.groups'),
        },
        { key: 'security', path: '/security', icon: ShieldCheck, count: null, items: items.security.value, tree: t('tree.security') },
        { key: 'metadata', path: '/metadata', icon: Milestone, count: null, items: [], tree: null },
      ] as const,
  )
  const sections = computed(() => {
    let top = 0
    return places.value.map(place => {
      // Who looks for a name wants to see where it is.
      const isOpen = filter.value !== '' || !folded.value.includes(place.key)
      const first = top + HEAD
      top = first + (isOpen ? place.items.length * ROW : 0)
      const from = Math.max(0, Math.floor((y.value - first) / ROW) - OVERSCAN)
      const to = Math.min(place.items.length, Math.ceil((y.value + height.value - first) / ROW) + OVERSCAN)
      return { ...place, name: t(`nav.${place.key}`), isOpen, first, from, to: Math.max(from, to) }
    })
  })

  function fold(key: string) {
    folded.value = folded.value.includes(key) ? folded.value.filter(each => each !== key) : [...folded.value, key]
  }
  /** Scrolls no further than it has to. */
  function reveal(first: number, index: number) {
    const top = first + index * ROW
    if (top < y.value) y.value = top
    else if (top + ROW > y.value + height.value) y.value = top + ROW - height.value
  }
  return { sections, fold, reveal }
}
