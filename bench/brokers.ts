import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Api from '../src-main/hosts/cli/startCluster.ts'
import type { RunningCluster } from '../src-main/hosts/cli/startCluster.ts'

export const out = join(import.meta.dirname, '..', 'out', 'main')

/** Brokers as the system sees them. */
export type Processes = Pick<RunningCluster, 'brokerIds' | 'pidOf'>

/** A cluster of the built brokers, as users get it. */
export async function startCluster(options?: Api.StartClusterOptions): Promise<RunningCluster> {
  const built = (await import(pathToFileURL(join(out, 'startCluster.js')).href)) as typeof Api
  return built.startCluster(options)
}

/** Resident bytes of all brokers that run; `undefined` where the system does not tell (only Linux does). */
export function residentBytes(cluster: Processes): number | undefined {
  if (process.platform !== 'linux') return undefined
  return cluster.brokerIds.reduce((sum, brokerId) => sum + (useOf(cluster, brokerId)?.residentBytes ?? 0), 0)
}

/** Processor time of all brokers that run, so far, in seconds; `undefined` where the system does not tell. */
export function cpuSeconds(cluster: Processes): number | undefined {
  if (process.platform !== 'linux') return undefined
  return cluster.brokerIds.reduce((sum, brokerId) => sum + (useOf(cluster, brokerId)?.cpuMs ?? 0), 0) / 1_000
}

/** Of one broker's process: memory and the processor time so far; `undefined` where it does not run, or the system does not tell. */
export function useOf(cluster: Pick<Processes, 'pidOf'>, brokerId: number): { residentBytes: number; cpuMs: number } | undefined {
  const pid = cluster.pidOf(brokerId)
  if (process.platform !== 'linux' || pid === null) return undefined
  const residentKb = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  // Behind the name, which is in brackets and may hold spaces: user and system time, in ticks of 10 ms.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [user = '0', system = '0'] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return { residentBytes: residentKb * 1024, cpuMs: (Number(user) + Number(system)) * 10 }
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
