import { cpuSeconds, residentBytes } from './brokers.ts'
import type { MeasuredCluster } from './cluster.ts'

const SAMPLE_EVERY_MS = 200

/** What the brokers used while something was done to them. */
export interface Load {
  /** Of all brokers' processors together; `undefined` where the system does not tell. */
  readonly cpuSeconds: number | undefined
  /** The largest sum seen. */
  readonly residentBytes: number | undefined
}

export async function underLoad<T>(cluster: MeasuredCluster, run: () => Promise<T>): Promise<Load & { readonly outcome: T }> {
  const before = cpuSeconds(cluster)
  let largest = residentBytes(cluster)
  const look = () => {
    const now = residentBytes(cluster)
    if (largest !== undefined && now !== undefined) largest = Math.max(largest, now)
  }
  const looking = setInterval(look, SAMPLE_EVERY_MS)
  try {
    const outcome = await run()
    look()
    const after = cpuSeconds(cluster)
    return { outcome, residentBytes: largest, cpuSeconds: before === undefined || after === undefined ? undefined : after - before }
  } finally {
    clearInterval(looking)
  }
}
