import type { PartitionLog } from '../storage/partitionLog.ts'
import type { Epoch, LogView } from './state.ts'

/** What the quorum needs of the log of `__cluster_metadata-0`. */
export type QuorumLog = Pick<
  PartitionLog,
  | 'logEndOffset'
  | 'latestEpoch'
  | 'endOffsetFor'
  | 'startEpoch'
  | 'append'
  | 'appendAsFollower'
  | 'advanceHighWatermark'
  | 'read'
  | 'truncateTo'
  | 'flush'
  | 'onFull'
  | 'stopWaiting'
>

/** The log as `step` looks at it. */
export class QuorumLogView implements LogView {
  readonly #log: QuorumLog

  constructor(log: QuorumLog) {
    this.#log = log
  }

  get endOffset(): number {
    return this.#log.logEndOffset
  }

  /** An epoch that was begun but has no record yet says nothing about how much a log holds: it must not win a vote. */
  get lastEpoch(): Epoch {
    const { logEndOffset } = this.#log
    if (logEndOffset === 0) return 0
    let epoch = this.#log.latestEpoch ?? 0
    for (;;) {
      const before = this.#log.endOffsetFor(epoch - 1)
      // The epoch before ends where this one starts.
      if (before.epoch === -1 || before.endOffset < logEndOffset) return epoch
      epoch = before.epoch
    }
  }

  endOffsetFor(epoch: Epoch): { readonly epoch: Epoch; readonly endOffset: number } {
    return this.#log.endOffsetFor(epoch)
  }
}
