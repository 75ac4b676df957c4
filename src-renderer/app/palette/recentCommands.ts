import { useLocalStorage } from '@vueuse/core'

const KEPT = 24

const used = useLocalStorage<string[]>('trilog.recentCommands', [])

/** By how much a command that was used lately is put before others; the last one most. */
export function recency(id: string): number {
  const at = used.value.indexOf(id)
  return at < 0 ? 0 : 60 - at * 2
}

export function remember(id: string): void {
  used.value = [id, ...used.value.filter(each => each !== id)].slice(0, KEPT)
}
