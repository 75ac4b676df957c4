import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalCluster } from '../../cluster/localCluster.ts'
import type { ClusterEvent, ClusterSnapshot } from '../../contract/cluster.ts'
import { nodeEnv } from '../../env/node/env.ts'
import { nodeProcesses } from '../../env/node/processes.ts'

export type { ClusterEvent, ClusterSnapshot }

export interface StartClusterOptions {
  /** How many brokers; 3. */
  readonly brokers?: number
  /** The cluster's folder; a temporary one that `stop` removes when left out. */
  readonly directory?: string
  /** Broker i listens on port + i - 1; left out, free ports are taken. */
  readonly port?: number
  readonly profile?: 'dev' | 'kafka-defaults'
  /** Broker configs by Kafka's names. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface RunningCluster {
  readonly bootstrapServers: string
  readonly directory: string
  readonly brokerIds: readonly number[]
  /** `null` while the broker does not run. */
  pidOf(brokerId: number): number | null
  portOf(brokerId: number): number
  /** SIGKILL; resolves when the process is gone. */
  kill(brokerId: number): Promise<void>
  /** In order, as `kill -TERM` would; resolves when the process has ended. */
  stopBroker(brokerId: number): Promise<void>
  /** Resolves when the broker serves clients again. */
  start(brokerId: number): Promise<void>
  restart(brokerId: number): Promise<void>
  pause(brokerId: number): Promise<void>
  resume(brokerId: number): Promise<void>
  /** Destroys the broker's disk and starts it empty. */
  wipe(brokerId: number): Promise<void>
  snapshot(): ClusterSnapshot
  onEvent(listen: (event: ClusterEvent) => void): () => void
  /** Stops everything; the temporary folder goes. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A cluster of real brokers for a test suite: ready when this resolves, in about a second. Its processes end with yours, however yours ends. */
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
        brokers: options.brokers ?? 3,
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
  const stop = async () => {
    await local.close()
    await removeFolder()
  }
  return {
    bootstrapServers: local.bootstrapServers,
    directory: local.folder.path,
    brokerIds: local.brokerIds,
    pidOf: brokerId => local.pidOf(brokerId),
    portOf: brokerId => local.portOf(brokerId),
    kill: brokerId => local.kill(brokerId),
    stopBroker: brokerId => local.stop(brokerId),
    start: brokerId => local.start(brokerId),
    restart: brokerId => local.restart(brokerId),
    pause: brokerId => local.pause(brokerId),
    resume: brokerId => local.resume(brokerId),
    wipe: brokerId => local.wipe(brokerId),
    snapshot: () => local.snapshot(),
    onEvent: listen => local.onEvent(listen),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
