import type { MessageDetail, MessageRow, RecordBytes } from '../contract/messages.ts'
import type { BatchHeader } from '../protocol/records/batch.ts'
import type { LogRecord } from '../protocol/records/record.ts'
import { compileColumns, type ReadColumns } from './columns.ts'
import { boundsOfDetail, type DecodeBounds, ROW_BOUNDS } from './formats/bounds.ts'
import { decodeDetected } from './formats/decodeBytes.ts'
import type { Decoded } from './formats/decoded.ts'
import { isTree, structureOf, textOfDecoded } from './formats/readDecoded.ts'
import { detectingDecoder, type RecordDecoder } from './formats/recordDecoder.ts'

/** What a table row shows of a key or value. */
const PREVIEW_BYTES = 512

const NO_COLUMNS = compileColumns([])

/** One record as a table shows it: large keys and values are cut, and nothing holds on to the batch they came from. */
export function messageRow(
  partition: number,
  batch: Pick<BatchHeader, 'timestampType'>,
  record: LogRecord,
  columns: ReadColumns = NO_COLUMNS,
  decoder: RecordDecoder = detectingDecoder,
): MessageRow {
  return rowOf(partition, batch, record, { limit: PREVIEW_BYTES, columns, decoder, bounds: ROW_BOUNDS, isDetail: false })
}

/** One record, whole or with each part cut at `limit` bytes, with what its batch says. */
export function messageDetail(
  partition: number,
  batch: BatchHeader,
  record: LogRecord,
  { limit = Infinity, decoder = detectingDecoder }: { readonly limit?: number | undefined; readonly decoder?: RecordDecoder } = {},
): MessageDetail {
  const how = { limit, bounds: boundsOfDetail(limit), isDetail: true }
  return {
    ...rowOf(partition, batch, record, { ...how, columns: NO_COLUMNS, decoder }),
    headers: record.headers.map(({ key, value }) => ({
      key,
      value: value === null ? null : shownBytes(value, decodeDetected(value, how.bounds), how),
    })),
    batch: {
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      sizeBytes: batch.sizeInBytes,
      recordCount: batch.recordCount,
      compression: batch.compression,
      partitionLeaderEpoch: batch.partitionLeaderEpoch,
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      isTransactional: batch.isTransactional,
      crc: batch.crc,
    },
  }
}

interface Extent {
  /** Of the bytes, and characters of the text. */
  readonly limit: number
  readonly bounds: DecodeBounds
  /** With the structure of what is no JSON. */
  readonly isDetail: boolean
}

interface RowReading extends Extent {
  readonly columns: ReadColumns
  readonly decoder: RecordDecoder
}

function rowOf(
  partition: number,
  batch: Pick<BatchHeader, 'timestampType'>,
  record: LogRecord,
  { columns, decoder, ...how }: RowReading,
): MessageRow {
  const read = (part: 'key' | 'value') => {
    const bytes = record[part]
    return bytes === null ? null : shownBytes(bytes, decoder.decode(part, bytes, record, how.bounds), how)
  }
  return {
    partition,
    offset: record.offset,
    timestampMs: record.timestamp,
    timestampType: batch.timestampType,
    key: read('key'),
    value: read('value'),
    headerCount: record.headers.length,
    columns: columns(record),
  }
}

/** What was made of bytes, and the first `limit` of both, the bytes in a memory of their own. */
export function shownBytes(whole: Buffer, decoded: Decoded, { limit, bounds, isDetail }: Extent): RecordBytes {
  const made = textOfDecoded(decoded, whole, limit)
  const text = made === null || made.length <= limit ? made : wholeCharacters(made, limit)
  const { kind } = decoded.content
  const isBeginning =
    kind === 'utf8' ? whole.length > limit : made !== null && (made.length > limit || (kind === 'text' && whole.length > bounds.bytes))
  const isCut = isBeginning || decoded.problem?.code === 'cut'
  return {
    size: whole.length,
    bytes: new Uint8Array(whole.length <= limit ? whole : whole.subarray(0, limit)),
    text,
    format: shapeOf(decoded, text),
    decoded: { format: decoded.format, problem: decoded.problem, schema: decoded.schema, isCut },
    structure: isDetail && text !== null ? structureOf(decoded, text, { parts: bounds.parts, isPart: isCut }) : null,
  }
}

function shapeOf(decoded: Decoded, text: string | null): RecordBytes['format'] {
  if (decoded.format === 'empty') return 'empty'
  if (text === null) return 'binary'
  return isTree(decoded, text) ? 'json' : 'text'
}

/** Not the first half of a character of two. */
const wholeCharacters = (text: string, limit: number) => text.slice(0, /[\ud800-\udbff]/.test(text[limit - 1] ?? '') ? limit - 1 : limit)
