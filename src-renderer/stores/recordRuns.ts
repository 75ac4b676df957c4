import { defineStore } from 'pinia'
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { ExportPlace, RunItem, RunProgress } from '../../src-main/contract/records.ts'
import { useBridge } from '../composables/useBridge.ts'
import { useTasksStore } from './tasks.ts'

export type RunEnd = Extract<RunItem, { type: 'ended' }>

/** A run as a screen follows it. */
export interface FollowedRun {
  readonly progress: Readonly<ShallowRef<RunProgress | null>>
  readonly isStopping: Readonly<Ref<boolean>>
  /** Ends it in order: what is under way is waited for, and `ended` says what was done. */
  stop(): void
  /** Null when it never began; rejects when it could not. */
  readonly ended: Promise<RunEnd | null>
}

export interface RunOptions {
  /** In the status bar, beside the title. */
  detail(progress: RunProgress): string
  /** From then on things can be given to it; what this returns is waited for, and what it throws ends the run. */
  begun?(runId: string, place: ExportPlace | null): Promise<void> | void
}

/** A part of a text that is given at once. */
const PIECE_BYTES = 1024 * 1024

/** Long work with records. It goes on when the dialog that began it is closed: the status bar shows it, and ends it. */
export const useRecordRuns = defineStore('recordRuns', () => {
  const bridge = useBridge()
  const tasks = useTasksStore()

  function follow(title: string, open: (signal: AbortSignal) => AsyncIterable<RunItem>, options: RunOptions): FollowedRun {
    const progress = shallowRef<RunProgress | null>(null)
    const isStopping = ref(false)
    let runId: string | undefined
    const stop = () => {
      isStopping.value = true
      if (runId !== undefined) void bridge.records.stop({ runId })
    }
    async function run(): Promise<RunEnd | null> {
      const task = tasks.begin(title, stop)
      const aborter = new AbortController()
      let giving: Promise<void> | undefined
      try {
        for await (const item of open(aborter.signal)) {
          if (item.type === 'begun') {
            runId = item.runId
            if (isStopping.value) stop()
            giving = Promise.resolve(options.begun?.(item.runId, item.place))
            giving.catch(stop)
            continue
          }
          progress.value = item.progress
          task.report(item.progress.done, options.detail(item.progress))
          if (item.type !== 'ended') continue
          await giving
          return item
        }
        return null
      } finally {
        aborter.abort()
        task.end()
      }
    }
    return { progress, isStopping, stop, ended: run() }
  }

  /** Gives a whole text to a run, as fast as it takes it. */
  async function give(runId: string, text: Blob): Promise<void> {
    for (let at = 0; at < text.size; at += PIECE_BYTES) {
      const bytes = new Uint8Array(await text.slice(at, at + PIECE_BYTES).arrayBuffer())
      const { isWanted } = await bridge.records.give({ runId, bytes, isLast: false })
      if (!isWanted) return
    }
    await bridge.records.give({ runId, bytes: new Uint8Array(), isLast: true })
  }
  return { follow, give }
})
