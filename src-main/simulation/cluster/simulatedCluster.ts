import { BufferPool } from '../../base/bufferPool.ts'
import { ZERO_UUID } from '../../base/uuid.ts'
import { type Logger, silentLogger } from '../../base/logger.ts'
import type { PartitionStats } from '../../broker/replication/replicas.ts'
import type { Address } from '../../env/env.ts'
import { encodeMetaProperties, META_PROPERTIES_FILE } from '../../protocol/files/metaProperties.ts'
import { encodeQuorumState, QUORUM_STATE_FILE } from '../../protocol/files/quorumState.ts'
import type { AnyApi, RequestInput, ResponseOf } from '../../protocol/schema.ts'
import { brokerProperties, readServerConfig, type Voter, votersAmong } from '../../server/config.ts'
import { Server } from '../../server/server.ts'
import { KafkaConnection } from '../../wire/client.ts'
import { OVERWRITTEN } from '../simulatedNetwork.ts'
import { simulatedWorld, type World } from '../world.ts'

const CLUSTER_ID = 'simulatedClusterAAAAAA'
const CLIENT_PORT = 9092
const PEER_PORT = 9093
const METADATA_LOG = '/data/__cluster_metadata-0'
const NOTHING_PROMISED = { leaderId: -1, leaderEpoch: 0, votedId: -1, votedDirectoryId: ZERO_UUID }
/** Of ids. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

export interface ClusterScenario {
  readonly seed: number
  readonly brokers?: number
  /** By Kafka's names, on top of the dev profile. */
  readonly settings?: Readonly<Record<string, string>>
  /** What one broker alone has, as its rack. */
  readonly settingsOf?: (brokerId: number) => Readonly<Record<string, string>>
  /** Log folders of each broker, `/data`, `/data-2` and so on, all on its one disk. */
  readonly logDirs?: number
  /** For whoever has to understand a failing seed. */
  readonly logger?: (brokerId: number) => Logger
}

/** One broker of the simulated cluster; `server` is undefined while its process is down or still opens its folder. */
export interface SimulatedBroker {
  readonly id: number
  readonly name: string
  /** Whether there is a process, and whether it serves clients. */
  state: 'down' | 'starting' | 'up'
  server: Server | undefined
  /** What the process said before it ended by itself. */
  failure: Error | undefined
  /** How often its disk was destroyed. */
  wipes: number
}

/** Whole brokers, as a process would run them, in one seeded world. */
export class SimulatedCluster {
  readonly world: World
  readonly brokers: readonly SimulatedBroker[]
  /** Of each broker; the first has the metadata log. */
  readonly logDirs: readonly string[]
  readonly #seed: number
  readonly #settings: (brokerId: number) => Readonly<Record<string, string>>
  readonly #logger: (brokerId: number) => Logger
  readonly #connections = new Map<number, KafkaConnection>()

  constructor({ seed, brokers = 3, settings = {}, settingsOf = () => ({}), logDirs = 1, logger = () => silentLogger }: ClusterScenario) {
    this.logDirs = Array.from({ length: logDirs }, (_, index) => (index === 0 ? '/data' : `/data-${index + 1}`))
    this.#logger = logger
    this.world = simulatedWorld(seed)
    this.#seed = seed
    this.#settings = brokerId => ({ ...settings, ...settingsOf(brokerId) })
    this.brokers = Array.from({ length: brokers }, (_, index) => ({
      id: index + 1,
      name: `broker${index + 1}`,
      state: 'down',
      server: undefined,
      failure: undefined,
      wipes: 0,
    }))
  }

  get #voters(): readonly Voter[] {
    return votersAmong(this.brokers.map(({ id, name }) => ({ id, ...addressOf(name, PEER_PORT) })))
  }

  broker(id: number): SimulatedBroker {
    const broker = this.brokers[id - 1]
    if (broker === undefined) throw new RangeError(`there is no broker ${id}`)
    return broker
  }

  /** Starts all brokers and resolves when every one is unfenced and serves clients. */
  async start(): Promise<void> {
    await Promise.all(this.brokers.map(({ id }) => this.startBroker(id)))
  }

  /** Starts a broker on the disk it has, and waits until it is unfenced and serves clients. */
  async startBroker(id: number): Promise<void> {
    const broker = this.broker(id)
    broker.state = 'starting'
    const env = this.world.env(broker.name)
    const file = `/data/${META_PROPERTIES_FILE}`
    if ((await env.disk.stat(file)) === undefined) {
      await env.disk.makeDirectory('/data')
      const directoryId = `${LETTERS[id]}${LETTERS[broker.wipes % LETTERS.length]}AAAAAAAAAAAAAAAAAAAA`
      // Who is new has promised nothing; who was wiped cannot know.
      if (broker.wipes === 0 && this.#voters.some(voter => voter.id === id)) {
        await env.disk.makeDirectory(METADATA_LOG)
        await env.disk.replaceFile(`${METADATA_LOG}/${QUORUM_STATE_FILE}`, encodeQuorumState(NOTHING_PROMISED))
      }
      await env.disk.replaceFile(file, encodeMetaProperties({ version: 1, clusterId: CLUSTER_ID, nodeId: id, directoryId }))
    }
    const config = readServerConfig(
      brokerProperties({
        nodeId: id,
        directories: this.logDirs,
        client: addressOf(broker.name, CLIENT_PORT),
        peer: addressOf(broker.name, PEER_PORT),
        voters: this.#voters,
        profile: 'dev',
        settings: this.#settings(id),
      }),
    )
    broker.failure = undefined
    const server = await Server.start(env, {
      config,
      // Some worlds read everything from the disk.
      ...(this.#seed % 3 === 0 && { recentBytes: 0 }),
      memory: new BufferPool({ smallestBytes: 64, onGiveBack: buffer => buffer.fill(OVERWRITTEN) }),
      logger: this.#logger(id),
      listeners: {
        failed: cause => {
          broker.failure = cause
          this.kill(id)
        },
      },
    })
    broker.server = server
    await new Promise<void>(resolve => {
      server.lifecycle.onStanding(standing => {
        if (standing === 'unfenced') resolve()
      })
      if (server.lifecycle.standing === 'unfenced') resolve()
    })
    await server.serveClients()
    broker.state = 'up'
  }

  /** As `kill -9`; with `power` also what was not synced goes, and with `silently` nobody hears of it. */
  kill(id: number, { power = false, silently = false } = {}): void {
    const broker = this.broker(id)
    this.world.crash(broker.name, { loseUnsynced: power, silently })
    broker.server = undefined
    broker.state = 'down'
    this.#connections.delete(id)
  }

  /** Destroys the disk of a broker that is down. */
  wipe(id: number): void {
    const broker = this.broker(id)
    broker.wipes++
    this.world.disk(broker.name).wipe()
  }

  /** A clean stop. */
  async stopBroker(id: number): Promise<void> {
    const broker = this.broker(id)
    await broker.server?.stop({ handOver: true })
    this.kill(id)
  }

  /** A client process's connection to one broker; the caller closes it. */
  connect(id: number, client = 'client'): Promise<KafkaConnection> {
    return KafkaConnection.open(this.world.env(client), addressOf(this.broker(id).name, CLIENT_PORT), {
      clientId: 'simulated-client',
      connectTimeoutMs: 1000,
      requestTimeoutMs: 30_000,
      negotiate: true,
    })
  }

  /** A client's request to one broker, over the one connection that is kept for this. */
  async ask<A extends AnyApi>(id: number, api: A, request: RequestInput<A>, options: { timeoutMs?: number } = {}): Promise<ResponseOf<A>> {
    let connection = this.#connections.get(id)
    if (connection?.isOpen !== true) {
      connection = await this.connect(id)
      this.#connections.set(id, connection)
    }
    return connection.send(api, request, options)
  }

  /** What the brokers that are up say of a partition. */
  replicasOf(topic: string, partition: number): (PartitionStats & { id: number })[] {
    return this.brokers.flatMap(({ id, server }) => {
      const stats = server?.replicas.stats().find(each => each.topic === topic && each.partition === partition)
      return stats === undefined ? [] : [{ id, ...stats }]
    })
  }

  leaderOf(topic: string, partition: number): number | undefined {
    return this.replicasOf(topic, partition).find(each => each.isLeader)?.id
  }

  /** Whether every broker serves clients and knows the same metadata, in which every partition is led and has all its replicas in sync. */
  get isInSync(): boolean {
    const servers = this.brokers.flatMap(({ state, server }) => (state === 'up' && server !== undefined ? [server] : []))
    const [first] = servers
    if (first === undefined || servers.length < this.brokers.length) return false
    const { image } = first.metadata
    if (servers.some(({ metadata }) => metadata.image.lastAppliedOffset !== image.lastAppliedOffset)) return false
    for (const { topicId, partitions } of image.topicsById.values()) {
      for (const { partition, leader, isr, replicas } of partitions) {
        const led = servers.find(({ nodeId }) => nodeId === leader)?.replicas.findById(topicId, partition)
        if (led === undefined || typeof led === 'string' || !led.isLeader) return false
        if (isr.length < replicas.length || led.inSyncReplicas.length < replicas.length) return false
      }
    }
    return true
  }

  close(): void {
    this.world.close()
  }
}

function addressOf(host: string, port: number): Address {
  return { host, port }
}
