import { z } from 'zod'
import { InCluster, Offset, TimestampMs } from './common.ts'
import { DecodedAs, TopicFormats } from './formats.ts'
import { call, stream } from './operations.ts'

/** Bytes as they are in the log, and what was made of them. */
export const RecordBytes = z.object({
  size: z.number().int(),
  /** The first bytes; all of them in a `detail` that was asked for without `maxBytes`. */
  bytes: z.instanceof(Uint8Array),
  /** What they were decoded to: a structured value as JSON. Null where they were not. */
  text: z.string().nullable(),
  /** What `text` is: `json` an object or an array, `binary` that there is none. */
  format: z.enum(['json', 'text', 'binary', 'empty']),
  decoded: DecodedAs,
  /** In a `detail`, for text that is no JSON and has a structure all the same: the structure as JSON, and the text with a line for each element. */
  structure: z.object({ json: z.string(), lines: z.string() }).nullable(),
})
export type RecordBytes = z.infer<typeof RecordBytes>

export const RecordHeader = z.object({ key: z.string(), value: RecordBytes.nullable() })

/** What the batch says that holds the record. */
export const BatchFacts = z.object({
  baseOffset: Offset,
  lastOffset: Offset,
  sizeBytes: z.number().int(),
  recordCount: z.number().int(),
  compression: z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
  partitionLeaderEpoch: z.number().int(),
  producerId: z.number().int(),
  producerEpoch: z.number().int(),
  baseSequence: z.number().int(),
  isTransactional: z.boolean(),
  crc: z.number().int(),
})
export type BatchFacts = z.infer<typeof BatchFacts>

/** One record, cut short for a table row. A `null` value is a tombstone. */
export const MessageRow = z.object({
  partition: z.number().int(),
  offset: Offset,
  timestampMs: TimestampMs,
  timestampType: z.enum(['CreateTime', 'LogAppendTime']),
  key: RecordBytes.nullable(),
  value: RecordBytes.nullable(),
  headerCount: z.number().int(),
  /** What the asked columns hold, in their order; null where the record has no such part. */
  columns: z.array(z.string().nullable()),
})
export type MessageRow = z.infer<typeof MessageRow>

/** One record whole. */
export const MessageDetail = MessageRow.extend({ headers: z.array(RecordHeader), batch: BatchFacts })
export type MessageDetail = z.infer<typeof MessageDetail>

/** [start, end): what can be read now. Offsets inside may be missing (compaction, transaction markers). */
export const PartitionExtent = z.object({ partition: z.number().int(), start: Offset, end: Offset })
export type PartitionExtent = z.infer<typeof PartitionExtent>

export const OffsetRange = z.object({ partition: z.number().int(), from: Offset, to: Offset })
export type OffsetRange = z.infer<typeof OffsetRange>

const InTopic = InCluster.extend({ topic: z.string().min(1) })
/** Paths into the record whose values become columns: `value.order.total`, `key.id`, `headers.trace`. */
export const ColumnPaths = z.array(z.string().max(1_000)).max(50)
/** How keys and values are decoded; nothing said, each by what it is. */
const Formats = { formats: TopicFormats.optional() }
const OptionalBytes = z.instanceof(Uint8Array).nullable()

export const messages = {
  /** Where each partition starts and ends now. */
  extent: call(InTopic, z.array(PartitionExtent)),
  /** The records of these ranges, at most 1,000 offsets in all, each range in offset order. An offset without a record is absent. */
  read: call(InTopic.extend({ ranges: z.array(OffsetRange).max(1000), columns: ColumnPaths.optional(), ...Formats }), z.array(MessageRow)),
  /** `maxBytes`: of the key, the value and each header no more than so many; their `size` tells of the rest. */
  detail: call(
    InTopic.extend({ partition: z.number().int(), offset: Offset, maxBytes: z.number().int().min(1).optional(), ...Formats }),
    MessageDetail.nullable(),
  ),
  /** Per partition the first offset whose record is not older than `timestampMs`; the end where there is none. */
  offsetsAt: call(InTopic.extend({ timestampMs: TimestampMs }), z.array(z.object({ partition: z.number().int(), offset: Offset }))),
  /** What is appended from now on, in the order of arrival, several rows at a time. */
  tail: stream(
    InTopic.extend({ partitions: z.array(z.number().int()).nullable(), columns: ColumnPaths.optional(), ...Formats }),
    z.array(MessageRow),
  ),
  /** Without `partition` the key decides as in the Java client (murmur2), without a key any partition. acks=all, idempotent. */
  produce: call(
    InTopic.extend({
      partition: z.number().int().min(0).nullable(),
      key: OptionalBytes,
      value: OptionalBytes,
      headers: z.array(z.object({ key: z.string(), value: OptionalBytes })),
      compression: z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    }),
    z.object({ partition: z.number().int(), offset: Offset, timestampMs: TimestampMs }),
  ),
}
