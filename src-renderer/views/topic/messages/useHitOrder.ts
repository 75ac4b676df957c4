import { computed, type Ref } from 'vue'
import type { TopicFormats } from '../../../../src-main/contract/formats.ts'
import { isOwn, type ColumnLayout } from './columnLayout.ts'
import { canSortHits, sortedHits } from './hitSorting.ts'
import type { useSearch } from './useSearch.ts'

/**
 * Hits in the order of a column, once a search has ended: while it goes on they would jump about, and stand by their time. What is not searched has no
 * other order than the log's: a table without an end cannot be sorted, and to sort what of it happens to be loaded would be a lie.
 */
export function useHitOrder(
  { run, readAs }: Pick<ReturnType<typeof useSearch>, 'run' | 'readAs'>,
  layout: Readonly<Ref<ColumnLayout>>,
  formats: Readonly<Ref<TopicFormats>>,
) {
  const found = computed(() => run.value?.hits ?? null)
  const isOver = computed(() => run.value !== null && run.value.state !== 'running')
  const wanted = computed(() => layout.value.sorting)
  const paths = computed(() => readAs.value.columns)
  /** What is decoded in another way now is so for the rows in view only. */
  const isReadOtherwise = computed(() => JSON.stringify(readAs.value.formats) !== JSON.stringify(formats.value))
  /** Heads that sort. */
  const sortable = computed(() => {
    const unlike = isReadOtherwise.value ? layout.value.keys.filter(key => !isOwn(key) || key === 'key' || key === 'value') : []
    return isOver.value ? layout.value.keys.filter(key => canSortHits(key, paths.value) && !unlike.includes(key)) : []
  })
  /** In force now. */
  const sorting = computed(() => (wanted.value !== undefined && sortable.value.includes(wanted.value.key) ? wanted.value : null))
  const hits = computed(() =>
    found.value === null || sorting.value === null ? found.value : sortedHits(found.value, sorting.value, paths.value),
  )
  return { hits, sortable, sorting }
}
