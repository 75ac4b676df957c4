import { onScopeDispose, shallowRef, watch } from 'vue'
import type { RunProgress } from '../../../../src-main/contract/records.ts'
import { useBridge } from '../../../composables/useBridge.ts'
import { useFailureText, useToldText } from '../../../composables/useFailureText.ts'
import { useRecordRuns } from '../../../stores/recordRuns.ts'
import type { ManyForm } from './produceForm.ts'

/** What is in a text that is to be produced: read through before anybody produces it, and again whenever it changes. */
export interface Checked {
  readonly isDone: boolean
  readonly progress: RunProgress | null
  readonly problem: string
}

const PAUSE_MS = 250

export const textOfMany = ({ file, pasted }: ManyForm): Blob | null => file ?? (pasted.trim() === '' ? null : new Blob([pasted]))

export function useCheck(form: () => ManyForm) {
  const bridge = useBridge()
  const runs = useRecordRuns()
  const failureText = useFailureText()
  const toldText = useToldText()
  const checked = shallowRef<Checked | null>(null)
  let running = new AbortController()

  async function check(signal: AbortSignal) {
    const text = textOfMany(form())
    checked.value = null
    if (text === null) return
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS)) // while one types
    if (signal.aborted) return
    try {
      for await (const item of bridge.records.check({ format: form().format, size: text.size }, signal)) {
        if (signal.aborted) return
        if (item.type === 'begun') {
          runs.give(item.runId, text).catch((error: unknown) => {
            if (!signal.aborted) checked.value = { isDone: false, progress: null, problem: failureText(error) }
          })
        } else {
          const isDone = item.type === 'ended' && item.why === 'done'
          const problem = item.type === 'ended' && item.problem !== null ? toldText(item.problem) : ''
          checked.value = { isDone, progress: item.progress, problem }
        }
      }
    } catch (error) {
      if (!signal.aborted) checked.value = { isDone: false, progress: null, problem: failureText(error) }
    }
  }
  watch(
    () => [form().format, form().pasted, form().file] as const,
    () => {
      running.abort()
      running = new AbortController()
      void check(running.signal)
    },
    { immediate: true },
  )
  onScopeDispose(() => running.abort())
  return { checked }
}
