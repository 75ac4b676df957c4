import type { SnapshotId } from '../protocol/files/fileNames.ts'
import type { PartitionLog } from '../storage/partitionLog.ts'
import type { Epoch, LogView } from './state.ts'

/** What the quorum needs of the log of `__cluster_metadata-0`. */
export type QuorumLog = Pick<
  PartitionLog,
  | 'logStartOffset'
  | 'logEndOffset'
  | 'sizeInBytes'
  | 'latestEpoch'
  | 'endOffsetFor'
  | 'startEpoch'
  | 'append'
  | 'appendAsFollower'
  | 'advanceHighWatermark'
  | 'read'
  | 'truncateTo'
  | 'truncateFullyAndStartAt'
  | 'raiseLogStartOffset'
  | 'deleteOldSegments'
  | 'flush'
  | 'onFull'
  | 'stopWaiting'
>

/** The snapshots that stand for what the log had before its start. */
export interface SnapshotIds {
  readonly latest: SnapshotId | undefined
  endingAt(offset: number): SnapshotId | undefined
}

const NO_SNAPSHOTS: SnapshotIds = { latest: undefined, endingAt: () => undefined }

/** The log as `step` looks at it: one history, whether a snapshot stands for its beginning or not. */
export class QuorumLogView implements LogView {
  readonly #log: QuorumLog
  readonly #snapshots: SnapshotIds

  constructor(log: QuorumLog, snapshots = NO_SNAPSHOTS) {
    this.#log = log
    this.#snapshots = snapshots
  }

  get startOffset(): number {
    return this.#log.logStartOffset
  }

  get epochBeforeStart(): Epoch {
    return this.#snapshots.endingAt(this.startOffset)?.epoch ?? 0
  }

  get latestSnapshot(): SnapshotId | undefined {
    return this.#snapshots.latest
  }

  get endOffset(): number {
    return this.#log.logEndOffset
  }

  /** An epoch that was begun but has no record yet says nothing about how much a log holds: it must not win a vote. */
  get lastEpoch(): Epoch {
    const { logEndOffset, logStartOffset } = this.#log
    if (logEndOffset === logStartOffset) return this.epochBeforeStart
    let epoch = this.#log.latestEpoch ?? 0
    for (;;) {
      const before = this.#log.endOffsetFor(epoch - 1)
      // The epoch before ends where this one starts.
      if (before.epoch === -1 || before.endOffset < logEndOffset) return epoch
      epoch = before.epoch
    }
  }

  endOffsetFor(epoch: Epoch): { readonly epoch: Epoch; readonly endOffset: number } {
    const { logStartOffset, logEndOffset } = this.#log
    const known = this.#log.endOffsetFor(epoch)
    const before = this.#snapshots.endingAt(logStartOffset)?.epoch
    if (before === undefined || epoch < before) return known
    // The log itself does not know of the epoch before its start, unless some of its records are still there.
    if (known.epoch === -1) return epoch === before ? { epoch, endOffset: logEndOffset } : known
    return known.endOffset <= logStartOffset ? { epoch: before, endOffset: logStartOffset } : known
  }
}
