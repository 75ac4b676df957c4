import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { LocalCluster } from '../../cluster/localCluster.ts'
import { LinkFault } from '../../contract/cluster.ts'
import { nodeEnv } from '../../env/node/env.ts'
import { nodeProcesses } from '../../env/node/processes.ts'
import type { LinkChange, RunningCluster, StartClusterOptions } from './trilog.d.ts'

export type { ClusterEvent, ClusterSnapshot, LinkChange, LinkEnd, RunningCluster, StartClusterOptions } from './trilog.d.ts'

/** As `trilog.d.ts` promises it to users. */
export async function startCluster(options: StartClusterOptions = {}): Promise<RunningCluster> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'trilog-')))
  const removeFolder = async () => {
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true })
  }
  let local: LocalCluster | undefined
  try {
    local = await LocalCluster.open(
      { ...nodeEnv(), processes: nodeProcesses() },
      {
        directory,
        brokers: options.brokers,
        logDirs: options.logDirs,
        port: options.port ?? 0,
        profile: options.profile,
        settings: options.settings ?? {},
        restartDied: false,
      },
    )
    await local.startAll()
    return running(local, removeFolder)
  } catch (error) {
    await local?.close()
    await removeFolder()
    throw error
  }
}

function running(local: LocalCluster, removeFolder: () => Promise<void>): RunningCluster {
  let stopping: Promise<void> | undefined
  const stop = () => (stopping ??= local.close().finally(removeFolder))
  return {
    bootstrapServers: local.bootstrapServers,
    directory: local.folder.path,
    brokerIds: local.brokerIds,
    pidOf: brokerId => local.pidOf(brokerId),
    portOf: brokerId => local.portOf(brokerId),
    kill: async brokerId => local.kill(brokerId),
    stopBroker: async brokerId => local.stop(brokerId),
    start: async brokerId => local.start(brokerId),
    restart: async brokerId => local.restart(brokerId),
    pause: async brokerId => local.pause(brokerId),
    resume: async brokerId => local.resume(brokerId),
    wipe: async brokerId => local.wipe(brokerId),
    link: async (a, b, change) => local.link({ a, b, fault: faultOf(change), oneWay: change.oneWay ?? false }),
    healLinks: async () => local.healLinks(),
    snapshot: () => local.snapshot(),
    onEvent: listen => local.onEvent(listen),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function faultOf({ cut = false, delayMs = 0, drop = 0, heal = false }: LinkChange): LinkFault | null {
  const isFault = cut || delayMs > 0 || drop > 0
  if (heal === isFault) throw new RangeError('A link is either healed, or cut, delayed or made to drop: say one of them')
  if (heal) return null
  const { data, error } = LinkFault.safeParse({ cut, delayMs, drop })
  if (data === undefined) throw new RangeError(`There is no such fault of a link: ${z.prettifyError(error)}`)
  return data
}
