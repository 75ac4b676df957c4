import type { ErrorName } from '../../protocol/errors.ts'
import type { PartitionLog } from '../../storage/partitionLog.ts'
import type { EpochEnd } from './truncation.ts'

export interface FetchedPartition {
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
  readonly partitionMaxBytes: number
}

export interface Reader {
  /** The follower that fetches; undefined for consumers. */
  readonly replica: { readonly id: number; readonly brokerEpoch: number } | undefined
  readonly readCommitted: boolean
}

/** What a fetch from one partition comes to before anything is read. */
export type FetchPlan =
  | { readonly type: 'error'; readonly error: Exclude<ErrorName, 'NONE'> }
  | { readonly type: 'diverging'; readonly end: EpochEnd; readonly log: PartitionLog }
  | {
      readonly type: 'read'
      readonly from: number
      readonly upTo: number
      /** There is something to tell even without records: a follower gives up what the leader has given up. */
      readonly isLogStartNews: boolean
      readonly log: PartitionLog
    }
