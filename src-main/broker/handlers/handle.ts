import type { BufferPool } from '../../base/bufferPool.ts'
import type { Clock } from '../../env/env.ts'
import type { MetadataImage } from '../../metadata/image.ts'
import type { Quorum } from '../../quorum/quorum.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import { type Call, handlerFor } from '../../wire/handler.ts'
import type { BrokerConfig } from '../brokerConfig.ts'
import type { ControllerLink } from '../controllerLink.ts'
import type { GroupCoordinators } from '../coordinators/group/groupCoordinator.ts'
import type { ProducerIds } from '../producerIds.ts'
import type { FetchSessions } from '../replication/fetchSessions.ts'
import type { Replicas } from '../replication/replicas.ts'
import type { TopicCreation } from '../topicCreation.ts'

/** What a call may do to a resource, in Kafka's names. */
export interface Resource {
  readonly type: 'topic' | 'group' | 'cluster' | 'transactionalId'
  readonly name: string
}

export type Operation = 'read' | 'write' | 'create' | 'delete' | 'alter' | 'describe' | 'clusterAction' | 'describeConfigs' | 'alterConfigs'

/** A folder with logs of this broker. */
export type LogFolder =
  | {
      readonly path: string
      readonly logs: readonly PartitionLog[]
      /** Of the volume it lies on. */
      space(): Promise<{ readonly totalBytes: number; readonly freeBytes: number }>
    }
  /** It is offline. */
  | { readonly path: string; readonly logs: undefined }

/** The parts of a broker that handlers ask. A handler takes what it needs and keeps nothing. */
export interface BrokerParts {
  readonly brokerId: number
  readonly clusterId: string
  readonly clock: Clock
  readonly config: BrokerConfig
  /** For what is read from logs into answers. */
  readonly memory: BufferPool
  /** What this broker knows of the cluster: committed, in order, perhaps behind. The same object for as long as nothing changed. */
  readonly metadata: () => MetadataImage
  /** Resolves as soon as the own metadata satisfies `reached`, with whether it did so in time: for answers that the next request relies on. */
  readonly metadataReaches: (reached: (image: MetadataImage) => boolean, withinMs: number) => Promise<boolean>
  readonly replicas: Replicas
  readonly logFolders: () => readonly LogFolder[]
  readonly fetchSessions: FetchSessions
  readonly groups: GroupCoordinators
  /** To the active controller, wherever it is. */
  readonly controllerLink: ControllerLink
  readonly producerIds: ProducerIds
  readonly topicCreation: TopicCreation
  readonly quorum: Quorum
  /** Always true while there is no authorizer. */
  readonly allowed: (call: Call, operation: Operation, resource: Resource) => boolean
}

/** Declares a handler of this broker: the request's and the answer's types follow from the API. */
export const handle = handlerFor<BrokerParts>()
