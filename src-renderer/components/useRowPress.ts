import type { Ref } from 'vue'
import type { Marking } from './tableColumn.ts'

/** What a press of the mouse on a row does: it becomes the current one, and with Ctrl or Shift, or on its mark, it is marked. */
export function useRowPress(
  marking: () => Marking | null,
  { grid, selected }: { readonly grid: Readonly<Ref<HTMLElement | null>>; readonly selected: Ref<number | null> },
) {
  const isOnMark = ({ target }: Event) => target instanceof Element && target.closest('[data-mark]') !== null
  const marks = (event: MouseEvent) => event.shiftKey || event.ctrlKey || event.metaKey || isOnMark(event)

  return {
    isOnMark,
    /** A double press, or one with Shift, would select the text between. */
    hold: (event: MouseEvent) => {
      if (event.detail <= 1 && (marking() === null || !marks(event))) return
      event.preventDefault()
      grid.value?.focus()
    },
    release: (index: number, event: MouseEvent) => {
      const rows = marking()
      const from = selected.value ?? index
      selected.value = index
      if (rows === null || !marks(event)) return
      if (event.shiftKey) rows.extend(from, index)
      else rows.toggle(index)
    },
  }
}
