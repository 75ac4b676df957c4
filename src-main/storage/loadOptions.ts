import type { Logger } from '../base/logger.ts'
import type { LogConfig } from './logConfig.ts'

/** What a start is told of a log, beside what is in its folder. */
export interface LoadOptions {
  readonly directory: string
  readonly config: LogConfig
  readonly cleanShutdown: boolean
  /** Whether the disk once failed since it was closed well: what was not synced before may be in memory only. */
  readonly mayBeUnstored?: boolean
  readonly recoveryPoint: number
  readonly logStartOffset: number
  /** Below, compaction may have taken the end of a segment. */
  readonly firstDirtyOffset?: number
  readonly log: Logger
  /** Whether the folder was just made, so that nothing is in it. */
  readonly isNew?: boolean
  /** Whether `rest` may be left for later. */
  readonly lazily?: boolean
}
