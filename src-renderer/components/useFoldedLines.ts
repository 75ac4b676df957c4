import { computed, type Ref, ref, watch } from 'vue'
import type { JsonLine } from './jsonLines.ts'

/** Lines that fold: rows are those of them that can be seen. */
export function useFoldedLines(lines: Readonly<Ref<readonly JsonLine[]>>) {
  const folded = ref<ReadonlySet<number>>(new Set())
  watch(lines, () => (folded.value = new Set()))
  /** The lines that are not folded away. */
  const shown = computed(() => {
    const visible: number[] = []
    for (let index = 0; index < lines.value.length; index++) {
      visible.push(index)
      if (folded.value.has(index)) index = lines.value[index]!.closeAt
    }
    return visible
  })
  const lineAt = (row: number) => lines.value[shown.value[row] ?? -1]
  const foldable = (row: number) => (lineAt(row)?.closeAt ?? -1) >= 0
  const isFolded = (row: number) => folded.value.has(shown.value[row] ?? -1)

  function fold(row: number, isFoldedThen: boolean) {
    const index = shown.value[row]
    if (index === undefined || !foldable(row)) return
    const next = new Set(folded.value)
    if (isFoldedThen) next.add(index)
    else next.delete(index)
    folded.value = next
  }
  return { shown, lineAt, foldable, isFolded, fold }
}
