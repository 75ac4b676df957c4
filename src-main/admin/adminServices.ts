import { networkFor } from '../connections/connectionProfile.ts'
import type { brokers } from '../contract/brokers.ts'
import type { groups } from '../contract/groups.ts'
import type { messages } from '../contract/messages.ts'
import type { quorum } from '../contract/quorum.ts'
import type { reassignments } from '../contract/reassignments.ts'
import type { records } from '../contract/records.ts'
import type { search } from '../contract/search.ts'
import type { Served } from '../contract/operations.ts'
import type { security } from '../contract/security.ts'
import type { topics } from '../contract/topics.ts'
import type { Address, Env } from '../env/env.ts'
import type { SeriesStore } from '../env/seriesStore.ts'
import { brokerServices } from './brokers.ts'
import { ClusterSession } from './clusterSession.ts'
import { GroupMonitor } from './groupMonitor.ts'
import { groupServices } from './groups.ts'
import { KafkaError } from './kafkaError.ts'
import { MemorySeriesStore } from './memorySeriesStore.ts'
import { messageServices } from './messages.ts'
import { quorumServices } from './quorum.ts'
import { memoryThrottleKeeper, type ThrottleKeeper } from './reassignments/keptThrottle.ts'
import { reassignmentServices } from './reassignments/reassignmentServices.ts'
import { type ThrottleRemoved, ThrottleWatch } from './reassignments/throttleWatch.ts'
import { encodersWith } from './records/encoders.ts'
import type { ExportFiles } from './records/exportFile.ts'
import { recordServices } from './records/recordServices.ts'
import type { ReplicaFiles } from './search/replicaFiles.ts'
import { searchServices } from './search/searchServices.ts'
import type { SearchWorkers } from './search/searchWorkers.ts'
import type { SaltPassword } from './security/scramUsers.ts'
import { securityServices } from './security/securityServices.ts'
import { noSchemaSources, schemaServices, type SchemaServices, type SchemaServicesOptions } from './schemas/schemaServices.ts'
import { topicServices } from './topics.ts'
import { UnknownCluster } from './unknownCluster.ts'

export interface AdminServices {
  readonly topics: Served<typeof topics>
  readonly messages: Served<typeof messages>
  readonly records: Served<typeof records>
  readonly groups: Served<typeof groups>
  readonly brokers: Served<typeof brokers>
  readonly security: Served<typeof security>
  readonly quorum: Served<typeof quorum>
  readonly reassignments: Served<typeof reassignments>
  /** From now on the groups of a cluster are looked at regularly, whether or not anybody asks. */
  watchGroups(clusterId: string): void
  /** What was throttled here, by this process or one before it, is taken away when its moves have ended. */
  watchThrottles(clusterId: string): void
  readonly search: Served<typeof search>
  readonly schemas: SchemaServices['schemas']
  /** What is under way fails; connections end. */
  close(): Promise<void>
}

export interface AdminServicesOptions {
  /** Where to ask first in that cluster; undefined when there is none of that name. May change over time. */
  bootstrapOf(clusterId: string): readonly Address[] | undefined
  /** Where the history of lag is kept, and closed by whoever opened it; without one it lasts as long as these services. */
  readonly store?: SeriesStore
  /** Without them nothing can be searched. */
  readonly searchWorkers?: SearchWorkers
  /** Without it no passwords can be set. */
  readonly saltPassword?: SaltPassword
  /** The ways to schemas; without them there are none. */
  readonly schemaSources?: SchemaServicesOptions
  /** Without them nothing can be exported. */
  readonly exportFiles?: ExportFiles
  /** Where throttles are remembered; without one as long as these services last. */
  readonly throttles?: ThrottleKeeper
  /** Told when a throttle was taken away because its moves have ended. */
  throttleRemoved?(what: ThrottleRemoved): void
  /** Whether that cluster may be changed now, without anybody asking for it at that moment. */
  mayChange?(clusterId: string): boolean
  /** Where the records of that cluster lie on this machine; undefined when its disks are elsewhere. */
  filesOf?(clusterId: string): ReplicaFiles | undefined
}

const noWorkers: SearchWorkers = {
  parallelism: 1,
  open: () => {
    throw new KafkaError('INVALID_REQUEST', 'There are no search workers here.')
  },
}

const noSalt: SaltPassword = () => {
  throw new KafkaError('INVALID_REQUEST', 'There is nothing here that salts passwords.')
}

const noFiles: ExportFiles = {
  open: async () => {
    throw new KafkaError('INVALID_REQUEST', 'There is nowhere to write files here.')
  },
}

/** What a person does to any cluster. Nothing is connected before it is asked for. */
export function adminServices(
  env: Pick<Env, 'clock' | 'random' | 'network'>,
  {
    bootstrapOf,
    store = new MemorySeriesStore(),
    searchWorkers = noWorkers,
    saltPassword = noSalt,
    schemaSources = noSchemaSources(),
    exportFiles = noFiles,
    throttles = memoryThrottleKeeper(),
    throttleRemoved = () => {},
    mayChange = () => true,
    filesOf = () => undefined,
  }: AdminServicesOptions,
): AdminServices {
  const sessions = new Map<string, { readonly addresses: string; readonly session: ClusterSession }>()
  let isClosed = false

  function sessionOf(clusterId: string): ClusterSession {
    const bootstrapServers = isClosed ? undefined : bootstrapOf(clusterId)
    if (bootstrapServers === undefined) throw new UnknownCluster(clusterId)
    const addresses = bootstrapServers.map(({ host, port }) => `${host}:${port}`).join()
    const known = sessions.get(clusterId)
    if (known?.addresses === addresses) return known.session
    known?.session.close()
    const network = networkFor({ bootstrapServers }, env)
    const session = new ClusterSession({ clock: env.clock, random: env.random, network }, { bootstrapServers })
    sessions.set(clusterId, { addresses, session })
    return session
  }

  const clientOf = (clusterId: string) => sessionOf(clusterId).client
  const schemas = schemaServices(env.clock, schemaSources)
  const monitors = new Map<string, GroupMonitor>()
  const monitorOf = (clusterId: string) => {
    const known = monitors.get(clusterId)
    if (known !== undefined) return known
    const client = () => clientOf(clusterId)
    client() // so that there are none of clusters that do not exist
    const monitor = new GroupMonitor(env.clock, { clusterId, client, store })
    monitors.set(clusterId, monitor)
    return monitor
  }
  const throttleWatches = new Map<string, ThrottleWatch>()
  const throttleWatchOf = (clusterId: string) => {
    const known = throttleWatches.get(clusterId)
    if (known !== undefined) return known
    const client = () => clientOf(clusterId)
    client() // so that there are none of clusters that do not exist
    const watch = new ThrottleWatch(env.clock, {
      clusterId,
      client,
      keeper: throttles,
      mayChange: () => mayChange(clusterId),
      removed: throttleRemoved,
    })
    throttleWatches.set(clusterId, watch)
    return watch
  }
  return {
    topics: topicServices(sessionOf),
    messages: messageServices(sessionOf, schemas.schemasOf),
    records: recordServices({
      clock: env.clock,
      random: env.random,
      workers: searchWorkers,
      files: exportFiles,
      sessionOf,
      schemasOf: schemas.schemasOf,
      encoders: encodersWith(schemas.writerOf),
    }),
    brokers: brokerServices(clientOf),
    security: securityServices(clientOf, saltPassword),
    quorum: quorumServices(clientOf),
    reassignments: reassignmentServices(clientOf, throttleWatchOf),
    groups: groupServices(clientOf, monitorOf),
    watchGroups: clusterId => monitorOf(clusterId).begin(),
    watchThrottles: clusterId => throttleWatchOf(clusterId).begin(),
    schemas: schemas.schemas,
    search: searchServices({ clock: env.clock, workers: searchWorkers, clientOf, filesOf, schemasOf: schemas.schemasOf }),
    close: async () => {
      isClosed = true
      for (const { session } of sessions.values()) session.close()
      sessions.clear()
      await Promise.all([...monitors.values(), ...throttleWatches.values()].map(each => each.close()))
    },
  }
}
