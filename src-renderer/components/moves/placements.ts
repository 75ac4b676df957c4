/** Broker ids as a person types them, in order; null when they are none, not alive or not different. */
export function typedReplicas(text: string, alive: readonly number[]): number[] | null {
  const parts = text.split(/[\s,]+/).filter(part => part !== '')
  const ids = parts.map(part => (/^\d{1,9}$/.test(part) ? Number(part) : Number.NaN))
  const isFine = ids.length > 0 && ids.every(id => alive.includes(id)) && new Set(ids).size === ids.length
  return isFine ? ids : null
}

/** Bytes a second of what is typed in MB/s: null is no limit, NaN is nothing that makes sense. */
export function typedThrottle(text: string): number | null {
  if (text.trim() === '') return null
  const rate = Number(text.trim())
  return Number.isFinite(rate) && rate > 0 ? Math.max(1, Math.round(rate * 1_000_000)) : Number.NaN
}
