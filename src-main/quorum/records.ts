import type { Uuid } from '../base/uuid.ts'
import { encodeControlRecord } from '../protocol/messages/controlRecords.ts'
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
  type MetadataRecordInput,
} from '../protocol/messages/metadataRecords.ts'
import * as batches from '../protocol/records/batch.ts'
import { buildBatch } from '../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../protocol/records/record.ts'
import type { Epoch, NodeId } from './state.ts'

/** Kafka's bound for one batch of the metadata log. */
export const MAX_METADATA_BATCH_BYTES = 8 * 1024 * 1024
/** What compressed batches, which only other programs write, may grow to. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024

/** One batch of committed metadata: all of its records or none took effect. */
export interface CommittedBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly epoch: Epoch
  /** Milliseconds since 1970, by the clock of the leader that wrote it. */
  readonly timestamp: number
  readonly records: readonly MetadataRecord[]
}

/** One batch, so that the records are committed together or not at all. */
export function metadataBatch(records: readonly MetadataRecordInput[], leaderEpoch: Epoch, timestamp: number): Buffer {
  return buildBatch({ leaderEpoch, records: records.map(record => ({ key: null, value: encodeMetadataRecord(record), timestamp })) })
}

/** What a leader writes first: its epoch's first record, without which nothing of the epoch is committed (KIP-595). */
export function leaderChangeBatch(change: {
  readonly leaderId: NodeId
  readonly leaderEpoch: Epoch
  readonly voters: readonly NodeId[]
  readonly grantingVoters: readonly NodeId[]
  readonly timestamp: number
}): Buffer {
  const named = (ids: readonly NodeId[]): { voterId: NodeId; voterDirectoryId?: Uuid }[] => ids.map(voterId => ({ voterId }))
  const record = encodeControlRecord({
    type: 'leaderChange',
    version: 0, // static voters have no directory ids (KIP-853)
    leaderId: change.leaderId,
    voters: named(change.voters),
    grantingVoters: named(change.grantingVoters),
  })
  return buildBatch({ leaderEpoch: change.leaderEpoch, isControl: true, records: [{ ...record, timestamp: change.timestamp }] })
}

/** A record of a newer program lies in the log. What comes after it may rest on it, so that going on would be guessing. */
export class UnreadableMetadata extends Error {
  override readonly name = 'UnreadableMetadata'
}

/** The batches of metadata among whole batches of the log; control batches are left out. */
export function* committedBatches(bytes: Buffer): Generator<CommittedBatch & { readonly sizeInBytes: number }, void, undefined> {
  for (const at of batches.batchesIn(bytes)) {
    if (batches.isControl(bytes, at)) continue
    yield {
      baseOffset: batches.baseOffset(bytes, at),
      lastOffset: batches.lastOffset(bytes, at),
      epoch: batches.partitionLeaderEpoch(bytes, at),
      timestamp: batches.maxTimestamp(bytes, at),
      sizeInBytes: batches.batchSize(bytes, at),
      records: decodeRecords(bytes, at, MAX_DECODED_BYTES).map(({ value, offset }) => {
        if (value === null) throw new UnreadableMetadata(`the metadata record at offset ${offset} has no value`)
        const record = decodeMetadataRecord(value)
        if (record.type === 'UnknownRecord') {
          throw new UnreadableMetadata(`metadata record type ${record.recordType} version ${record.version} at offset ${offset} is too new`)
        }
        return record
      }),
    }
  }
}

/** The offset that follows the last whole batch. */
export function endOfBatches(bytes: Buffer): number | undefined {
  let end: number | undefined
  for (const at of batches.batchesIn(bytes)) end = batches.nextOffset(bytes, at)
  return end
}
