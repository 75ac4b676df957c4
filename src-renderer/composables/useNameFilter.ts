import { computed, type ComputedRef, type Ref } from 'vue'

/**
 * Those of `items` whose name holds what is typed, in either case, in the order in which they are. Names are folded when the items change, so that a key
 * costs a look at each name and nothing else.
 */
export function useNameFilter<Item>(
  items: Readonly<Ref<readonly Item[]>>,
  nameOf: (item: Item) => string,
  typed: Readonly<Ref<string>>,
): ComputedRef<readonly Item[]> {
  const names = computed(() => items.value.map(item => nameOf(item).toLowerCase()))
  // A space more or less finds the same: what follows from it is not done again.
  const wanted = computed(() => typed.value.trim().toLowerCase())
  return computed(() => (wanted.value === '' ? items.value : items.value.filter((_, index) => names.value[index]!.includes(wanted.value))))
}
