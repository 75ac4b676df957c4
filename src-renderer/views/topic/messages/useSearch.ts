import { onScopeDispose, shallowRef, watch } from 'vue'
import { LOCAL_CLUSTER } from '../../../../src-main/contract/common.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import type { Reading } from './useMessagePages.ts'
import { rangesBehindKept, resumed, startRun, taken, type SearchQuery, type SearchRun } from './searchRun.ts'

/** The search of one topic. A new one ends the one before; leaving the topic, or the screen, ends it too. */
export function useSearch(topic: () => string, reading: () => Reading) {
  const bridge = useBridge()
  const run = shallowRef<SearchRun | null>(null)
  /** How the hits are decoded, and what they have in their `columns`: of all parts of one search the same. */
  const readAs = shallowRef(reading())
  let running = new AbortController()

  async function follow(first: SearchRun) {
    running.abort()
    const { signal } = (running = new AbortController())
    run.value = first
    const now = () => run.value ?? first
    try {
      const asked = {
        clusterId: LOCAL_CLUSTER,
        topic: topic(),
        ...first.query,
        columns: [...readAs.value.columns],
        formats: readAs.value.formats,
      }
      for await (const item of bridge.search.run(asked, signal)) {
        if (signal.aborted) return
        run.value = taken(now(), item)
      }
      // A source that goes silent has not said that it is done.
      if (!signal.aborted && now().state === 'running') run.value = { ...now(), state: 'cancelled' }
    } catch (failure) {
      if (!signal.aborted) run.value = { ...now(), state: 'failed', failure }
    }
  }

  function cancel() {
    if (run.value?.state !== 'running') return
    running.abort()
    run.value = { ...run.value, state: 'cancelled' }
  }
  function close() {
    running.abort()
    run.value = null
  }

  watch(topic, close)
  onScopeDispose(() => running.abort())
  return {
    run,
    readAs,
    start: (query: SearchQuery) => {
      readAs.value = reading()
      return follow(startRun(query))
    },
    cancel,
    /** Goes on where it ended; what was found stays. */
    goOn: () => run.value && follow(resumed(run.value)),
    /** Finds the hits that were counted and not kept; those that were make room. */
    showNotKept: () => run.value && follow(startRun({ ...run.value.query, ranges: rangesBehindKept(run.value) })),
    close,
  }
}
