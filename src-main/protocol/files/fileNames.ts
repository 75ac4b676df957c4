/** How the files of a partition's log and of the metadata log's snapshots are called. */

const OFFSET_DIGITS = 20
const EPOCH_DIGITS = 10

/** Twenty digits: enough for any int64, and in the order of the offsets when sorted as text. */
export function offsetDigits(offset: number): string {
  if (!Number.isSafeInteger(offset) || offset < 0) throw new RangeError(`${offset} is no offset`)
  return String(offset).padStart(OFFSET_DIGITS, '0')
}

export type LogFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot'

/**
 * `00000000000000000042.log`. For all kinds the number is a segment's base offset, except snapshots, where it is the end of what they
 * cover.
 */
export function logFileName(offset: number, kind: LogFileKind): string {
  return `${offsetDigits(offset)}.${kind}`
}

export interface LogFileName {
  readonly offset: number
  readonly kind: LogFileKind
  /** Scheduled for deletion, being written by the cleaner, or being swapped in. */
  readonly suffix: '' | 'deleted' | 'cleaned' | 'swap'
}

const LOG_FILE = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)(?:\.(deleted|cleaned|swap))?$/

/** Undefined for files that are none of a log's. */
export function parseLogFileName(name: string): LogFileName | undefined {
  const [, digits, kind, suffix = ''] = LOG_FILE.exec(name) ?? []
  const offset = Number(digits)
  if (!Number.isSafeInteger(offset)) return undefined
  return { offset, kind: kind as LogFileKind, suffix: suffix as LogFileName['suffix'] }
}

/** A snapshot of the metadata log: all records below `endOffset`, the last of them written in `epoch` (KIP-630). */
export interface SnapshotId {
  readonly endOffset: number
  readonly epoch: number
}

/** `00000000000000000042-0000000007.checkpoint`. */
export function snapshotFileName({ endOffset, epoch }: SnapshotId): string {
  return `${offsetDigits(endOffset)}-${String(epoch).padStart(EPOCH_DIGITS, '0')}.checkpoint`
}

const SNAPSHOT_FILE = /^(\d{20})-(\d{10})\.checkpoint(?:\.(part|deleted))?$/

/** Undefined for files that are no snapshots. `part` is one still being written or fetched. */
export function parseSnapshotFileName(name: string): (SnapshotId & { readonly suffix: '' | 'part' | 'deleted' }) | undefined {
  const [, digits, epoch, suffix = ''] = SNAPSHOT_FILE.exec(name) ?? []
  const endOffset = Number(digits)
  if (!Number.isSafeInteger(endOffset)) return undefined
  return { endOffset, epoch: Number(epoch), suffix: suffix as '' | 'part' | 'deleted' }
}
