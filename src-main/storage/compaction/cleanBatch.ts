import { baseOffset, deleteHorizonMs, isControl, recordCount } from '../../protocol/records/batch.ts'
import { recordBytes, walkRecords } from '../../protocol/records/record.ts'
import { emptied, retainRecords } from '../../protocol/records/retainRecords.ts'

/** What one batch may unfold to. It was let in once, so that this only guards against a damaged disk. */
export const UNFOLDED_BYTES = 1024 * 1024 * 1024

/** What is known of the last record of each key. */
export interface LastOffsets {
  /** Nothing is known of keys behind it. */
  readonly latestOffset: number
  /** -1 for a key that is not known. */
  get(key: Buffer): number
}

export interface CleaningRules {
  readonly nowMs: number
  /** `delete.retention.ms`: how long tombstones and needless markers stay after a pass saw them first. */
  readonly deleteRetentionMs: number
  readonly lastOffsets: LastOffsets
}

/** What stands of a batch besides its records. */
export interface BatchStanding {
  /** Data of an aborted transaction, or a marker whose transaction has nothing left. */
  readonly isNeedless: boolean
  /** It must stay in some form: it has the last sequence of a producer that is remembered, or the last offset of the cleaned part. */
  readonly mustStay: boolean
}

export type CleanedBatch =
  | { readonly type: 'same'; readonly recordsKept: number }
  | { readonly type: 'rewritten'; readonly batch: Buffer; readonly recordsKept: number }
  | { readonly type: 'dropped'; readonly recordsKept: 0 }

const dropped: CleanedBatch = { type: 'dropped', recordsKept: 0 }

/**
 * What compaction leaves of one batch: the records that have a key and no later record with the same, the tombstones among them until their delete
 * horizon, which the first pass that sees them sets (KIP-534). Records behind what is known of keys stay.
 */
export function cleanBatch(batch: Buffer, { isNeedless, mustStay }: BatchStanding, rules: CleaningRules): CleanedBatch {
  const horizonMs = deleteHorizonMs(batch)
  const isPast = horizonMs !== undefined && horizonMs <= rules.nowMs
  // A marker outlives its data, so that a reader who saw some of it can still learn how it ended.
  const losesAll = isControl(batch) ? isNeedless && isPast : isNeedless
  if (losesAll) return withoutRecords(batch, mustStay)
  const newHorizonMs = horizonMs === undefined ? rules.nowMs + rules.deleteRetentionMs : undefined
  if (isControl(batch)) return cleanMarker(batch, mustStay, isNeedless ? newHorizonMs : undefined)

  const { latestOffset } = rules.lastOffsets
  const base = baseOffset(batch)
  const count = recordCount(batch)
  const records = recordBytes(batch, 0, UNFOLDED_BYTES)
  const retained = { from: [] as number[], to: [] as number[], timestampDeltas: [] as number[] }
  let hasTombstones = false
  walkRecords(records, count, (_index, offsetDelta, timestampDelta, keyAt, keyLength, _valueAt, valueLength, recordAt, recordEnd) => {
    const offset = base + offsetDelta
    if (offset <= latestOffset) {
      if (keyLength < 0 || (valueLength < 0 && isPast)) return
      if (offset < rules.lastOffsets.get(records.subarray(keyAt, keyAt + keyLength))) return
    }
    if (valueLength < 0) hasTombstones = true
    retained.from.push(recordAt)
    retained.to.push(recordEnd)
    retained.timestampDeltas.push(timestampDelta)
  })
  const recordsKept = retained.from.length
  if (recordsKept === 0) return withoutRecords(batch, mustStay)
  const setHorizonMs = hasTombstones ? newHorizonMs : undefined
  if (recordsKept === count && setHorizonMs === undefined) return { type: 'same', recordsKept }
  return { type: 'rewritten', batch: retainRecords(batch, records, retained, setHorizonMs ?? horizonMs), recordsKept }
}

function cleanMarker(batch: Buffer, mustStay: boolean, newHorizonMs: number | undefined): CleanedBatch {
  const count = recordCount(batch)
  if (count === 0) return withoutRecords(batch, mustStay)
  if (newHorizonMs === undefined) return { type: 'same', recordsKept: count }
  const records = recordBytes(batch, 0, UNFOLDED_BYTES)
  const retained = { from: [] as number[], to: [] as number[], timestampDeltas: [] as number[] }
  walkRecords(records, count, (_index, _offsetDelta, timestampDelta, _keyAt, _keyLength, _valueAt, _valueLength, recordAt, recordEnd) => {
    retained.from.push(recordAt)
    retained.to.push(recordEnd)
    retained.timestampDeltas.push(timestampDelta)
  })
  return { type: 'rewritten', batch: retainRecords(batch, records, retained, newHorizonMs), recordsKept: count }
}

function withoutRecords(batch: Buffer, mustStay: boolean): CleanedBatch {
  if (!mustStay) return dropped
  return recordCount(batch) === 0 ? { type: 'same', recordsKept: 0 } : { type: 'rewritten', batch: emptied(batch), recordsKept: 0 }
}
