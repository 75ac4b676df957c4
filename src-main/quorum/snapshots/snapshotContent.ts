import { MalformedMessage } from '../../protocol/byteReader.ts'
import { decodeControlRecord, encodeControlRecord } from '../../protocol/messages/controlRecords.ts'
import { encodeMetadataRecord, type MetadataRecord, type MetadataRecordInput } from '../../protocol/messages/metadataRecords.ts'
import * as batches from '../../protocol/records/batch.ts'
import { buildBatch } from '../../protocol/records/batchBuilder.ts'
import { decodeRecords } from '../../protocol/records/record.ts'
import { committedBatches } from '../records.ts'

/** A batch is closed when it has grown to this. Reading one takes it whole into memory. */
const BATCH_BYTES = 64 * 1024
/** A control record is a few bytes. */
const MAX_CONTROL_BYTES = 64 * 1024

/**
 * The content of a snapshot (KIP-630): record batches numbered from 0, all of the epoch of the last record that it covers. Made as it is asked for, so
 * that nobody has to hold the whole of a large one.
 *
 *   a control batch with the SnapshotHeader: when the last record was written
 *   batches of metadata records
 *   a control batch with the SnapshotFooter: nothing is missing
 */
export function* snapshotContent(
  records: Iterable<MetadataRecordInput>,
  { epoch, timestamp }: { readonly epoch: number; readonly timestamp: number },
): Generator<Buffer, void, undefined> {
  let baseOffset = 0
  const common = { leaderEpoch: epoch }
  const control = (record: { readonly key: Buffer; readonly value: Buffer }): Buffer =>
    buildBatch({ ...common, baseOffset: baseOffset++, isControl: true, records: [{ ...record, timestamp }] })

  yield control(encodeControlRecord({ type: 'snapshotHeader', version: 0, lastContainedLogTimestamp: timestamp }))
  let gathered: { readonly key: null; readonly value: Buffer; readonly timestamp: number }[] = []
  let bytes = 0
  const batch = (): Buffer => {
    const built = buildBatch({ ...common, baseOffset, records: gathered })
    baseOffset += gathered.length
    gathered = []
    bytes = 0
    return built
  }
  for (const record of records) {
    const value = encodeMetadataRecord(record)
    gathered.push({ key: null, value, timestamp })
    bytes += value.length
    if (bytes >= BATCH_BYTES) yield batch()
  }
  if (gathered.length > 0) yield batch()
  yield control(encodeControlRecord({ type: 'snapshotFooter', version: 0 }))
}

/** A snapshot that is not whole, or not what was written. Its text says what is wrong. */
export class DamagedSnapshot extends Error {
  override readonly name = 'DamagedSnapshot'
}

/** All records of a snapshot, once every byte of it has been found sound. Throws `DamagedSnapshot`, and `UnreadableMetadata` for what is too new. */
export function recordsOfSnapshot(bytes: Buffer): MetadataRecord[] {
  try {
    checkBatches(bytes)
    return [...committedBatches(bytes)].flatMap(({ records }) => records)
  } catch (problem) {
    if (problem instanceof MalformedMessage) throw new DamagedSnapshot(problem.message, { cause: problem })
    throw problem
  }
}

function checkBatches(bytes: Buffer): void {
  let end = 0
  let nextOffset = 0
  let first: string | undefined
  let last: string | undefined
  for (const at of batches.batchesIn(bytes)) {
    if (!batches.isIntact(bytes, at)) throw new DamagedSnapshot(`the batch at byte ${at} is not what was written`)
    if (batches.baseOffset(bytes, at) !== nextOffset) throw new DamagedSnapshot(`a batch is missing before byte ${at}`)
    last = batches.isControl(bytes, at) ? controlTypeOf(bytes, at) : 'metadata'
    first ??= last
    nextOffset = batches.nextOffset(bytes, at)
    end = at + batches.batchSize(bytes, at)
  }
  if (end !== bytes.length) throw new DamagedSnapshot(`what follows byte ${end} is no batch`)
  if (first !== 'snapshotHeader') throw new DamagedSnapshot('it does not begin with a header')
  if (last !== 'snapshotFooter') throw new DamagedSnapshot('it does not end with a footer')
}

function controlTypeOf(bytes: Buffer, at: number): string {
  const [record] = decodeRecords(bytes, at, MAX_CONTROL_BYTES)
  return record === undefined || record.key === null ? 'unknown' : decodeControlRecord(record.key, record.value).type
}
