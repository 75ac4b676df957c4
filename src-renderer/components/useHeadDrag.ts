import { computed, shallowRef } from 'vue'
import type { Column } from './tableColumn.ts'

/** Less is the tremor of a hand that clicks. */
const DRAG_FROM = 6

/**
 * Heads under a pointer: an edge makes its column wider, the rest takes the column to the place of another one. With the keyboard, both are done where
 * columns are listed: handles between heads would each be a stop on the way to the rows.
 */
export function useHeadDrag(
  columns: () => readonly Column[],
  resize: (key: string, width: number | null) => void,
  move: (key: string, to: string) => void,
) {
  const drag = shallowRef<{ readonly key: string; readonly over: string | null } | null>(null)

  /** The side of a head at which the dragged one will stand. */
  function markOf(key: string): '' | 'drop-before' | 'drop-after' {
    if (drag.value === null || drag.value.over !== key || drag.value.key === key) return ''
    const places = columns().map(column => column.key)
    return places.indexOf(drag.value.key) < places.indexOf(key) ? 'drop-after' : 'drop-before'
  }
  function dragEdge(key: string, event: PointerEvent) {
    const handle = event.currentTarget as HTMLElement
    const width = handle.parentElement?.offsetWidth ?? 0
    handle.setPointerCapture(event.pointerId)
    handle.onpointermove = at => resize(key, width + at.clientX - event.clientX)
    handle.onpointerup = handle.onpointercancel = () => (handle.onpointermove = null)
  }
  function dragHead({ key, isMovable }: Column, event: PointerEvent) {
    if (isMovable !== true || event.button !== 0) return
    const head = event.currentTarget as HTMLElement
    const places = [...(head.parentElement?.children ?? [])].map(each => {
      const { left, right } = each.getBoundingClientRect()
      return { key: (each as HTMLElement).dataset['column'] ?? null, left, right }
    })
    head.onpointermove = at => {
      if (drag.value === null && Math.abs(at.clientX - event.clientX) < DRAG_FROM) return
      // From here on it is no click: that goes to whoever has the pointer, which is no button.
      head.setPointerCapture(event.pointerId)
      drag.value = { key, over: places.find(({ left, right }) => left <= at.clientX && at.clientX < right)?.key ?? null }
    }
    head.onpointerup = head.onpointercancel = end => {
      head.onpointermove = head.onpointerup = head.onpointercancel = null
      const over = drag.value?.over ?? key
      drag.value = null
      if (end.type === 'pointerup' && over !== key) move(key, over)
    }
  }
  return { dragged: computed(() => drag.value?.key ?? null), markOf, dragHead, dragEdge }
}
