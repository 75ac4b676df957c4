import type { LinkFault } from '../env/faults/linkFaults.ts'

/** What the supervisor says to a broker process through its control channel. When the channel closes, the broker stops without handing over. */
export type ToBroker =
  /** Stop in order. With `handOver` its leaderships go to other brokers first; without, because those are stopping too. */
  | { readonly type: 'stop'; readonly handOver: boolean }
  /** Do this to the network from now on, and nothing else: what is not listed is healed. */
  | { readonly type: 'faults'; readonly links: readonly BrokerLinkFaults[] }

/** What a broker does to all that it sends to one other end, and to all that it receives from there. */
export interface BrokerLinkFaults {
  readonly to: LinkEnd
  readonly out?: LinkFault
  readonly in?: LinkFault
}

/** `host` and `port` are where the other broker listens for its peers. */
export type LinkEnd = { readonly brokerId: number; readonly host: string; readonly port: number } | 'clients'

/** What a broker process says to its supervisor. Nothing the cluster's correctness rests on: it tells, and is told to stop. */
export type FromBroker =
  /** Both listeners accept connections. */
  | { readonly type: 'listening' }
  /** Unfenced and caught up: clients are served. */
  | { readonly type: 'ready'; readonly brokerEpoch: number }
  /** The start failed, or the process cannot go on; it ends next. */
  | { readonly type: 'failed'; readonly message: string }
  | QuorumTold
  | MetadataTold
  | StatsTold

export interface QuorumTold {
  readonly type: 'quorum'
  readonly atMs: number
  readonly epoch: number
  readonly leaderId: number | null
}

/** Committed metadata, as this broker applied it: everything once (`full`), then what each batch changed. */
export interface MetadataTold {
  readonly type: 'metadata'
  readonly full: boolean
  /** Offset of the last record this contains; every broker tells the same under the same offset. */
  readonly offset: number
  readonly atMs: number
  readonly partitions: readonly PartitionTold[]
  readonly deletedTopicIds: readonly string[]
  readonly brokers: readonly { readonly brokerId: number; readonly fenced: boolean }[]
}

export interface PartitionTold {
  readonly topicId: string
  readonly topic: string
  readonly partition: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** -1: none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
}

/** Totals since the process started; of `partitions` and `apis` only those that changed since the last time. */
export interface StatsTold {
  readonly type: 'stats'
  readonly atMs: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly requests: number
  readonly memoryBytes: number
  readonly cpuMs: number
  readonly partitions: readonly PartitionStats[]
  /** All of them, in the order of `log.dirs`. */
  readonly folders: readonly FolderStats[]
  readonly apis: readonly ApiStats[]
}

/** What was asked of one API, by clients or by other brokers. */
export interface ApiStats {
  readonly api: string
  readonly askedBy: 'clients' | 'brokers'
  readonly requests: number
  readonly errors: number
  /** Counts of `latencyBuckets` from this one on; the ones before and behind are empty. */
  readonly firstBucket: number
  readonly buckets: readonly number[]
}

export interface FolderStats {
  readonly path: string
  /** Why it is offline. */
  readonly failure: string | null
  readonly isFull: boolean
}

export interface PartitionStats {
  readonly topicId: string
  readonly partition: number
  /** Null, as what follows: the log could not be opened. */
  readonly logStartOffset: number | null
  readonly highWatermark: number | null
  readonly logEndOffset: number | null
  readonly sizeBytes: number | null
  /** Why the broker cannot serve its replica: the disk has failed, or what is on it is damaged. */
  readonly problem: string | null
}
