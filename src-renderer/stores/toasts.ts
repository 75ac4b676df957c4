import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

/** What a person can still do about it: take it back, or see more of it. */
export interface ToastAction {
  readonly label: string
  act(): void
}

export interface Toast {
  readonly id: number
  readonly tone: 'ok' | 'danger' | 'neutral'
  readonly title: string
  readonly detail: string
  readonly action: ToastAction | null
}

const SHOWN_MS = { ok: 4_000, neutral: 4_000, danger: 12_000 } as const
/** What can be taken back stays long enough to be read and reached. */
const SHOWN_WITH_ACTION_MS = 12_000
const KEPT = 4

export const useToastsStore = defineStore('toasts', () => {
  const toasts = shallowRef<readonly Toast[]>([])
  let nextId = 1

  function dismiss(id: number) {
    toasts.value = toasts.value.filter(each => each.id !== id)
  }
  /** Says something in passing. The same words twice are said once. */
  function show(tone: Toast['tone'], title: string, detail = '', action: ToastAction | null = null) {
    const id = nextId++
    const others = toasts.value.filter(each => each.title !== title || each.detail !== detail)
    toasts.value = [...others, { id, tone, title, detail, action }].slice(-KEPT)
    setTimeout(() => dismiss(id), action === null ? SHOWN_MS[tone] : SHOWN_WITH_ACTION_MS)
  }
  function act(id: number) {
    toasts.value.find(each => each.id === id)?.action?.act()
    dismiss(id)
  }
  return { toasts, show, dismiss, act }
})
