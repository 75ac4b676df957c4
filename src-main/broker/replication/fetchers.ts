import type { BufferPool } from '../../base/bufferPool.ts'
import type { Logger } from '../../base/logger.ts'
import type { Address, Env } from '../../env/env.ts'
import type { MetadataImage } from '../../metadata/image.ts'
import { PeerLink } from '../../wire/peerLink.ts'
import type { BrokerConfig } from '../brokerConfig.ts'
import { Fetcher } from './fetcher.ts'
import { RACK_AWARE_SELECTOR } from './replicaSelector.ts'
import type { Partition } from './partition.ts'
import type { ReplicationThrottle } from './replicationThrottle.ts'

/** The listener on which brokers talk to each other. */
export const PEER_LISTENER = 'CONTROLLER'

export interface FetchersOptions {
  readonly brokerId: number
  readonly clusterId: string
  readonly brokerEpoch: () => number
  readonly config: BrokerConfig
  readonly metadata: () => MetadataImage
  readonly throttle: ReplicationThrottle
  /** For what leaders answer. */
  readonly memory: BufferPool
  readonly logger: Logger
}

interface Followed {
  readonly address: Address
  /** Of the process at that address. */
  readonly brokerEpoch: number
  readonly fetcher: Fetcher
}

/** A fetcher for each broker that leads something of ours, made when the first such partition comes. */
export class Fetchers {
  readonly #env: Pick<Env, 'clock' | 'network'>
  readonly #options: FetchersOptions
  readonly #byLeader = new Map<number, Followed>()

  constructor(env: Pick<Env, 'clock' | 'network'>, options: FetchersOptions) {
    this.#env = env
    this.#options = options
  }

  /** Follows the leader of that partition; without one, or without its address, there is nothing to fetch yet. */
  add(partition: Partition): void {
    const leaderId = partition.followedLeader
    if (leaderId !== undefined && leaderId >= 0) this.#fetcherOf(leaderId)?.add(partition)
  }

  remove(partition: Partition): void {
    for (const { fetcher } of this.#byLeader.values()) fetcher.remove(partition)
  }

  /**
   * A broker registered or moved: those of `partitions` that it leads are fetched over new connections. Those to a process that lost its power may look
   * as if they were open, and what was asked over them waits until the time is over.
   */
  brokerChanged(brokerId: number, partitions: Iterable<Partition>): void {
    const known = this.#byLeader.get(brokerId)
    const address = this.#addressOf(brokerId)
    const isSameAddress = address?.host === known?.address.host && address?.port === known?.address.port
    if (address === undefined || (isSameAddress && this.#brokerEpochOf(brokerId) === known?.brokerEpoch)) return
    known?.fetcher.stop()
    this.#byLeader.delete(brokerId)
    for (const partition of partitions) if (partition.followedLeader === brokerId) this.add(partition)
  }

  stop(): void {
    for (const { fetcher } of this.#byLeader.values()) fetcher.stop()
  }

  #addressOf(brokerId: number): Address | undefined {
    const endpoint = this.#options
      .metadata()
      .brokers.get(brokerId)
      ?.endpoints.find(each => each.name === PEER_LISTENER)
    return endpoint === undefined ? undefined : { host: endpoint.host, port: endpoint.port }
  }

  #brokerEpochOf(brokerId: number): number {
    return this.#options.metadata().brokers.get(brokerId)?.brokerEpoch ?? -1
  }

  #fetcherOf(leaderId: number): Fetcher | undefined {
    const known = this.#byLeader.get(leaderId)
    if (known !== undefined) return known.fetcher
    const { brokerId, clusterId, config, brokerEpoch, throttle, memory, logger } = this.#options
    const address = this.#addressOf(leaderId)
    if (address === undefined) {
      logger.warn(`broker ${leaderId} leads but has no ${PEER_LISTENER} endpoint`)
      return undefined
    }
    const fetcher = new Fetcher(this.#env.clock, {
      clusterId,
      brokerId,
      leaderId,
      brokerEpoch,
      maxWaitMs: config.replicaFetchWaitMaxMs,
      minBytes: config.replicaFetchMinBytes,
      maxBytes: config.replicaFetchResponseMaxBytes,
      partitionMaxBytes: config.replicaFetchMaxBytes,
      backoffMs: config.replicaFetchBackoffMs,
      requestTimeoutMs: config.requestTimeoutMs,
      throttle,
      wantsHighWatermark: config.replicaSelectorClass === RACK_AWARE_SELECTOR,
      logger,
      connect: () => new PeerLink(this.#env, address, { clientId: `broker-${brokerId}-fetcher`, memory }),
    })
    this.#byLeader.set(leaderId, { address, brokerEpoch: this.#brokerEpochOf(leaderId), fetcher })
    return fetcher
  }
}
