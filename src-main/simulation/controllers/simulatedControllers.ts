import { silentLogger } from '../../base/logger.ts'
import { randomUuid, UNASSIGNED_DIRECTORY, type Uuid } from '../../base/uuid.ts'
import { BrokerLifecycle } from '../../broker/brokerLifecycle.ts'
import { ControllerLink, type ControllerWhereabouts } from '../../broker/controllerLink.ts'
import { Controller } from '../../controller/controller.ts'
import { type ControllerConfig, controllerConfigOf } from '../../controller/controllerConfig.ts'
import { controllerHandlers } from '../../controller/handlers/index.ts'
import type { Address, Env } from '../../env/env.ts'
import { applyRecords } from '../../metadata/delta.ts'
import { MetadataImage, NO_LEADER, type PartitionImage } from '../../metadata/image.ts'
import { errorName } from '../../protocol/errors.ts'
import { AllocateProducerIds } from '../../protocol/messages/allocateProducerIds.ts'
import { AlterPartition } from '../../protocol/messages/alterPartition.ts'
import { AssignReplicasToDirs } from '../../protocol/messages/assignReplicasToDirs.ts'
import { CreateTopics } from '../../protocol/messages/createTopics.ts'
import { Fetch } from '../../protocol/messages/fetch.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../../protocol/schema.ts'
import { quorumHandlers } from '../../quorum/handlers/index.ts'
import { defaultQuorumConfig, Quorum } from '../../quorum/quorum.ts'
import { bind, byApiKey, handlerFor } from '../../wire/handler.ts'
import { PeerLink } from '../../wire/peerLink.ts'
import { serve } from '../../wire/serve.ts'
import { type LogMedium, losePower, MemoryLog } from '../quorum/memoryLog.ts'
import { simulatedWorld, type World } from '../world.ts'
import { CommittedMetadata, textOf } from './committedMetadata.ts'
import { Operator } from './operator.ts'

const CLUSTER_ID = 'simulatedControllersAA'
const SESSION_MS = 2_000
/** With two in-sync replicas asked for, of three, one that stays can be too few: then there are eligible leader replicas. */
const STATIC_CONFIGS = new Map([
  ['broker.session.timeout.ms', String(SESSION_MS)],
  ['min.insync.replicas', '2'],
])
const HEARTBEAT_MS = 300
/** How often a leader looks for replicas that should be in sync. */
const PROPOSAL_MS = 150

interface Process {
  readonly env: Env
  readonly quorum: Quorum
  readonly image: MetadataImage
  readonly controller: Controller
  readonly lifecycle: BrokerLifecycle
  readonly link: ControllerLink
  /** Ids of its log folders. */
  readonly folders: readonly Uuid[]
  /** Those that failed in this life. */
  readonly failed: Set<Uuid>
}

interface Node {
  readonly id: number
  readonly name: string
  readonly medium: LogMedium
  process: Process | undefined
  /** Under which epoch the process was registered that was stopped in good order; -1 when the last one was not. */
  cleanEpoch: number
}

/**
 * Processes with a voter, a controller and a broker each, which has no records: it registers with two log folders, says in which of them its replicas
 * are, heartbeats, asks for producer ids, and asks for every replica that is online to be in sync where it leads. All of it over the wire.
 */
export class SimulatedControllers {
  readonly world: World
  readonly nodes: readonly Node[]
  /** Names of topics whose creation was confirmed. */
  readonly created = new Set<string>()
  readonly #operator: Operator
  /** Starts of the blocks of producer ids that were given out. */
  readonly producerIds: number[] = []
  readonly #config: Partial<ControllerConfig>
  readonly #active = new Map<number, number>()
  readonly #committed = new CommittedMetadata(message => this.#violate(message))
  #violation: string | undefined
  #topics = 0

  constructor(size: number, { seed, config = {} }: { readonly seed: number; readonly config?: Partial<ControllerConfig> }) {
    this.world = simulatedWorld(seed)
    this.#operator = new Operator(this.world.random, { brokers: size, created: this.created })
    this.#config = config
    this.nodes = Array.from({ length: size }, (_, index) => ({
      id: index + 1,
      name: `node-${index + 1}`,
      medium: { batches: [], synced: 0, base: 0 },
      process: undefined,
      cleanEpoch: -1,
    }))
    this.world.always(() => this.#check())
  }

  /** What the operator was told to be done. */
  get confirmed(): Pick<Operator, 'deleted' | 'withQuota' | 'withCredential'> {
    return this.#operator
  }

  get addresses(): ReadonlyMap<number, Address> {
    return new Map(this.nodes.map(({ id, name }) => [id, { host: name, port: 29_092 }]))
  }

  async startAll(): Promise<void> {
    for (const { id } of this.nodes) await this.start(id)
  }

  async start(id: number): Promise<void> {
    const node = this.nodes[id - 1]!
    if (node.process === undefined) await this.world.settle(this.#launch(node))
  }

  async #launch(node: Node): Promise<void> {
    const { id, name, medium } = node
    const env = this.world.env(name)
    const addresses = this.addresses
    const folders = ['A', 'B'].map(letter => `folder${letter}OfNode${id}AAAAAAAA`)
    const [directoryId = ''] = folders
    await env.disk.makeDirectory('/data')
    const links = new Map([...addresses].map(([peer, to]) => [peer, peerLinks(env, to)]))
    const quorum = new Quorum(env, {
      nodeId: id,
      clusterId: CLUSTER_ID,
      directoryId,
      voters: addresses,
      log: new MemoryLog(env, medium),
      directory: '/data',
      config: defaultQuorumConfig,
      send: <A extends AnyApi>(to: number, api: A, request: RequestInput<A>, timeoutMs: number): Promise<ResponseOf<A>> =>
        links.get(to)![(api as AnyApi) === Fetch ? 'fetches' : 'quick'].send(api, request, { timeoutMs }),
      logger: silentLogger,
      onFailure: cause => this.#violate(`${name} failed: ${cause.message}`),
    })
    const image = new MetadataImage()
    quorum.onCommitted(batch => {
      applyRecords(image, batch.records)
      image.lastAppliedOffset = batch.lastOffset
      this.#committed.apply(batch)
      if (image.lastAppliedOffset === this.#committed.image.lastAppliedOffset && textOf(image) !== textOf(this.#committed.image))
        this.#violate(`${name} does not know what the log says`)
    })
    const config = controllerConfigOf(CLUSTER_ID, STATIC_CONFIGS, this.#config)
    const incarnationId = randomUuid(count => env.random.bytes(count))
    const previousBrokerEpoch = node.cleanEpoch
    node.cleanEpoch = -1
    if (previousBrokerEpoch === -1) this.#committed.startedUncleanly(incarnationId)
    const controller = new Controller(env, { quorum, incarnationId, committed: () => image, config, logger: silentLogger })
    for (const [peer, { quick, fetches }] of links) {
      for (const link of [quick, fetches]) {
        link.onDisconnect(() => {
          controller.peerDisconnected(peer)
          quorum.peerDisconnected(peer)
        })
      }
    }
    const fetch = handlerFor<{ quorum: Quorum }>()(Fetch, request => quorum.fetchMetadata(request))
    const handlers = byApiKey([...bind([...quorumHandlers, fetch], { quorum }), ...bind(controllerHandlers, { controller })])
    await env.network.listen(addresses.get(id)!, connection => {
      serve(env, connection, {
        listener: 'CONTROLLER',
        handlers,
        maxRequestBytes: 10_000_000,
        maxPendingResponseBytes: 10_000_000,
        idleTimeoutMs: 600_000,
        log: silentLogger,
        onClose: ({ id: connectionId }) => controller.connectionClosed(connectionId),
      })
    })
    const whereabouts: ControllerWhereabouts = {
      address: () => (quorum.leaderId === undefined ? undefined : addresses.get(quorum.leaderId)),
      onChange: listen => quorum.onLeaderChange(listen),
    }
    const link = new ControllerLink(env, { clientId: name, whereabouts, requestTimeoutMs: 5_000, logger: silentLogger })
    const failed = new Set<Uuid>()
    const lifecycle = new BrokerLifecycle(env, {
      brokerId: id,
      clusterId: CLUSTER_ID,
      incarnationId,
      endpoints: [{ name: 'PLAINTEXT', ...addresses.get(id)!, securityProtocol: 0 }],
      rack: undefined,
      directoryIds: () => folders.filter(folder => !failed.has(folder)),
      previousBrokerEpoch,
      heartbeatIntervalMs: HEARTBEAT_MS,
      registrationTimeoutMs: 60_000,
      logDirFailureTimeoutMs: 30_000,
      whereabouts,
      metadataOffset: () => image.lastAppliedOffset,
      isReady: () => true,
      logger: silentLogger,
    })
    await quorum.start()
    lifecycle.start()
    const process = { env, quorum, image, controller, lifecycle, link, folders, failed }
    node.process = process
    this.#proposeForEver(id, process)
    this.#assignForEver(id, process)
  }

  /** One of the two log folders of a node fails, until its process starts again: two of them would be as good as a crash. */
  failFolder(id: number): void {
    const { process } = this.nodes[id - 1]!
    if (process === undefined || process.failed.size > 0) return
    process.failed.add(process.folders[this.world.random.below(2)]!)
    process.lifecycle.reportOffline([...process.failed])
  }

  /** Nodes that do without one of their log folders. */
  get damaged(): readonly number[] {
    return this.nodes.flatMap(({ id, process }) => ((process?.failed.size ?? 0) > 0 ? [id] : []))
  }

  crash(id: number, how: { readonly loseUnsynced?: boolean; readonly silently?: boolean } = {}): void {
    const node = this.nodes[id - 1]!
    this.world.crash(node.name, how)
    if (how.loseUnsynced === true) losePower(node.medium, bound => this.world.random.below(bound))
    node.process = undefined
  }

  /** Stops a node in good order, and does not wait: its broker hands over what it leads, and says with the next start that it ended cleanly. */
  stop(id: number): void {
    const node = this.nodes[id - 1]!
    const { process } = node
    if (process === undefined) return
    const stopped = async () => {
      await process.lifecycle.shutDown({ timeoutMs: 3_000, silenceMs: 1_000 })
      await process.quorum.stop()
      if (node.process !== process) return
      this.crash(id)
      node.cleanEpoch = process.lifecycle.brokerEpoch
    }
    void stopped()
  }

  /** Asks through the broker of a node, and does not wait. */
  createTopic(through: number, replicationFactor = 3): string {
    const name = `topic-${++this.#topics}`
    const request = { topics: [{ name, numPartitions: 3, replicationFactor, assignments: [], configs: [] }] }
    void this.#ask(through, CreateTopics, request, response => {
      const error = errorName(response.topics[0]!.errorCode)
      // A repeated request finds what the first one did, whose answer was lost.
      if (error === 'NONE' || error === 'TOPIC_ALREADY_EXISTS') this.created.add(name)
    })
    return name
  }

  /** An operator asks through the broker of a node for one of the many things there are, and does not wait. */
  administer(through: number): void {
    const { image } = this.nodes[through - 1]!.process ?? this.#committed
    void this.#operator.ask(image, (api, request, answered) => this.#ask(through, api, request, answered ?? (() => undefined)))
  }

  allocateProducerIds(through: number): void {
    const { process } = this.nodes[through - 1]!
    if (process === undefined) return
    const request = { brokerId: through, brokerEpoch: process.lifecycle.brokerEpoch }
    void this.#ask(through, AllocateProducerIds, request, ({ errorCode, producerIdStart }) => {
      if (errorCode === 0) this.producerIds.push(producerIdStart)
    })
  }

  async #ask<A extends AnyApi>(
    through: number,
    api: A,
    request: RequestInput<A>,
    answered: (response: ResponseOf<A>) => void,
  ): Promise<void> {
    const { process } = this.nodes[through - 1]!
    try {
      if (process !== undefined) answered(await process.link.send(api, request))
    } catch (problem) {
      // A request may fail; what it may not do is succeed and be forgotten.
      if ((problem as Error).name !== 'NetworkError') this.#violate(String(problem))
    }
  }

  #proposeForEver(id: number, process: Process): void {
    const { env, image, lifecycle } = process
    env.clock.after(PROPOSAL_MS, () => {
      const topics = [...image.topicsById.values()].flatMap(({ topicId, partitions }) => {
        const lacking = partitions.filter(partition => {
          const { leader, isr, replicas } = partition
          return leader === id && replicas.some(replica => image.isOnline(partition, replica) && !isr.includes(replica))
        })
        if (lacking.length === 0) return []
        const asked = lacking.map(partition => ({
          partitionIndex: partition.partition,
          leaderEpoch: partition.leaderEpoch,
          partitionEpoch: partition.partitionEpoch,
          newIsrWithEpochs: partition.replicas
            .filter(replica => partition.isr.includes(replica) || image.isOnline(partition, replica))
            .map(brokerId => ({ brokerId, brokerEpoch: image.brokers.get(brokerId)!.brokerEpoch })),
        }))
        return [{ topicId, partitions: asked }]
      })
      const request = { brokerId: id, brokerEpoch: lifecycle.brokerEpoch, topics }
      const proposed = topics.length > 0 ? this.#ask(id, AlterPartition, request, () => undefined) : Promise.resolve()
      void proposed.then(() => this.#proposeForEver(id, process))
    })
  }

  /** Replicas that are nowhere yet go into a folder that works, and stay there. */
  #assignForEver(id: number, process: Process): void {
    const { env, image, lifecycle, folders, failed } = process
    env.clock.after(PROPOSAL_MS, () => {
      const working = folders.filter(folder => !failed.has(folder))
      const directories = working.flatMap((folder, at) => {
        const topics = [...image.topicsById.values()].flatMap(({ topicId, partitions }) => {
          const here = partitions.filter(each => each.partition % working.length === at && folderOf(each, id) === UNASSIGNED_DIRECTORY)
          return here.length > 0 ? [{ topicId, partitions: here.map(({ partition }) => ({ partitionIndex: partition })) }] : []
        })
        return topics.length > 0 ? [{ id: folder, topics }] : []
      })
      const request = { brokerId: id, brokerEpoch: lifecycle.brokerEpoch, directories }
      const assigned = directories.length > 0 ? this.#ask(id, AssignReplicasToDirs, request, () => undefined) : Promise.resolve()
      void assigned.then(() => this.#assignForEver(id, process))
    })
  }

  get active(): Node | undefined {
    return this.nodes
      .filter(({ process }) => process?.controller.isActive === true)
      .sort((one, other) => other.process!.controller.activeEpoch! - one.process!.controller.activeEpoch!)[0]
  }

  /**
   * There is a controller, and every process that runs sees the same: every broker of a running process unfenced, each of their replicas in a known
   * folder and in sync unless that folder failed, and a leader everywhere.
   */
  get isWhole(): boolean {
    const up = this.nodes.flatMap(({ id, process }) => (process === undefined ? [] : [id]))
    const applied = new Set(this.nodes.flatMap(({ process }) => process?.image.lastAppliedOffset ?? []))
    if (this.active === undefined || applied.size > 1) return false
    return this.nodes.every(({ process }) => {
      if (process === undefined) return true
      const { image } = process
      if (!up.every(id => image.isActive(id))) return false
      const isInPlace = (partition: PartitionImage, replica: number) => {
        const isUp = up.includes(replica)
        const folder = folderOf(partition, replica)
        const works = this.nodes[replica - 1]!.process?.failed.has(folder) === false
        return partition.isr.includes(replica) === (isUp && works) && !(isUp && folder === UNASSIGNED_DIRECTORY)
      }
      return [...image.topicsById.values()].every(({ partitions }) =>
        partitions.every(each => each.leader !== NO_LEADER && each.replicas.every(replica => isInPlace(each, replica))),
      )
    })
  }

  #violate(message: string): void {
    this.#violation ??= message
  }

  #check(): void {
    if (this.#violation !== undefined) throw new Error(this.#violation)
    for (const { id, process } of this.nodes) {
      const epoch = process?.controller.activeEpoch
      if (epoch === undefined) continue
      const other = this.#active.get(epoch) ?? id
      if (other !== id) throw new Error(`nodes ${other} and ${id} both decide in epoch ${epoch}`)
      this.#active.set(epoch, id)
    }
    if (new Set(this.producerIds).size !== this.producerIds.length)
      throw new Error(`producer ids were given out twice: ${this.producerIds.join()}`)
  }
}

function folderOf({ replicas, directories }: PartitionImage, brokerId: number): Uuid {
  return directories[replicas.indexOf(brokerId)]!
}

function peerLinks(env: Env, to: Address) {
  return { quick: new PeerLink(env, to, { clientId: 'voter' }), fetches: new PeerLink(env, to, { clientId: 'voter-fetch' }) }
}
