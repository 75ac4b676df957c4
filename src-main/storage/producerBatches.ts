import {
  baseOffset,
  baseSequence,
  isControl,
  isTransactional,
  lastOffset,
  maxTimestamp,
  producerEpoch,
  producerId,
  recordCount,
} from '../protocol/records/batch.ts'
import { decodeRecords } from '../protocol/records/record.ts'
import type { AbortedTransactionEntry } from '../protocol/files/indexEntries.ts'
import { decodeControlRecord } from '../protocol/messages/controlRecords.ts'
import type { ProducerBatch, ProducerState, TransactionMarker } from './producerState.ts'

const MARKER_BYTES = 1024 * 1024

/** What a batch means for its producer; nothing when it has none. `offset` overrides the base offset of a batch that is not numbered yet. */
export function producerBatchOf(batch: Buffer, offset = baseOffset(batch)): ProducerBatch | undefined {
  const id = producerId(batch)
  if (id < 0 || isControl(batch)) return undefined
  return {
    producerId: id,
    producerEpoch: producerEpoch(batch),
    baseSequence: baseSequence(batch),
    baseOffset: offset,
    lastOffset: offset + lastOffset(batch) - baseOffset(batch),
    maxTimestamp: maxTimestamp(batch),
    isTransactional: isTransactional(batch),
  }
}

/** The end of a transaction, when that is what the batch says. */
export function transactionMarkerOf(batch: Buffer, offset = baseOffset(batch)): TransactionMarker | undefined {
  if (!isControl(batch) || producerId(batch) < 0) return undefined
  const [record] = decodeRecords(batch, 0, MARKER_BYTES)
  if (record === undefined || record.key === null) return undefined // compaction took the marker and kept the producer
  const control = decodeControlRecord(record.key, record.value)
  if (control.type !== 'commit' && control.type !== 'abort') return undefined
  return {
    producerId: producerId(batch),
    producerEpoch: producerEpoch(batch),
    coordinatorEpoch: control.coordinatorEpoch,
    offset,
    timestamp: maxTimestamp(batch),
    type: control.type,
  }
}

/** Lets a batch that is in the log already count. Answers what the transaction index must hold of it. */
export function replayInto(producers: ProducerState, batch: Buffer): AbortedTransactionEntry | undefined {
  if (producerId(batch) < 0) return undefined
  const marker = transactionMarkerOf(batch)
  if (marker !== undefined) return producers.end(marker)
  const data = producerBatchOf(batch)
  if (data !== undefined) producers.add(data)
  else if (recordCount(batch) === 0)
    producers.sawEpoch({ producerId: producerId(batch), producerEpoch: producerEpoch(batch), timestamp: maxTimestamp(batch) })
  return undefined
}
