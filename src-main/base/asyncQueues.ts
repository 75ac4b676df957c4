/** A sequence that somebody else fills. Ends when the signal aborts. */
export interface Offered<T> extends AsyncIterable<T> {
  offer(item: T): void
}

/** Keeps only the newest item that was not taken yet: for states, of which nobody wants an old one. */
export function latestOf<T>(signal: AbortSignal): Offered<T> {
  return queueOf(signal, 1)
}

/** Keeps up to `capacity` items that were not taken yet; drops the oldest beyond that. */
export function queueOf<T>(signal: AbortSignal, capacity: number): Offered<T> {
  const waiting: T[] = []
  let wake: (() => void) | undefined
  const stir = () => {
    wake?.()
    wake = undefined
  }
  signal.addEventListener('abort', stir, { once: true })
  return {
    offer(item) {
      waiting.push(item)
      if (waiting.length > capacity) waiting.shift()
      stir()
    },
    async *[Symbol.asyncIterator]() {
      while (!signal.aborted) {
        if (waiting.length > 0) yield waiting.shift() as T
        else await new Promise<void>(resolve => (wake = resolve))
      }
    },
  }
}
