import { MalformedMessage } from '../../protocol/byteReader.ts'
import {
  BATCH_HEADER_BYTES,
  baseOffset,
  baseTimestamp,
  batchSize,
  isControl,
  isIntact,
  isLogAppendTime,
  maxTimestamp,
  nextOffset,
  recordCount,
  type TimestampType,
} from '../../protocol/records/batch.ts'
import { recordBytes, walkRecords } from '../../protocol/records/record.ts'
import type { RecordDecoder } from '../formats/recordDecoder.ts'
import type { RecordFilter } from './filter.ts'
import { areAllPlain } from './plainRecords.ts'
import { RecordView, UnaskableRecord } from './recordView.ts'

/** What a batch may unfold to. Brokers take batches of about a megabyte unless told otherwise. */
const MAX_BATCH_BYTES = 128 * 1024 * 1024

/** Records outside are not looked at: offsets [from, to), times [fromMs, toMs). */
export interface ScanBounds {
  readonly from: number
  readonly to: number
  readonly fromMs: number
  readonly toMs: number
}

/** Who hears what a scan comes upon, in offset order. */
export interface ScanSink {
  /** `null` takes every record there is within the bounds for a candidate. */
  readonly filter: RecordFilter | null
  readonly decoder: RecordDecoder
  /** The view is used again for the next record. */
  candidate(record: RecordView, timestampType: TimestampType): void
  /** The filter has been asked about the record at this offset: for who watches how long that takes. */
  asked(offset: number): void
  /** So many records could not be looked at. */
  failed(records: number, why: string): void
  /** `records` more were looked at, up to and without this offset. */
  passed(upTo: number, records: number, bytes: number): void
}

/** Looks through the whole batches at the front of `bytes`, and returns how many bytes they have. Throws MalformedMessage for what can be no batch. */
export function scanBatches(bytes: Buffer, at: number, end: number, bounds: ScanBounds, sink: ScanSink): number {
  let position = at
  while (end - position >= BATCH_HEADER_BYTES) {
    const size = batchSize(bytes, position)
    if (size < BATCH_HEADER_BYTES) throw new MalformedMessage(`a batch of ${size} bytes cannot be`, position)
    if (size > end - position) break
    scanBatch(bytes, position, bounds, sink)
    position += size
  }
  return position - at
}

function scanBatch(bytes: Buffer, at: number, bounds: ScanBounds, sink: ScanSink): void {
  const first = baseOffset(bytes, at)
  const next = nextOffset(bytes, at)
  if (next <= bounds.from || first >= bounds.to) return
  const upTo = Math.min(next, bounds.to)
  const count = recordCount(bytes, at)
  const within = Math.max(0, Math.min(count, upTo - Math.max(first, bounds.from)))
  const size = batchSize(bytes, at)
  try {
    if (isControl(bytes, at)) sink.passed(upTo, 0, size)
    else if (!isIntact(bytes, at)) throw new MalformedMessage('the checksum of a batch is wrong', at)
    else if (maxTimestamp(bytes, at) < bounds.fromMs) sink.passed(upTo, within, size)
    else {
      const records = recordBytes(bytes, at, MAX_BATCH_BYTES)
      const finder = sink.filter?.finder
      finder?.reset(records)
      if (finder === undefined || finder.next(0) < records.length || !isPlain(records, count, sink)) {
        scanRecords(bytes, at, records, bounds, sink)
      }
      sink.passed(upTo, within, size)
    }
  } catch (problem) {
    if (!(problem instanceof MalformedMessage)) throw problem
    sink.failed(Math.max(1, within), `At offset ${first}: ${problem.message}`)
    sink.passed(upTo, within, size)
  }
}

/** Whether there is nothing in these records but what is in their bytes. */
function isPlain(records: Buffer, count: number, { decoder, filter }: ScanSink): boolean {
  if (decoder.isAllPlain) return true
  const as = filter?.as ?? 'text'
  return areAllPlain(records, count, {
    keys: decoder.plain('key', as),
    values: decoder.plain('value', as),
    allowsHeaders: !decoder.needsSchemas,
  })
}

function scanRecords(bytes: Buffer, at: number, records: Buffer, bounds: ScanBounds, sink: ScanSink): void {
  const { filter, decoder } = sink
  const finder = filter?.finder
  const as = filter?.as ?? 'text'
  const [plainKeys, plainValues] = [decoder.plain('key', as), decoder.plain('value', as)]
  const firstOffset = baseOffset(bytes, at)
  const firstTimestamp = baseTimestamp(bytes, at)
  const appendTime = isLogAppendTime(bytes, at) ? maxTimestamp(bytes, at) : undefined
  const timestampType = appendTime === undefined ? 'CreateTime' : 'LogAppendTime'
  const view = new RecordView()
  view.bytes = records
  view.decoder = decoder
  walkRecords(
    records,
    recordCount(bytes, at),
    (_, offsetDelta, timestampDelta, keyAt, keyLength, valueAt, valueLength, recordAt, recordEnd) => {
      if (finder !== undefined && finder.next(recordAt) >= recordEnd) {
        const isPlain = (keyLength <= 0 || plainKeys[records[keyAt]!] === 1) && (valueLength <= 0 || plainValues[records[valueAt]!] === 1)
        // A schema's id may be in a header, whatever the bytes begin with.
        if (isPlain && !(decoder.needsSchemas && records[valueAt + Math.max(0, valueLength)] !== 0)) return
      }
      const offset = firstOffset + offsetDelta
      if (offset < bounds.from || offset >= bounds.to) return
      const timestamp = appendTime ?? firstTimestamp + timestampDelta
      if (timestamp < bounds.fromMs || timestamp >= bounds.toMs) return
      view.offset = offset
      view.timestamp = timestamp
      view.keyAt = keyAt
      view.keyLength = keyLength
      view.valueAt = valueAt
      view.valueLength = valueLength
      view.end = recordEnd
      try {
        if (filter === null || filter.matches(view)) sink.candidate(view, timestampType)
      } catch (problem) {
        if (!(problem instanceof UnaskableRecord)) throw problem
        sink.failed(1, `At offset ${offset}: ${problem.message}`)
      }
      sink.asked(offset)
    },
  )
}
