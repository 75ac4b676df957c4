import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'

export interface Streaming {
  /** Why the stream is broken now; `null` while it runs. */
  readonly failure: Readonly<ShallowRef<unknown>>
  /** Opens it again at once. */
  restart(): void
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/**
 * Follows a stream while the scope lives. A stream that fails or ends is opened again after a pause that doubles each time, until
 * an item arrives. When `key` changes, the old stream is aborted first; while `key` is `null` none is open.
 */
export function useStream<Item>(
  open: (signal: AbortSignal) => AsyncIterable<Item>,
  take: (item: Item) => void,
  { key = () => 'open' }: { key?: () => string | null } = {},
): Streaming {
  const failure = shallowRef<unknown>(null)
  let running = new AbortController()

  async function follow(signal: AbortSignal) {
    let pauseMs = FIRST_PAUSE_MS
    while (!signal.aborted) {
      try {
        for await (const item of open(signal)) {
          if (signal.aborted) return
          failure.value = null
          pauseMs = FIRST_PAUSE_MS
          take(item)
        }
      } catch (error) {
        if (signal.aborted) return
        failure.value = error
      }
      await pause(pauseMs, signal)
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }

  function restart() {
    running.abort()
    running = new AbortController()
    failure.value = null
    if (key() !== null) void follow(running.signal)
  }

  watch(key, restart, { immediate: true })
  onScopeDispose(() => running.abort())
  return { failure, restart }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
