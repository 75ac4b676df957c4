import { LOST_DIRECTORY, MIGRATING_DIRECTORY, UNASSIGNED_DIRECTORY, type Uuid } from '../base/uuid.ts'
import { type ConfigResourceType, configKey, configResourceType } from './configResource.ts'
import { ELIGIBLE_LEADERS_FEATURE } from './features.ts'

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
  /** Not in sync any more, and have all that is committed all the same: they may lead when nobody is in sync (KIP-966). */
  readonly elr: readonly number[]
  /** Who led when the last replica left `isr`, while there is no leader: it may have to do when nobody is left who surely has everything. */
  readonly lastKnownElr: readonly number[]
}

/** Of a partition, where its replicas are. */
export type Placement = Pick<PartitionImage, 'replicas' | 'directories'>

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
  /** Ids of its log folders that work, as far as the controller has heard. Empty is not known: another Kafka may have left it so. */
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

/** The key of a credential in `MetadataImage.scramCredentials`. */
export function scramCredentialKey({ mechanism, name }: Pick<ScramCredential, 'mechanism' | 'name'>): string {
  return `${mechanism}:${name}`
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
  /** By `scramCredentialKey`. */
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

  /** Whether partitions have eligible leader replicas, and may be without in-sync ones (KIP-966). */
  get hasEligibleLeaders(): boolean {
    return (this.features.get(ELIGIBLE_LEADERS_FEATURE) ?? 0) > 0
  }

  partition(topicId: Uuid, partition: number): PartitionImage | undefined {
    return this.topicsById.get(topicId)?.partitions[partition]
  }

  /** Neither fenced nor leaving: may lead and join in-sync replicas. */
  isActive(brokerId: number): boolean {
    const broker = this.brokers.get(brokerId)
    return broker !== undefined && !broker.fenced && !broker.inControlledShutdown
  }

  /**
   * Whether a log folder of a broker works (KIP-858). A folder that is not known yet counts as one that does: a replica is not offline for being
   * new. Any id that is not among the broker's own, such as that of a folder that failed or was wiped, does not.
   */
  isOnlineDirectory(brokerId: number, directory: Uuid): boolean {
    if (directory === UNASSIGNED_DIRECTORY || directory === MIGRATING_DIRECTORY) return true
    const broker = this.brokers.get(brokerId)
    if (broker === undefined || directory === LOST_DIRECTORY) return false
    return broker.directories.length === 0 || broker.directories.includes(directory)
  }

  /** Whether the log folder of a broker's replica works; no if the broker is no replica. Says nothing of the broker: see `isOnline`. */
  hasOnlineDirectory({ replicas, directories }: Placement, brokerId: number): boolean {
    const directory = directories[replicas.indexOf(brokerId)]
    return directory !== undefined && this.isOnlineDirectory(brokerId, directory)
  }

  /** Whether a replica may lead and join in-sync replicas: its broker is active, and its log folder works. */
  isOnline(partition: Placement, brokerId: number): boolean {
    return this.isActive(brokerId) && this.hasOnlineDirectory(partition, brokerId)
  }

  /** Where a replica that is new on a broker will be: with one log folder there is no choice; with more, the broker says itself where it put it. */
  directoryOfNewReplica(brokerId: number): Uuid {
    const [only, ...others] = this.brokers.get(brokerId)?.directories ?? []
    return only === undefined || others.length > 0 ? UNASSIGNED_DIRECTORY : only
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
