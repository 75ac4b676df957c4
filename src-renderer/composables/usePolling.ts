import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'

export interface Polling {
  /** Why the last round failed; `null` after one that did not. */
  readonly failure: Readonly<ShallowRef<unknown>>
  /** The next round at once; resolves when it is over, whatever came of it. */
  again(): Promise<void>
}

/** Runs `round` now, and again `everyMs` after it was done, while the scope lives. Rounds never overlap; a hidden page waits. */
export function usePolling(round: () => Promise<void>, everyMs: number, key: () => string = () => ''): Polling {
  const failure = shallowRef<unknown>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let turn = 0

  async function again() {
    const mine = ++turn
    clearTimeout(timer)
    try {
      if (document.visibilityState !== 'hidden') await round()
      if (mine === turn) failure.value = null
    } catch (error) {
      if (mine === turn) failure.value = error
    }
    if (mine === turn) timer = setTimeout(() => void again(), everyMs)
  }

  watch(key, () => void again(), { immediate: true })
  onScopeDispose(() => {
    turn += 1
    clearTimeout(timer)
  })
  return { failure, again }
}
