import { ref, type Ref } from 'vue'
import { rowForKey } from './rowKeys.ts'
import type { Column, Marking } from './tableColumn.ts'
import type { useRowWindow } from './useRowWindow.ts'

interface Grid {
  readonly grid: Readonly<Ref<HTMLElement | null>>
  readonly selected: Ref<number | null>
  readonly rowWindow: Pick<ReturnType<typeof useRowWindow>, 'rowsInView' | 'firstInView' | 'reveal'>
}

/**
 * The keys of a table: left and right go along the heads that sort, up and down, pages and ends along the rows; Enter sorts by a head, or opens a row. Where
 * rows can be marked, Space marks the current one, Shift all on the way to the next, and Ctrl+A all there are.
 */
export function useGridKeys(
  table: () => { readonly count: number; readonly columns: readonly Column[]; readonly marking: Marking | null },
  { grid, selected, rowWindow }: Grid,
  act: { open(index: number): void; sort(key: string): void },
) {
  const headAt = ref<string | null>(null)

  function onHeadKey({ key }: KeyboardEvent): boolean {
    const heads = table()
      .columns.filter(column => column.canSort === true)
      .map(column => column.key)
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key]
    if (step !== undefined && heads.length > 0) {
      const at = headAt.value === null ? -1 : heads.indexOf(headAt.value)
      headAt.value = heads[at < 0 ? 0 : Math.max(0, Math.min(heads.length - 1, at + step))] ?? null
    } else if (headAt.value !== null && (key === 'Enter' || key === ' ')) act.sort(headAt.value)
    else return false
    return true
  }
  function onMarkKey({ key, ctrlKey, metaKey, shiftKey }: KeyboardEvent, marking: Marking): boolean {
    if ((ctrlKey || metaKey) && !shiftKey && key.toLowerCase() === 'a') marking.all()
    else if (key === ' ') marking.toggle((selected.value ??= rowWindow.firstInView.value))
    else return false
    return true
  }
  function onKey(event: KeyboardEvent) {
    const { count } = table()
    if (count === 0 || event.target !== grid.value || event.altKey) return
    if (onHeadKey(event)) {
      event.preventDefault()
      return
    }
    const at = selected.value
    const { marking } = table()
    if (marking !== null && onMarkKey(event, marking)) {
      event.preventDefault()
      return
    }
    const page = Math.max(1, rowWindow.rowsInView.value - 1)
    const next = rowForKey(event.key, { at, count, page, firstInView: rowWindow.firstInView.value })
    if (next !== undefined) {
      headAt.value = null
      selected.value = next
      rowWindow.reveal(next)
      if (event.shiftKey) marking?.extend(at ?? next, next)
    } else if (event.key === 'Enter' && at !== null) act.open(at)
    else return
    event.preventDefault()
  }
  return { headAt, onKey }
}
