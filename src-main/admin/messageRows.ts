import type { MessageDetail, MessageRow, RecordBytes } from '../contract/messages.ts'
import type { BatchHeader } from '../protocol/records/batch.ts'
import type { LogRecord } from '../protocol/records/record.ts'
import { compileColumns, type ReadColumns } from './columns.ts'
import { type DecodeBounds, DETAIL_BOUNDS, ROW_BOUNDS } from './formats/bounds.ts'
import type { Decoded } from './formats/decoded.ts'
import { isTree, structureOf, textOfDecoded } from './formats/readDecoded.ts'
import { decodeDetected, detectingDecoder, type RecordDecoder } from './formats/recordDecoder.ts'

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
  return rowOf(partition, batch, record, { limit: PREVIEW_BYTES, columns, decoder, bounds: ROW_BOUNDS })
}

/** One record, whole or with each part cut at `limit` bytes, with what its batch says. */
export function messageDetail(
  partition: number,
  batch: BatchHeader,
  record: LogRecord,
  { limit = Infinity, decoder = detectingDecoder }: { readonly limit?: number | undefined; readonly decoder?: RecordDecoder } = {},
): MessageDetail {
  return {
    ...rowOf(partition, batch, record, { limit, columns: NO_COLUMNS, decoder, bounds: DETAIL_BOUNDS }),
    headers: record.headers.map(({ key, value }) => ({ key, value: value === null ? null : headerBytes(value, limit) })),
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

interface RowReading {
  readonly limit: number
  readonly columns: ReadColumns
  readonly decoder: RecordDecoder
  readonly bounds: DecodeBounds
}

function rowOf(
  partition: number,
  batch: Pick<BatchHeader, 'timestampType'>,
  record: LogRecord,
  { limit, columns, decoder, bounds }: RowReading,
): MessageRow {
  const read = (part: 'key' | 'value') => {
    const bytes = record[part]
    return bytes === null ? null : shownBytes(bytes, decoder.decode(part, bytes, record, bounds), { limit, bounds })
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

const headerBytes = (bytes: Buffer, limit: number) =>
  shownBytes(bytes, decodeDetected(bytes, DETAIL_BOUNDS), { limit, bounds: DETAIL_BOUNDS })

/** What was made of bytes, and the first `limit` of both, the bytes in a memory of their own. */
export function shownBytes(
  whole: Buffer,
  decoded: Decoded,
  { limit, bounds }: { readonly limit: number; readonly bounds: DecodeBounds },
): RecordBytes {
  const made = textOfDecoded(decoded, whole, limit)
  const text = made === null || made.length <= limit ? made : wholeCharacters(made, limit)
  const isBeginning = decoded.content.kind === 'utf8' ? whole.length > limit : made !== null && made.length > limit
  const isCut = isBeginning || decoded.problem?.code === 'cut'
  return {
    size: whole.length,
    bytes: new Uint8Array(whole.length <= limit ? whole : whole.subarray(0, limit)),
    text,
    format: shapeOf(decoded, text),
    decoded: { format: decoded.format, problem: decoded.problem, schema: decoded.schema, isCut },
    structure: bounds === DETAIL_BOUNDS && text !== null ? structureOf(decoded, text, isCut) : null,
  }
}

function shapeOf(decoded: Decoded, text: string | null): RecordBytes['format'] {
  if (decoded.format === 'empty') return 'empty'
  if (text === null) return 'binary'
  return isTree(decoded, text) ? 'json' : 'text'
}

/** Not the first half of a character of two. */
const wholeCharacters = (text: string, limit: number) => text.slice(0, /[\ud800-\udbff]/.test(text[limit - 1] ?? '') ? limit - 1 : limit)
