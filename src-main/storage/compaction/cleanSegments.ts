import type { Env } from '../../env/env.ts'
import type { ProducerSnapshotEntry } from '../../protocol/files/producerSnapshot.ts'
import type { FilePool } from '../filePool.ts'
import type { LogConfig } from '../logConfig.ts'
import type { Segment } from '../segment.ts'
import type { Throttle } from './throttle.ts'

/** A pass was given up: it was told to, or the log changed under it. What was swapped in until then is good; nothing else is left behind. */
export class CleaningAborted extends Error {
  override readonly name = 'CleaningAborted'
}

/** What one pass over a log works on. */
export interface CleaningJob {
  /**
   * All segments of the log, oldest first. Those below `firstUncleanableOffset` are cleaned, and must be complete; the transaction indexes of the
   * others tell what was aborted. None may be closed before `signal` is aborted.
   */
  readonly segments: readonly Segment[]
  readonly directory: string
  readonly config: LogConfig
  /** Everything below was cleaned before. */
  readonly firstDirtyOffset: number
  /** The base offset of a segment: it and all behind stay as they are. */
  readonly firstUncleanableOffset: number
  /** What the log knows of its producers, taken before the flush that made all of it durable. */
  readonly producers: readonly ProducerSnapshotEntry[]
}

export interface CleaningLimits {
  /** For the map from keys to offsets (`log.cleaner.dedupe.buffer.size`); when it is full, the pass ends at what is in it. */
  readonly offsetMapBytes: number
  readonly throttle: Throttle
  /** Aborted at the latest in the turn in which one of the segments is closed or loses something. */
  readonly signal: AbortSignal
  /**
   * Puts a finished segment, synced under names ending in `.cleaned`, in the place of those it was made from. `false` when they are not all part of
   * the log any more, and nothing was done. Called for one group after the other, from the oldest on; a pass that ends early leaves a good log.
   */
  readonly swap: (old: readonly Segment[], cleaned: Segment) => Promise<boolean>
}

export interface CleaningResult {
  /** The new first dirty offset, exclusive end of what this pass made clean. */
  readonly endOffset: number
  readonly recordsRead: number
  readonly recordsKept: number
  readonly bytesRead: number
  readonly bytesWritten: number
}

/**
 * Makes one pass of compaction: maps each key of the dirty part to its last offset, then writes every segment below the end of that part anew,
 * without the records that a later one replaces (KIP-58, KIP-98, KIP-354, KIP-534). Throws `CleaningAborted`, `CorruptLog`, or the `DiskError` that
 * stopped it; a full disk harms nothing, since only new files are written.
 */
export async function cleanSegments(
  _env: Pick<Env, 'clock'>,
  _pool: FilePool,
  _job: CleaningJob,
  _limits: CleaningLimits,
): Promise<CleaningResult> {
  throw new Error('not yet')
}
