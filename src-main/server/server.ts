import { join } from 'node:path'
import { BufferPool } from '../base/bufferPool.ts'
import type { Logger } from '../base/logger.ts'
import { METADATA_TOPIC_ID, randomUuid, type Uuid } from '../base/uuid.ts'
import { brokerConfigOf, type BrokerConfig } from '../broker/brokerConfig.ts'
import { BrokerLifecycle } from '../broker/brokerLifecycle.ts'
import { BrokerMetadata } from '../broker/brokerMetadata.ts'
import { ControllerLink, type ControllerWhereabouts } from '../broker/controllerLink.ts'
import { GroupCoordinators, OFFSETS_TOPIC } from '../broker/coordinators/group/groupCoordinator.ts'
import type { BrokerParts, LogFolder } from '../broker/handlers/handle.ts'
import { clientHandlers, peerHandlers } from '../broker/handlers/index.ts'
import { BrokerListener } from '../broker/network/brokerListener.ts'
import { ProducerIds } from '../broker/producerIds.ts'
import { FetchSessions } from '../broker/replication/fetchSessions.ts'
import { PartitionCoordinatorLog } from '../broker/replication/partitionCoordinatorLog.ts'
import { Replicas } from '../broker/replication/replicas.ts'
import { TopicCreation } from '../broker/topicCreation.ts'
import { Controller } from '../controller/controller.ts'
import { controllerConfigOf } from '../controller/controllerConfig.ts'
import { controllerHandlers } from '../controller/handlers/index.ts'
import type { Address, Env } from '../env/env.ts'
import { recordsOf } from '../metadata/snapshot.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../protocol/schema.ts'
import { decodeMetaProperties } from '../protocol/files/metaProperties.ts'
import { quorumHandlers } from '../quorum/handlers/index.ts'
import { Quorum } from '../quorum/quorum.ts'
import { LogDirectories, type LogDirectoriesOptions, type LogFolderState } from '../storage/logDirectories.ts'
import { isOutOfSpace } from '../storage/outOfSpace.ts'
import type { PartitionLog } from '../storage/partitionLog.ts'
import { bind, type BoundHandler } from '../wire/handler.ts'
import { PeerLink } from '../wire/peerLink.ts'
import { RequestCounts } from '../wire/requestCounts.ts'
import type { WireStats } from '../wire/serve.ts'
import { CLIENT_LISTENER, PEER_LISTENER, type ServerConfig } from './config.ts'
import { groupConfigOf, metadataLogConfigOf, quorumConfigOf } from './partConfigs.ts'

const METADATA_TOPIC = '__cluster_metadata'
const PLAINTEXT_PROTOCOL = 0
/** How long a stopping broker waits for the controller to move its leaderships. */
const CONTROLLED_SHUTDOWN_MS = 10_000
/** How long a broker whose disk has failed waits for it to take that down. */
const LAST_WORD_MS = 1_000

/** What the process around a broker hears of it. */
export interface ServerListeners {
  /** This broker cannot go on: a bug, the metadata disk or the last one, a cluster that refuses it. The process should end. */
  readonly failed: (cause: Error) => void
}

export interface ServerOptions extends Pick<LogDirectoriesOptions, 'recentBytes'> {
  readonly config: ServerConfig
  readonly logger: Logger
  readonly listeners: ServerListeners
  /** For what passes through in bulk; one of its own unless given. */
  readonly memory?: BufferPool
}

/**
 * One broker process: a voter of the metadata quorum or an observer of it, a controller while it leads that quorum, and a broker. Puts the parts together, starts them from
 * the ground up and stops them in reverse; decides nothing itself.
 */
export class Server {
  readonly quorum: Quorum
  readonly metadata: BrokerMetadata
  readonly replicas: Replicas
  readonly lifecycle: BrokerLifecycle
  /** What clients send and get. What brokers say to each other is counted apart: an idle cluster shall look idle. */
  readonly wireStats = { requests: 0, refused: 0, bytesIn: 0, bytesOut: 0, byApi: new RequestCounts() } satisfies WireStats
  readonly peerStats = { requests: 0, refused: 0, bytesIn: 0, bytesOut: 0, byApi: new RequestCounts() } satisfies WireStats
  readonly #env: Env
  readonly #config: ServerConfig
  readonly #brokerConfig: BrokerConfig
  readonly #logger: Logger
  readonly #listeners: ServerListeners
  readonly #memory: BufferPool
  readonly #directories: LogDirectories
  readonly #metadataLog: PartitionLog
  readonly #controller: Controller
  readonly #groups: GroupCoordinators
  readonly #links: QuorumLinks
  readonly #controllerLinks: readonly ControllerLink[]
  readonly #incarnationId: Uuid
  readonly #clientHandlers: BoundHandler[]
  readonly #peerHandlers: BoundHandler[]
  readonly #opened: BrokerListener[] = []
  #isReady = false
  #isStopping = false

  private constructor(
    env: Env,
    made: ServerOptions & { readonly memory: BufferPool; readonly directories: LogDirectories; readonly metadataLog: PartitionLog },
  ) {
    const { config, logger, memory, directories, metadataLog } = made
    const { nodeId } = config
    const { clusterId, directoryId } = directories.metadata
    this.#env = env
    this.#config = config
    this.#logger = logger
    this.#listeners = made.listeners
    this.#memory = memory
    this.#directories = directories
    this.#metadataLog = metadataLog
    const brokerConfig = brokerConfigOf(config.values)
    this.#brokerConfig = brokerConfig
    this.#incarnationId = randomUuid(count => env.random.bytes(count))

    this.#links = new QuorumLinks(env, nodeId, config.voters)
    const quorum = new Quorum(env, {
      nodeId,
      clusterId,
      directoryId,
      voters: config.voters,
      log: metadataLog,
      directory: metadataLog.directory,
      config: quorumConfigOf(config.values),
      send: (to, api, request, timeoutMs) => this.#links.send(to, api, request, timeoutMs),
      state: () => recordsOf(this.metadata.image.clone()),
      logger: logger.child({ part: 'quorum' }),
      onFailure: cause => this.#quorumFailed(cause),
    })
    this.quorum = quorum
    // What the log says of earlier lives must not be acted on; the present begins with this life's own registration.
    const metadata = new BrokerMetadata(env.clock, {
      isPresent: image => image.brokers.get(nodeId)?.incarnationId === this.#incarnationId,
    })
    this.metadata = metadata
    quorum.onCommitted(batch => metadata.apply(batch))
    quorum.onSnapshot(snapshot => metadata.replace(snapshot))
    this.#controller = new Controller(env, {
      quorum,
      incarnationId: this.#incarnationId,
      committed: () => metadata.image,
      config: controllerConfigOf(clusterId, config.values),
      logger: logger.child({ part: 'controller' }),
    })
    this.#links.onDisconnect(peer => {
      this.#controller.peerDisconnected(peer)
      quorum.peerDisconnected(peer)
    })

    const whereabouts: ControllerWhereabouts = {
      address: () => (quorum.leaderId === undefined ? undefined : config.voters.get(quorum.leaderId)),
      onChange: listen => quorum.onLeaderChange(listen),
    }
    const linkTo = (purpose: string) =>
      new ControllerLink(env, {
        clientId: `broker-${nodeId}-${purpose}`,
        whereabouts,
        requestTimeoutMs: brokerConfig.requestTimeoutMs,
        logger,
      })
    const [adminLink, isrLink, idLink] = [linkTo('admin'), linkTo('isr'), linkTo('ids')]
    this.#controllerLinks = [adminLink, isrLink, idLink]

    this.lifecycle = new BrokerLifecycle(env, {
      brokerId: nodeId,
      clusterId,
      incarnationId: this.#incarnationId,
      endpoints: [
        { name: CLIENT_LISTENER, ...config.client, securityProtocol: PLAINTEXT_PROTOCOL },
        { name: PEER_LISTENER, ...config.peer, securityProtocol: PLAINTEXT_PROTOCOL },
      ],
      rack: brokerConfig.brokerRack,
      directoryIds: () => directories.directoryIds,
      previousBrokerEpoch: directories.previousBrokerEpoch,
      heartbeatIntervalMs: brokerConfig.brokerHeartbeatIntervalMs,
      registrationTimeoutMs: brokerConfig.initialBrokerRegistrationTimeoutMs,
      logDirFailureTimeoutMs: brokerConfig.logDirFailureTimeoutMs,
      whereabouts,
      metadataOffset: () => metadata.image.lastAppliedOffset,
      // Whoever replaces one disk after the other goes by who serves again, and a newcomer is still as good as lost to the quorum.
      isReady: () => this.#isReady && !quorum.isNewcomer,
      logger,
    })
    // Metadata may be faster than the answer to the registration. A fetch without an epoch would count for the next life of this broker, too (KIP-903).
    const brokerEpoch = () => {
      const registered = metadata.image.brokers.get(nodeId)
      return Math.max(this.lifecycle.brokerEpoch, registered?.incarnationId === this.#incarnationId ? registered.brokerEpoch : -1)
    }
    // A controller that was replaced without knowing answers the broker in its own process all the same.
    const isInTouch = () => this.lifecycle.isInTouch && quorum.isSureToLead
    let wasLeading = false
    quorum.onLeaderChange(({ leaderId }) => {
      if (wasLeading && leaderId !== nodeId) this.lifecycle.doubt()
      wasLeading = leaderId === nodeId
    })
    const replicas = new Replicas(env, {
      brokerId: nodeId,
      clusterId,
      config: brokerConfig,
      logDirectories: directories,
      metadata: () => metadata.image,
      brokerEpoch,
      controllerLink: isrLink,
      isInTouch,
      memory,
      logger: logger.child({ part: 'replication' }),
    })
    this.replicas = replicas
    // Without the metadata log, or without any folder, a broker has nothing to serve from: the others take over sooner when it ends. A folder that
    // fails besides takes its partitions offline, a log that is merely corrupt only itself, and the rest goes on.
    directories.onFailure((failed, cause) => {
      if (failed === directories.metadata || directories.online.length === 0) this.#end(cause)
      else this.lifecycle.reportOffline(directories.failedIds)
    })
    const topicCreation = new TopicCreation(adminLink, { config: brokerConfig, logger })
    this.#groups = new GroupCoordinators(env, {
      partitionCount: () => metadata.image.topicsByName.get(OFFSETS_TOPIC)?.partitions.length ?? 0,
      partition: index => {
        const partition = replicas.find(OFFSETS_TOPIC, index)
        if (typeof partition === 'string' || !partition.isLeader || partition.leaderEpoch === undefined) return undefined
        return new PartitionCoordinatorLog(partition, partition.leaderEpoch)
      },
      isInTouch,
      ensureTopic: () => topicCreation.ensure(OFFSETS_TOPIC),
      config: groupConfigOf(config.values),
      logger: logger.child({ part: 'groups' }),
    })
    replicas.onLeadershipChange(({ topic, index, leaderEpoch }) => {
      if (topic !== OFFSETS_TOPIC) return
      if (leaderEpoch === undefined) this.#groups.resign(index)
      else this.#groups.becomeLeader(index, leaderEpoch)
    })
    metadata.follow(
      image => {
        replicas.applyFirst(image).then(
          () => {
            this.#isReady = true
            this.lifecycle.hurry()
          },
          (cause: unknown) => this.#listeners.failed(asError(cause)),
        )
      },
      (image, delta) => {
        replicas.applyMetadata(image, delta)
        for (const { name, topicId } of delta.deletedTopics) this.#groups.onTopicDeleted({ name, topicId })
        this.lifecycle.hurry()
      },
    )

    const parts: BrokerParts = {
      brokerId: nodeId,
      clusterId,
      clock: env.clock,
      config: brokerConfig,
      memory,
      metadata: () => metadata.image,
      metadataReaches: (reached, withinMs) => metadata.reaches(reached, withinMs),
      replicas,
      logFolders: () => logFoldersOf(env, directories),
      fetchSessions: new FetchSessions(env, { slots: brokerConfig.maxIncrementalFetchSessionCacheSlots }),
      groups: this.#groups,
      controllerLink: adminLink,
      producerIds: new ProducerIds(idLink, { brokerId: nodeId, brokerEpoch }),
      topicCreation,
      quorum,
      allowed: () => true,
    }
    this.#clientHandlers = bind(clientHandlers, parts)
    this.#peerHandlers = [
      ...bind(quorumHandlers, { quorum }),
      ...bind(controllerHandlers, { controller: this.#controller }),
      ...bind(peerHandlers, parts),
    ]
  }

  /** Opens the folder and the port for peers, and takes part in the quorum. Resolves before the broker is registered. */
  static async start(env: Env, options: ServerOptions): Promise<Server> {
    const { config, logger, recentBytes, memory = new BufferPool() } = options
    const { nodeId, metadataDirectory } = config
    const { clusterId } = decodeMetaProperties(await readFormatted(env, metadataDirectory))
    const directories = await LogDirectories.open(env, config.directories, {
      clusterId,
      nodeId,
      metadataPath: metadataDirectory,
      log: logger,
      memory,
      ...(recentBytes !== undefined && { recentBytes }),
    })
    let server: Server | undefined
    try {
      const metadataLog = await directories.metadata.openLog(METADATA_TOPIC, 0, METADATA_TOPIC_ID, metadataLogConfigOf(config.values), {
        whenFull: 'wait',
      })
      server = new Server(env, { ...options, memory, directories, metadataLog })
      await server.#begin()
      return server
    } catch (error) {
      if (server === undefined) await directories.close(-1)
      else await server.stop({ handOver: false })
      throw error
    }
  }

  /** As the config has them. */
  get logFolders(): LogFolderState[] {
    return this.#directories.states
  }

  /** Called in the turn in which one goes offline. */
  onLogFolderFailure(listen: () => void): void {
    this.#directories.onFailure(listen)
  }

  get nodeId(): number {
    return this.#config.nodeId
  }

  /** Opens the port for clients. To be called once the broker is unfenced: who connects before would hear of a cluster without this broker. */
  async serveClients(): Promise<void> {
    this.#opened.push(await this.#listen(CLIENT_LISTENER, this.#config.client, this.#clientHandlers))
  }

  /**
   * Hands over leaderships where there is somebody to take them, lets connections and the quorum go, closes every log and leaves the mark of a
   * clean shutdown.
   */
  async stop({ handOver }: { readonly handOver: boolean }): Promise<void> {
    this.#isStopping = true
    const brokerEpoch = this.lifecycle.brokerEpoch
    if (handOver && this.#brokerConfig.controlledShutdownEnable) {
      const { electionTimeoutMs, fetchTimeoutMs } = quorumConfigOf(this.#config.values)
      // As long as it takes the others to miss the controller that was, and to elect another.
      await this.lifecycle.shutDown({ timeoutMs: CONTROLLED_SHUTDOWN_MS, silenceMs: fetchTimeoutMs + 2 * electionTimeoutMs })
    }
    this.lifecycle.stop()
    for (const listener of this.#opened.toReversed()) if (listener.address.port === this.#config.client.port) await listener.close()
    this.#groups.close()
    await this.replicas.stop()
    this.#controller.stop()
    await this.quorum.stop()
    for (const listener of this.#opened) await listener.close()
    for (const link of this.#controllerLinks) link.close()
    this.#links.close()
    await this.#directories.close(brokerEpoch)
  }

  /** Who is about to stop has no time to wait for space: that its metadata log is not complete, the next start mends. */
  #quorumFailed(cause: Error): void {
    const isForSpace = this.#metadataLog.isFull || isOutOfSpace(cause) || isOutOfSpace(cause.cause)
    if (this.#isStopping && isForSpace) this.#logger.warn('the disk is full: the quorum ends as it is', { cause })
    else this.#end(cause)
  }

  /** The next life must not trust a folder that has failed, so that it has to know which. */
  #end(cause: Error): void {
    let isOver = false
    const end = () => {
      if (!isOver) this.#listeners.failed(cause)
      isOver = true
    }
    this.#env.clock.after(LAST_WORD_MS, end)
    void this.#directories.failuresRemembered.then(end)
  }

  async #begin(): Promise<void> {
    this.#opened.push(await this.#listen(PEER_LISTENER, this.#config.peer, this.#peerHandlers))
    await this.quorum.start()
    this.replicas.start()
    this.lifecycle.start()
    this.lifecycle.ended.catch((cause: unknown) => this.#listeners.failed(asError(cause)))
  }

  #listen(name: string, at: Address, handlers: BoundHandler[]): Promise<BrokerListener> {
    return BrokerListener.open(this.#env, {
      name,
      at,
      handlers,
      config: this.#brokerConfig,
      // A voter whose connection closes is taken for gone, and between two elections nothing is asked on some of them.
      idleTimeoutMs: name === PEER_LISTENER ? Infinity : this.#brokerConfig.connectionsMaxIdleMs,
      logger: this.#logger.child({ listener: name }),
      memory: this.#memory,
      stats: name === CLIENT_LISTENER ? this.wireStats : this.peerStats,
      onConnectionClosed: connectionId => this.#controller.connectionClosed(connectionId),
    })
  }
}

/** A node's connections to the other voters: one for what is asked and answered at once, one for fetches, which may be long. */
class QuorumLinks {
  readonly #quick = new Map<number, PeerLink>()
  readonly #patient = new Map<number, PeerLink>()

  constructor(env: Pick<Env, 'clock' | 'network'>, nodeId: number, voters: ReadonlyMap<number, Address>) {
    for (const [id, address] of voters) {
      if (id === nodeId) continue
      this.#quick.set(id, new PeerLink(env, address, { clientId: `quorum-${nodeId}` }))
      this.#patient.set(id, new PeerLink(env, address, { clientId: `quorum-${nodeId}-fetch` }))
    }
  }

  send<A extends AnyApi>(to: number, api: A, request: RequestInput<A>, timeoutMs: number): Promise<ResponseOf<A>> {
    const link = (api.name === 'Fetch' || api.name === 'FetchSnapshot' ? this.#patient : this.#quick).get(to)
    if (link === undefined) return Promise.reject(new RangeError(`there is no voter ${to}`))
    return link.send(api, request, { timeoutMs })
  }

  onDisconnect(listen: (peer: number) => void): void {
    for (const links of [this.#quick, this.#patient]) for (const [peer, link] of links) link.onDisconnect(() => listen(peer))
  }

  close(): void {
    for (const links of [this.#quick, this.#patient]) for (const link of links.values()) link.close()
  }
}

function logFoldersOf({ disk }: Pick<Env, 'disk'>, directories: LogDirectories): LogFolder[] {
  const failed = directories.all.filter(each => each.failure !== undefined).map(each => each.path)
  return [
    ...directories.online.map(({ path, logs }) => ({ path, logs, space: () => disk.space(path) })),
    ...[...failed, ...directories.unopened.keys()].map(path => ({ path, logs: undefined })),
  ]
}

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error('the broker failed', { cause }))

/** A folder belongs to a cluster before a broker starts in it, so that one that was mounted by mistake is not filled with an empty replica. */
async function readFormatted(env: Pick<Env, 'disk'>, directory: string): Promise<Buffer> {
  const path = join(directory, 'meta.properties')
  if ((await env.disk.stat(path)) === undefined) throw new Error(`${directory} is not formatted: there is no meta.properties in it`)
  return env.disk.readFile(path)
}
