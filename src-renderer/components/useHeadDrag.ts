import { computed, shallowRef } from 'vue'
import type { Column } from './tableColumn.ts'

/** Less is the tremor of a hand that clicks. */
const DRAG_FROM = 6

/**
 * Heads under a pointer: an edge makes its column wider, the rest takes the column to the place of another one. With the keyboard, the table
 * takes the keys for both (`useGridKeys`): handles between heads would each be a stop on the way to the rows.
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
    // Of the window: a quick hand has left the head before it hears of the first movement.
    const listening = new AbortController()
    const { signal } = listening
    addEventListener(
      'pointermove',
      ({ clientX }) => {
        if (drag.value === null && Math.abs(clientX - event.clientX) < DRAG_FROM) return
        drag.value = { key, over: places.find(({ left, right }) => left <= clientX && clientX < right)?.key ?? null }
      },
      { signal },
    )
    addEventListener('pointercancel', () => end(null), { signal })
    addEventListener('pointerup', () => end(drag.value?.over ?? null), { signal })
    function end(over: string | null) {
      listening.abort()
      // Put back where it was, it is let go over its own head, which would take that for a click.
      if (drag.value !== null && over === key) addEventListener('click', taken => taken.stopPropagation(), { capture: true, once: true })
      drag.value = null
      if (over !== null && over !== key) move(key, over)
    }
  }
  return { dragged: computed(() => drag.value?.key ?? null), markOf, dragHead, dragEdge }
}
