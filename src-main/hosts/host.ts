import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { adminServices } from '../admin/adminServices.ts'
import { serveOver } from '../bridge/router.ts'
import { toFailure } from '../bridge/toFailure.ts'
import { clusterService } from '../cluster/clusterService.ts'
import { LocalCluster, type LocalClusterOptions } from '../cluster/localCluster.ts'
import type { Channel } from '../contract/channel.ts'
import { LOCAL_CLUSTER } from '../contract/common.ts'
import { contract, type Bridge } from '../contract/contract.ts'
import { nodeEnv } from '../env/node/env.ts'
import { nodeProcesses } from '../env/node/processes.ts'
import { startWebHost, type WebHost } from './web/webHost.ts'
import { version } from '../../package.json' with { type: 'json' }

export interface HostOptions extends LocalClusterOptions {
  readonly kind: 'desktop' | 'web'
  /** Of the browser face, which the desktop has too: it is how the CLI speaks to the host. 0 takes a free one. */
  readonly webPort: number
  /** Called once the cluster was shut down on somebody's request, by the CLI or a screen. */
  readonly onShutdown: () => void
}

/** One host process does the work of every face: the cluster, the admin client and the bridge over which screens and the CLI ask. */
export interface Host {
  readonly local: LocalCluster
  /** The browser face, with its key. */
  readonly url: string
  /** Serves the whole contract to one page. */
  serve(channel: Channel): void
  /** Stops the brokers in order, lets go of the folder. */
  close(): Promise<void>
}

export async function openHost(options: HostOptions): Promise<Host> {
  const env = nodeEnv()
  const local = await LocalCluster.open({ ...env, processes: nodeProcesses() }, options)
  const admin = adminServices(env, {
    bootstrapOf: clusterId =>
      clusterId === LOCAL_CLUSTER ? local.brokerIds.map(id => ({ host: '127.0.0.1', port: local.portOf(id) })) : undefined,
  })
  let web: WebHost | undefined
  let closing: Promise<void> | undefined
  const close = () =>
    (closing ??= (async () => {
      await admin.close()
      await local.close()
      await removeHostFile(options.directory)
    })())
  const services: Bridge = {
    app: {
      info: async () => ({
        version,
        host: options.kind,
        clusters: [{ clusterId: LOCAL_CLUSTER, name: 'Local cluster', kind: 'local', bootstrapServers: local.bootstrapServers }],
      }),
    },
    cluster: clusterService(local, async ({ deleteData }) => {
      await close()
      if (deleteData) await local.folder.remove()
      options.onShutdown()
    }),
    topics: admin.topics,
    messages: admin.messages,
    groups: admin.groups,
  }
  const serve = (channel: Channel) => serveOver(contract, services, channel, toFailure)
  try {
    web = await startWebHost({ port: options.webPort, files: rendererFiles(), connected: serve })
    await writeHostFile(options.directory, { pid: process.pid, url: web.url, port: web.port, token: web.token })
  } catch (error) {
    await close()
    throw error
  }
  const { url } = web
  return {
    local,
    url,
    serve,
    close: async () => {
      await close()
      await web.close() // last, so that whoever asked for the end hears of it
    },
  }
}

/** Where the cluster lives when nobody says otherwise: the system's place for a program's data. */
export function defaultDirectory(): string {
  const home = homedir()
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'Trilog', 'local')
  if (process.platform === 'win32') return join(process.env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Trilog', 'local')
  return join(process.env.XDG_DATA_HOME ?? join(home, '.local', 'share'), 'trilog', 'local')
}

/** The built renderer: beside the bundles, or in `out/` when this runs from the sources. */
export function rendererFiles(): string {
  let folder = import.meta.dirname
  for (;;) {
    for (const candidate of [join(folder, 'renderer'), join(folder, 'out', 'renderer')]) {
      if (existsSync(join(candidate, 'index.html'))) return candidate
    }
    const parent = dirname(folder)
    if (parent === folder) throw new Error('The app is not built. Run `npm run build`')
    folder = parent
  }
}

/** How the CLI finds the running host of a folder. Only its owner can read it: the token lets one do everything. */
export interface HostFile {
  readonly pid: number
  readonly url: string
  readonly port: number
  readonly token: string
}

export const hostFilePath = (directory: string) => join(directory, 'host.json')

async function writeHostFile(directory: string, file: HostFile): Promise<void> {
  const path = hostFilePath(directory)
  await rm(path, { force: true }) // an old one might be readable by others, and `mode` holds for new files only
  await writeFile(path, `${JSON.stringify(file)}\n`, { mode: 0o600 })
}

async function removeHostFile(directory: string): Promise<void> {
  await rm(hostFilePath(directory), { force: true })
}
