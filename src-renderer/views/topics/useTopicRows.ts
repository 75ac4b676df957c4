import { useLocalStorage } from '@vueuse/core'
import { computed, type Ref } from 'vue'
import type { Sorting } from '../../components/tableColumn.ts'
import { useNameFilter } from '../../composables/useNameFilter.ts'
import { useTopicsStore } from '../../stores/topics.ts'
import { sortedRows } from './topicRows.ts'

/** The topics as rows of a table: sorted once for each answer and each order that is chosen, so that a filter only has to leave out. */
export function useTopicRows(filter: Readonly<Ref<string>>, withInternal: Readonly<Ref<boolean>>) {
  const topics = useTopicsStore()
  const sorting = useLocalStorage<Sorting>('trilog.topics.sorting', { key: 'name', isDescending: false })
  const all = computed(() =>
    sortedRows(
      (withInternal.value ? topics.topics : topics.ours).map(topic => ({
        topic,
        survey: topics.surveyed.get(topic.name),
        rateIn: topics.ratesIn.get(topic.name) ?? null,
        rateOut: topics.ratesOut.get(topic.name) ?? null,
      })),
      sorting.value,
    ),
  )
  const rows = useNameFilter(all, ({ topic }) => topic.name, filter)

  function sort(key: string) {
    const isSame = sorting.value.key === key
    // What is counted is looked at from the largest on.
    sorting.value = { key, isDescending: isSame ? !sorting.value.isDescending : key !== 'name' }
  }
  return { rows, sorting, sort }
}
