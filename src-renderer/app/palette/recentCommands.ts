import { useLocalStorage } from '@vueuse/core'
import { computed } from 'vue'

const KEPT = 24

const used = useLocalStorage<string[]>('trilog.recentCommands', [])

const places = computed(() => new Map(used.value.map((id, at) => [id, at])))

/** By how much a command that was used lately is put before others; the last one most. */
export function recency(id: string): number {
  const at = places.value.get(id)
  return at === undefined ? 0 : 60 - at * 2
}

export function remember(id: string): void {
  used.value = [id, ...used.value.filter(each => each !== id)].slice(0, KEPT)
}
