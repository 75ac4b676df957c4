import { ref, type Ref } from 'vue'
import { rowForKey } from './rowKeys.ts'
import type { Column, Marking } from './tableColumn.ts'
import type { useRowWindow } from './useRowWindow.ts'

interface Grid {
  readonly grid: Readonly<Ref<HTMLElement | null>>
  readonly selected: Ref<number | null>
  readonly rowWindow: Pick<ReturnType<typeof useRowWindow>, 'rowsInView' | 'firstInView' | 'reveal'>
}

/** How much wider a press makes a column. */
const STEP = 24

/**
 * The keys of a table: left and right go along the heads, up and down, pages and ends along the rows; Enter sorts by a head, or opens a row. With Alt, left and
 * right move the column of a head, with Shift as well they change its width. Where rows can be marked, Space marks the current one, Shift all on the way to the
 * next, and Ctrl+A all there are.
 */
export function useGridKeys(
  table: () => { readonly count: number; readonly columns: readonly Column[]; readonly marking: Marking | null },
  { grid, selected, rowWindow }: Grid,
  act: {
    open(index: number): void
    sort(key: string): void
    move(key: string, to: string): void
    resize(key: string, width: number | null): void
  },
) {
  const headAt = ref<string | null>(null)
  const headOf = (key: string) => grid.value?.querySelector<HTMLElement>(`[data-column="${CSS.escape(key)}"]`)

  function goAlongHeads(by: number): boolean {
    const heads = table().columns.filter(({ canSort, isMovable, isResizable }) => canSort || isMovable || isResizable)
    if (heads.length === 0) return false
    const at = heads.findIndex(({ key }) => key === headAt.value)
    headAt.value = heads[at < 0 ? 0 : Math.max(0, Math.min(heads.length - 1, at + by))]?.key ?? null
    if (headAt.value !== null) headOf(headAt.value)?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    return true
  }
  function onHeadKey({ key }: KeyboardEvent): boolean {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key]
    if (step !== undefined) return goAlongHeads(step)
    if (headAt.value === null || (key !== 'Enter' && key !== ' ')) return false
    if (table().columns.some(column => column.key === headAt.value && column.canSort)) act.sort(headAt.value)
    return true
  }
  /** What a mouse does by dragging a head, or its edge. */
  function onColumnKey({ key, shiftKey }: KeyboardEvent): boolean {
    const { columns } = table()
    const at = columns.findIndex(column => column.key === headAt.value)
    const column = columns[at]
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key]
    if (column === undefined) return false
    if (shiftKey && column.isResizable === true && (step !== undefined || key === 'ArrowDown')) {
      act.resize(column.key, step === undefined ? null : (headOf(column.key)?.offsetWidth ?? 0) + step * STEP)
      return true
    }
    const to = step === undefined ? undefined : columns[at + step]
    if (shiftKey || to === undefined || column.isMovable !== true) return step !== undefined
    act.move(column.key, to.key)
    return true
  }
  function onMarkKey({ key, ctrlKey, metaKey, shiftKey }: KeyboardEvent, marking: Marking): boolean {
    if ((ctrlKey || metaKey) && !shiftKey && key.toLowerCase() === 'a') marking.all()
    else if (key === ' ') marking.toggle((selected.value ??= rowWindow.firstInView.value))
    else return false
    return true
  }
  function onRowKey({ key, shiftKey }: KeyboardEvent): boolean {
    const { count, marking } = table()
    const at = selected.value
    const page = Math.max(1, rowWindow.rowsInView.value - 1)
    const next = rowForKey(key, { at, count, page, firstInView: rowWindow.firstInView.value })
    if (next !== undefined) {
      headAt.value = null
      selected.value = next
      rowWindow.reveal(next)
      if (shiftKey) marking?.extend(at ?? next, next)
    } else if (key === 'Enter' && at !== null) act.open(at)
    else return false
    return true
  }
  function onKey(event: KeyboardEvent) {
    const { count, marking } = table()
    if (count === 0 || event.target !== grid.value) return
    const isTaken = event.altKey
      ? onColumnKey(event)
      : onHeadKey(event) || (marking !== null && onMarkKey(event, marking)) || onRowKey(event)
    if (isTaken) event.preventDefault()
  }
  return { headAt, onKey }
}
