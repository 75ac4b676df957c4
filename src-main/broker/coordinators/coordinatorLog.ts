import type { ErrorName } from '../../protocol/errors.ts'

/** The partition a coordinator keeps its truth in, as its leader sees it. */
export interface CoordinatorLog {
  /**
   * Resolves once the high watermark has passed the batch, or with the reason why that will not happen: refused before the append
   * (NOT_ENOUGH_REPLICAS, MESSAGE_TOO_LARGE), leadership lost (NOT_LEADER_OR_FOLLOWER), disk failed (KAFKA_STORAGE_ERROR).
   * Need not give up by itself: the coordinator has its own deadline. Base offset and leader epoch are the log's to fill in.
   */
  append(batch: Buffer): Promise<{ readonly error: ErrorName }>
  /** Resolves once the high watermark has reached what is now the log end offset, or with the reason why it will not. */
  committed(): Promise<{ readonly error: ErrorName }>
  /** Why an append would be refused at this moment, so that nothing need be decided in vain; `NONE` when it would not. */
  refusal(): ErrorName
  /** Gives every whole batch from the log start to the log end offset, in order. Rejects when the disk fails. */
  readAll(visit: (batch: Buffer) => void): Promise<void>
  readonly leaderEpoch: number
}
