import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

export interface Toast {
  readonly id: number
  readonly tone: 'ok' | 'danger' | 'neutral'
  readonly title: string
  readonly detail: string
}

const SHOWN_MS = { ok: 4_000, neutral: 4_000, danger: 12_000 } as const
const KEPT = 4

export const useToastsStore = defineStore('toasts', () => {
  const toasts = shallowRef<readonly Toast[]>([])
  let nextId = 1

  function dismiss(id: number) {
    toasts.value = toasts.value.filter(each => each.id !== id)
  }
  /** Says something in passing. The same words twice are said once. */
  function show(tone: Toast['tone'], title: string, detail = '') {
    const id = nextId++
    toasts.value = [...toasts.value.filter(each => each.title !== title || each.detail !== detail), { id, tone, title, detail }].slice(
      -KEPT,
    )
    setTimeout(() => dismiss(id), SHOWN_MS[tone])
  }
  return { toasts, show, dismiss }
})
