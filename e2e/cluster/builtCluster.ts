import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Api from '../../src-main/hosts/cli/startCluster.ts'
import type { RunningCluster, StartClusterOptions } from '../../src-main/hosts/cli/startCluster.ts'

export type { RunningCluster, StartClusterOptions }

const out = join(import.meta.dirname, '..', '..', 'out', 'main')

/** The Node API as users get it: the built one, so that what is tested is what ships. */
export async function startCluster(options?: StartClusterOptions): Promise<RunningCluster> {
  const built = (await import(pathToFileURL(join(out, 'startCluster.js')).href)) as typeof Api
  return built.startCluster(options)
}

/** The built command line. */
export const cli = join(out, 'cli.js')

/** Polls until `ask` gives something. A test's own patience: an expectation with a deadline, never a fixed wait. */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await new Promise(resolve => setTimeout(resolve, 25))
  }
}

/** Every partition has a leader and all its replicas in sync. */
export async function untilInSync(cluster: RunningCluster, withinMs = 60_000): Promise<void> {
  await eventually(
    'all replicas in sync',
    () => cluster.snapshot().partitions.every(each => each.leader !== null && each.inSyncReplicas.length === each.replicas.length),
    withinMs,
  )
}
