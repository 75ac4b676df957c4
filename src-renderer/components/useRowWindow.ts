import { useElementSize } from '@vueuse/core'
import { computed, nextTick, ref, watch, type Ref } from 'vue'
import { scrollScale } from './scrollScale.ts'

/** Rows drawn beyond either edge of the view. */
export const OVERSCAN = 6
const WHEEL_LINE = 20

/**
 * Which rows of equal height are in view, for any number of them. Arithmetic instead of a list of measurements, which for tens of
 * millions of rows would be gigabytes.
 */
export function useRowWindow(box: Readonly<Ref<HTMLElement | null>>, size: () => { count: number; rowHeight: number; headHeight: number }) {
  const { height } = useElementSize(box)
  const rowHeight = computed(() => size().rowHeight)
  const viewport = computed(() => Math.max((height.value || 0) - size().headHeight, rowHeight.value))
  const scale = computed(() => scrollScale({ content: size().count * rowHeight.value, viewport: viewport.value }))
  /** Where the view begins: in the content, and as the scroll bar has it. Both are equal while the content fits an element. */
  const contentTop = ref(0)
  const scrollTop = ref(0)

  const range = computed(() => ({
    from: Math.max(0, Math.floor(contentTop.value / rowHeight.value) - OVERSCAN),
    to: Math.min(size().count, Math.ceil((contentTop.value + viewport.value) / rowHeight.value) + OVERSCAN),
  }))

  function scrollTo(top: number) {
    contentTop.value = Math.max(0, Math.min(top, scale.value.content - viewport.value))
    if (!box.value) return
    box.value.scrollTop = scale.value.toScroll(contentTop.value)
    scrollTop.value = box.value.scrollTop
  }
  function onScroll() {
    const at = box.value?.scrollTop ?? 0
    if (at === scrollTop.value) return
    scrollTop.value = at
    contentTop.value = scale.value.toContent(at)
  }
  /** A scaled bar would leap over rows; the wheel moves by what is on screen. */
  function onWheel(event: WheelEvent) {
    if (!scale.value.isScaled || event.ctrlKey || event.deltaY === 0) return
    event.preventDefault()
    const unit = { [WheelEvent.DOM_DELTA_LINE]: WHEEL_LINE, [WheelEvent.DOM_DELTA_PAGE]: viewport.value }[event.deltaMode] ?? 1
    scrollTo(contentTop.value + event.deltaY * unit)
  }
  /** Scrolls as little as needed. */
  function reveal(index: number) {
    const top = index * rowHeight.value
    if (top < contentTop.value) scrollTo(top)
    else if (top + rowHeight.value > contentTop.value + viewport.value) scrollTo(top + rowHeight.value - viewport.value)
  }

  /** So many rows more, or fewer, stand above the view: what is in it stays where it is. */
  function shift(rows: number) {
    contentTop.value = Math.max(0, contentTop.value + rows * rowHeight.value)
    void nextTick(() => scrollTo(contentTop.value))
  }

  watch(
    () => scale.value.content,
    () => void nextTick(() => scrollTo(contentTop.value)),
  )
  return {
    range,
    spacer: computed(() => scale.value.spacer),
    isAtTop: computed(() => contentTop.value < rowHeight.value),
    firstInView: computed(() => Math.ceil(contentTop.value / rowHeight.value)),
    rowsInView: computed(() => Math.max(1, Math.floor(viewport.value / rowHeight.value))),
    /** Px from the top of the spacer to the row. */
    placeOf: (index: number) => index * rowHeight.value - contentTop.value + scrollTop.value,
    onScroll,
    onWheel,
    reveal,
    shift,
    /** Brings a row to the middle of the view. */
    center: (index: number) => scrollTo(index * rowHeight.value - viewport.value / 2 + rowHeight.value / 2),
    toTop: () => scrollTo(0),
  }
}
