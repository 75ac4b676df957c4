import type { ErrorName } from '../../protocol/errors.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import type { EpochEnd } from './truncation.ts'

export interface FetchedPartition {
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
  /** What a follower knows of it (KIP-1166); it is answered at once when there is a higher one. */
  readonly highWatermark: number
  readonly partitionMaxBytes: number
}

export interface Reader {
  /** The follower that fetches; undefined for consumers. */
  readonly replica: { readonly id: number; readonly brokerEpoch: number } | undefined
  /** Where a consumer stands (KIP-392), and the listener over which it reaches brokers; '' when it does not say: then it wants the leader. */
  readonly rackId: string
  readonly listener: string
  readonly readCommitted: boolean
}

/** What a fetch from one partition comes to before anything is read. */
export type FetchPlan =
  | { readonly type: 'error'; readonly error: Exclude<ErrorName, 'NONE'> }
  | { readonly type: 'diverging'; readonly end: EpochEnd; readonly log: PartitionLog }
  /** A replica near the consumer has it too (KIP-392). */
  | { readonly type: 'elsewhere'; readonly preferredReadReplica: number; readonly log: PartitionLog }
  | {
      readonly type: 'read'
      readonly from: number
      readonly upTo: number
      /** There is something to tell even without records: a follower gives up what the leader has given up, and shows what is committed. */
      readonly hasNews: boolean
      readonly log: PartitionLog
    }
