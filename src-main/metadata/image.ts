import type { Uuid } from '../base/uuid.ts'
import { type ConfigResourceType, configKey, configResourceType } from './configResource.ts'

/** No broker leads: every in-sync replica is away. */
export const NO_LEADER = -1

/** Whether the partition's leader was elected from outside the in-sync replicas and has not made itself consistent yet (KIP-704). */
export const leaderRecoveryState = { RECOVERED: 0, RECOVERING: 1 } as const

/** One partition as the controller decided it. Never changed: a new one takes its place. */
export interface PartitionImage {
  readonly partition: number
  /** In order of preference; the first is the preferred leader. */
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** `NO_LEADER` when there is none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly leaderRecoveryState: number
  /** The log folder of each replica, in the order of `replicas` (KIP-858). */
  readonly directories: readonly Uuid[]
  readonly elr: readonly number[]
  readonly lastKnownElr: readonly number[]
}

/** A topic. Never changed: a new one takes its place. */
export interface TopicImage {
  readonly topicId: Uuid
  readonly name: string
  /** The index is the partition's number. */
  readonly partitions: readonly PartitionImage[]
}

export interface BrokerEndpoint {
  /** The listener. */
  readonly name: string
  readonly host: string
  readonly port: number
  /** 0 plaintext, 1 SSL, 2 SASL over plaintext, 3 SASL over SSL. */
  readonly securityProtocol: number
}

export interface BrokerFeature {
  readonly name: string
  readonly minSupportedVersion: number
  readonly maxSupportedVersion: number
}

/** A registered broker, alive or not. Never changed: a new one takes its place. */
export interface BrokerImage {
  readonly brokerId: number
  /** Offset of its registration in the metadata log. */
  readonly brokerEpoch: number
  /** New with every start of the process. */
  readonly incarnationId: Uuid
  readonly endpoints: readonly BrokerEndpoint[]
  readonly features: readonly BrokerFeature[]
  readonly rack: string | null
  /** Not to be asked for anything: new, away, or shut down. */
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  /** Ids of its log folders. */
  readonly directories: readonly Uuid[]
}

export interface ClientQuota {
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[]
  readonly values: ReadonlyMap<string, number>
}

export interface ScramCredential {
  readonly name: string
  /** 1 SHA-256, 2 SHA-512. */
  readonly mechanism: number
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
  readonly iterations: number
}

export interface AccessControlEntry {
  readonly id: Uuid
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

/**
 * What the records of the metadata log add up to. The maps change in place, through `applyRecords` and nothing else; what they hold never changes.
 * Whoever wants to keep a state takes a `clone`, which copies the maps only.
 */
export class MetadataImage {
  topicsById = new Map<Uuid, TopicImage>()
  topicsByName = new Map<string, TopicImage>()
  brokers = new Map<number, BrokerImage>()
  /** By `configKey`. Holds what was set; see `configDefinitions` for what holds when nothing was. */
  configs = new Map<string, ReadonlyMap<string, string>>()
  /** Finalized levels. */
  features = new Map<string, number>()
  /** By the entity's canonical text. */
  quotas = new Map<string, ClientQuota>()
  /** By mechanism and name. */
  scramCredentials = new Map<string, ScramCredential>()
  acls = new Map<Uuid, AccessControlEntry>()
  nextProducerId = 0
  /** -1 when nothing was applied. */
  lastAppliedOffset = -1
  lastAppliedEpoch = -1

  clone(): MetadataImage {
    const copy = new MetadataImage()
    copy.topicsById = new Map(this.topicsById)
    copy.topicsByName = new Map(this.topicsByName)
    copy.brokers = new Map(this.brokers)
    copy.configs = new Map(this.configs)
    copy.features = new Map(this.features)
    copy.quotas = new Map(this.quotas)
    copy.scramCredentials = new Map(this.scramCredentials)
    copy.acls = new Map(this.acls)
    copy.nextProducerId = this.nextProducerId
    copy.lastAppliedOffset = this.lastAppliedOffset
    copy.lastAppliedEpoch = this.lastAppliedEpoch
    return copy
  }

  partition(topicId: Uuid, partition: number): PartitionImage | undefined {
    return this.topicsById.get(topicId)?.partitions[partition]
  }

  /** Neither fenced nor leaving: may lead and join in-sync replicas. */
  isActive(brokerId: number): boolean {
    const broker = this.brokers.get(brokerId)
    return broker !== undefined && !broker.fenced && !broker.inControlledShutdown
  }

  /** Brokers that clients may be told of. */
  unfencedBrokers(): BrokerImage[] {
    return [...this.brokers.values()].filter(broker => !broker.fenced)
  }

  /** What was set for one resource; empty when nothing was. */
  configsOf(type: ConfigResourceType, name: string): ReadonlyMap<string, string> {
    return this.configs.get(configKey(type, name)) ?? NOTHING_SET
  }

  /** What was set for a topic. */
  topicConfigs(name: string): ReadonlyMap<string, string> {
    return this.configsOf(configResourceType.TOPIC, name)
  }
}

const NOTHING_SET: ReadonlyMap<string, string> = new Map()
