import type { Logger } from '../../base/logger.ts'
import type { PartitionNews } from './partitionNews.ts'
import type { Uuid } from '../../base/uuid.ts'
import type { Clock } from '../../env/env.ts'
import type { IsrProposal } from './alterPartition.ts'
import type { Reader } from './fetchPlan.ts'
import type { FollowerView } from './replicaSelector.ts'
import type { ReplicationThrottle } from './replicationThrottle.ts'

/** What metadata says of a partition, copied at the moment it was said. */
export interface PartitionState {
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** -1 when there is none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
}

/** What a partition asks of the broker around it. */
export interface PartitionSurroundings {
  readonly brokerId: number
  readonly clock: Clock
  readonly maxLagMs: number
  readonly logger: Logger
  /** For what may happen to very many at once. */
  readonly news: Pick<PartitionNews, 'tell'>
  /** Whether a replica may be in sync: of a broker that is unfenced, not shutting down and of that epoch (-1 is any), in a log folder that works. */
  isEligible(partition: { readonly topicId: Uuid; readonly index: number }, replicaId: number, brokerEpoch: number): boolean
  /** The epoch under which a broker is registered; -1 when it is not. */
  brokerEpochOf(brokerId: number): number
  /** min.insync.replicas of the topic as configured. */
  minInsyncReplicas(topic: string): number
  /** Whether the controller has answered this broker lately: a leader that stood still may have been replaced without knowing. */
  isInTouch(): boolean
  propose(proposal: IsrProposal): void
  /** What holds back followers that are not in sync. */
  readonly throttle: Pick<ReplicationThrottle, 'holdsBack' | 'count'>
  /** Which of the followers that have what it asks for a consumer should rather read from; undefined is none. */
  preferredReplica(reader: Reader, leader: FollowerView, followers: () => readonly FollowerView[]): number | undefined
}
