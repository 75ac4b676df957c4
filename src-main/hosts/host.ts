import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { adminServices } from '../admin/adminServices.ts'
import { latestOf } from '../base/asyncQueues.ts'
import { audited } from '../bridge/audited.ts'
import { guarded } from '../bridge/guarded.ts'
import { serveOver } from '../bridge/router.ts'
import { toFailure } from '../bridge/toFailure.ts'
import { clusterService } from '../cluster/clusterService.ts'
import { metadataLogService } from '../cluster/metadataLog/metadataLogService.ts'
import { LocalCluster, type LocalClusterOptions } from '../cluster/localCluster.ts'
import { segmentsService } from '../cluster/segments/segmentsService.ts'
import type { Channel } from '../contract/channel.ts'
import { LOCAL_CLUSTER } from '../contract/common.ts'
import { contract, type Bridge } from '../contract/contract.ts'
import { nodeEnv } from '../env/node/env.ts'
import { nodeProcesses } from '../env/node/processes.ts'
import { openSeriesStore } from '../env/node/seriesStore.ts'
import { AuditFile } from './auditFile.ts'
import { type AskForPath, hostExportFiles } from './exportFiles.ts'
import { removeHostFile, writeHostFile } from './hostFile.ts'
import { ReadOnlyClusters } from './readOnlyClusters.ts'
import { saltPassword } from './saltPassword.ts'
import { fetchRegistry } from './schemas/fetchRegistry.ts'
import { nodeSchemaFiles } from './schemas/nodeSchemaFiles.ts'
import { SchemaSettingsFile } from './schemas/schemaSettingsFile.ts'
import { readOnlyFiles } from './readOnlyFiles.ts'
import { checkInThread } from './segments/checkInThread.ts'
import { nodeSearchWorkers } from './search/nodeSearchWorkers.ts'
import { Downloads } from './web/downloads.ts'
import { WebFace } from './web/webFace.ts'
import { removalEntry } from './removalEntry.ts'
import { ThrottleFile } from './throttleFile.ts'
import about from '../../package.json' with { type: 'json' }

export interface HostOptions extends LocalClusterOptions {
  readonly kind: 'desktop' | 'web'
  /** Of the browser face, which the desktop has too: it is how the CLI speaks to the host. 0 takes a free one. */
  readonly webPort: number
  /** The built renderer; `undefined` where a development server shows the screens instead. */
  readonly files: string | undefined
  /** Asks the person where a file shall be, on hosts that have windows. */
  readonly askForPath?: AskForPath
  /** The browser face, when there is one already. The host closes it. */
  readonly face?: WebFace
  /** Called once the cluster was shut down on somebody's request, by the CLI or a screen. */
  readonly onShutdown: () => void
}

export const appVersion = about.version

/** One host process does the work of every face: the cluster, the admin client and the bridge over which screens and the CLI ask. */
export interface Host {
  readonly local: LocalCluster
  /** The browser face, with its key. */
  readonly url: string
  /** Whether it is ending: what fails from then on fails because of that. */
  readonly isClosing: boolean
  /** Serves the whole contract to one page. */
  serve(channel: Channel): void
  /** Stops the brokers in order, lets go of the folder. */
  close(): Promise<void>
}

export async function openHost(options: HostOptions): Promise<Host> {
  const env = nodeEnv()
  const processes = nodeProcesses()
  const local = await LocalCluster.open({ ...env, processes }, options)
  const searchWorkers = nodeSearchWorkers()
  // In the folder that this host holds, so that no other one writes to the same file.
  const store = openSeriesStore(join(options.directory, 'lag.db'))
  const downloads = options.face?.downloads ?? new Downloads()
  const changes = new AuditFile(join(appDirectory(), 'audit.ndjson'))
  const readOnly = new ReadOnlyClusters(join(options.directory, 'guard.json'), [LOCAL_CLUSTER])
  const admin = adminServices(env, {
    store,
    throttles: new ThrottleFile(join(options.directory, 'throttles.json')),
    mayChange: clusterId => !readOnly.has(clusterId),
    throttleRemoved: what => changes.append(removalEntry(what, env.clock.now())),
    searchWorkers,
    saltPassword,
    schemaSources: {
      http: fetchRegistry,
      files: nodeSchemaFiles,
      settings: new SchemaSettingsFile(join(options.directory, 'schemas.json')),
    },
    exportFiles: hostExportFiles(downloads, options.askForPath),
    filesOf: clusterId => (clusterId === LOCAL_CLUSTER ? { disk: env.disk, of: topic => local.replicaLogs(topic) } : undefined),
    bootstrapOf: clusterId =>
      clusterId === LOCAL_CLUSTER ? local.brokerIds.map(id => ({ host: '127.0.0.1', port: local.portOf(id) })) : undefined,
  })
  /** The host's own file goes while the folder is still held: the next host's must not be taken for it. */
  const close = async ({ deleteData }: { readonly deleteData: boolean }) => {
    if (deleteData && local.isClosing) throw new Error('The cluster is stopping already. Delete its data once it has stopped')
    try {
      await admin.close()
      searchWorkers.close()
    } finally {
      store.close()
      await local.close(async () => {
        await removeHostFile(options.directory)
        if (deleteData) await local.folder.remove()
      })
    }
  }
  const services: Bridge = {
    app: {
      info: async () => ({
        version: appVersion,
        host: options.kind,
        clusters: [{ clusterId: LOCAL_CLUSTER, name: 'Local cluster', kind: 'local', bootstrapServers: local.bootstrapServers }],
      }),
      startFailure: async () => null,
      startAgain: async () => null,
      async *readOnly(_input, signal) {
        const changed = latestOf<true>(signal)
        const stop = readOnly.onChange(() => changed.offer(true))
        try {
          yield readOnly.ids
          for await (const _ of changed) yield readOnly.ids
        } finally {
          stop()
        }
      },
      setReadOnly: async ({ clusterId, isReadOnly }) => readOnly.set(clusterId, isReadOnly),
    },
    cluster: clusterService(local, async how => {
      try {
        await close(how)
      } finally {
        options.onShutdown()
      }
    }),
    topics: admin.topics,
    messages: admin.messages,
    records: admin.records,
    groups: admin.groups,
    brokers: admin.brokers,
    security: admin.security,
    quorum: admin.quorum,
    reassignments: admin.reassignments,
    metadataLog: metadataLogService(env, local),
    audit: {
      list: async ({ limit }) => ({ ...(await changes.newest(limit)), file: changes.path, problem: changes.problem }),
    },
    search: admin.search,
    schemas: admin.schemas,
    segments: segmentsService({
      files: readOnlyFiles,
      verify: checkInThread,
      brokers: () => local.brokerDisks(),
      partitionOf: ({ topic, partition }) => local.snapshot().partitions.find(each => each.topic === topic && each.partition === partition),
    }),
  }
  const guardedServices = guarded(contract, services, clusterId => readOnly.has(clusterId))
  const served = audited(contract, guardedServices, env.clock, entry => changes.append(entry))
  const serve = (channel: Channel) => serveOver(contract, served, channel, toFailure)
  admin.watchGroups(LOCAL_CLUSTER)
  admin.watchThrottles(LOCAL_CLUSTER)
  let web = options.face
  try {
    web ??= await WebFace.open({ port: options.webPort, files: options.files, downloads }, processes)
    web.serveBy(serve)
    await writeHostFile(options.directory, { pid: process.pid, url: web.url, port: web.port, token: web.token })
  } catch (error) {
    if (options.face === undefined) await web?.close()
    await close({ deleteData: false })
    throw error
  }
  const { url } = web
  return {
    local,
    url,
    get isClosing() {
      return local.isClosing
    },
    serve,
    close: async () => {
      try {
        await close({ deleteData: false })
      } finally {
        await changes.written()
        await web.close() // last, so that whoever asked for the end hears of it
      }
    },
  }
}

/** Where the cluster lives when nobody says otherwise. */
export const defaultDirectory = () => join(appDirectory(), 'local')

/** What the app keeps, whichever cluster it is about: the system's place for a program's data. */
function appDirectory(): string {
  const home = homedir()
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'Trilog')
  if (process.platform === 'win32') return join(process.env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Trilog')
  return join(process.env.XDG_DATA_HOME ?? join(home, '.local', 'share'), 'trilog')
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
