import { useEventListener } from '@vueuse/core'

/** Runs `act` on a plain key press, unless the person is typing somewhere or a dialog is open. */
export function useShortcut(key: string, act: () => void) {
  useEventListener(document, 'keydown', event => {
    if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable=true], [role=dialog]')) return
    event.preventDefault()
    act()
  })
}
