import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Api from '../src-main/hosts/cli/startCluster.ts'
import type { RunningCluster } from '../src-main/hosts/cli/startCluster.ts'

export const out = join(import.meta.dirname, '..', 'out', 'main')

/** A cluster of the built brokers, as users get it. */
export async function startCluster(options?: Api.StartClusterOptions): Promise<RunningCluster> {
  const built = (await import(pathToFileURL(join(out, 'startCluster.js')).href)) as typeof Api
  return built.startCluster(options)
}

/** Resident bytes of all brokers that run; `undefined` where the system does not tell (only Linux does). */
export function residentBytes(cluster: RunningCluster): number | undefined {
  if (process.platform !== 'linux') return undefined
  let sum = 0
  for (const brokerId of cluster.brokerIds) {
    const status = readFileSync(`/proc/${cluster.pidOf(brokerId)}/status`, 'utf8')
    sum += Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
  }
  return sum
}

/** Until every partition has a leader and all its replicas in sync. */
export async function untilInSync(cluster: RunningCluster): Promise<void> {
  for (const deadline = performance.now() + 60_000; ; await sleep(20)) {
    const { partitions } = cluster.snapshot()
    if (partitions.length > 0 && partitions.every(each => each.leader !== null && each.inSyncReplicas.length === each.replicas.length))
      return
    if (performance.now() > deadline) throw new Error('the replicas are not in sync within a minute')
  }
}

export const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
