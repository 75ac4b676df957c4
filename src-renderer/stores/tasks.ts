import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'

/** Something that takes its time, as the status bar shows it. */
export interface Task {
  readonly id: number
  readonly title: string
  /** From 0 to 1; null while nobody can say. */
  readonly progress: number | null
  /** What it has done so far, in words. */
  readonly detail: string
  readonly isLate: boolean
  readonly cancel: (() => void) | null
}

/** What is held by whoever does the work. */
export interface TaskHandle {
  report(progress: number | null, detail?: string): void
  end(): void
}

/** What is over sooner is not worth a word. */
const SHOWN_AFTER_MS = 1_000

/** All that is under way and takes longer than a moment, whichever screen began it. */
export const useTasksStore = defineStore('tasks', () => {
  const all = shallowRef<readonly Task[]>([])
  const shown = computed(() => all.value.filter(task => task.isLate))
  let nextId = 1

  const change = (id: number, to: Partial<Task>) => {
    all.value = all.value.map(task => (task.id === id ? { ...task, ...to } : task))
  }

  /** Shows it from a second later on until it has ended. */
  function begin(title: string, cancel: (() => void) | null = null): TaskHandle {
    const id = nextId++
    all.value = [...all.value, { id, title, progress: null, detail: '', isLate: false, cancel }]
    const timer = setTimeout(() => change(id, { isLate: true }), SHOWN_AFTER_MS)
    return {
      report: (progress, detail = '') => change(id, { progress, detail }),
      end: () => {
        clearTimeout(timer)
        all.value = all.value.filter(task => task.id !== id)
      },
    }
  }

  /** Shows it while `work` is under way. With `work` taking a signal, it can be cancelled: then this resolves as `work` does. */
  async function run<T>(title: string, work: (signal: AbortSignal, task: TaskHandle) => Promise<T>, { canCancel = true } = {}): Promise<T> {
    const aborter = new AbortController()
    const task = begin(title, canCancel ? () => aborter.abort() : null)
    try {
      return await work(aborter.signal, task)
    } finally {
      task.end()
    }
  }
  return { all, shown, begin, run }
})
