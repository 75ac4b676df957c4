import { z } from 'zod'
import { BrokerId, InCluster, Offset, TimestampMs, TopicName } from './common.ts'
import { call, stream } from './operations.ts'
import { Told } from './told.ts'

/** What a file of a partition's folder is for. */
export const SegmentFileKind = z.enum([
  'log',
  'index',
  'timeindex',
  'txnindex',
  'snapshot',
  'leaderEpochs',
  'partitionMetadata',
  /** One that no broker writes. */
  'other',
])
export type SegmentFileKind = z.infer<typeof SegmentFileKind>

export const SegmentFile = z.object({
  name: z.string(),
  kind: SegmentFileKind,
  /** The base offset in its name; of a producer snapshot the end of what it covers. */
  offset: Offset.nullable(),
  /** `deleted`: waits to be removed; `cleaned` and `swap`: compaction is at it. */
  suffix: z.enum(['', 'deleted', 'cleaned', 'swap']),
  sizeBytes: z.number().int(),
})
export type SegmentFile = z.infer<typeof SegmentFile>

export const EpochStart = z.object({ epoch: z.number().int(), startOffset: Offset })
export type EpochStart = z.infer<typeof EpochStart>

/** A partition as it lies on one broker's disk, whether the broker runs or not. */
export const ReplicaFiles = z.object({
  brokerId: BrokerId,
  /** Null where the broker has no folder of the partition. */
  folder: z.string().nullable(),
  /** Why the folder, or the end of its log, cannot be read. */
  problem: z.string().nullable(),
  isRunning: z.boolean(),
  isLeader: z.boolean(),
  /** Whether the cluster wants a replica there; null while nobody says. */
  isAssigned: z.boolean().nullable(),
  topicId: z.string().nullable(),
  /** The folder is that of an older topic of the same name. */
  isOfOtherTopic: z.boolean(),
  logStartOffset: Offset.nullable(),
  /** As the broker has written it down, or as the living leader says. */
  highWatermark: Offset.nullable(),
  /** Behind the last whole batch. */
  logEndOffset: Offset.nullable(),
  /** Bytes behind the last whole batch: a write under way, or a torn one. */
  tornBytes: z.number().int(),
  /** From leader-epoch-checkpoint. */
  epochs: z.array(EpochStart),
  files: z.array(SegmentFile),
})
export type ReplicaFiles = z.infer<typeof ReplicaFiles>

/** The fields of a batch's header in their order, and the records behind them. */
export const BATCH_FIELDS = [
  'baseOffset',
  'batchLength',
  'leaderEpoch',
  'magic',
  'crc',
  'attributes',
  'lastOffsetDelta',
  'baseTimestamp',
  'maxTimestamp',
  'producerId',
  'producerEpoch',
  'baseSequence',
  'recordCount',
  'records',
] as const
export const BatchField = z.enum(BATCH_FIELDS)
export type BatchField = z.infer<typeof BatchField>

/** What can be wrong with a batch. */
export const FindingCode = z.enum([
  'crcWrong',
  /** One byte, changed to `expected`, would make the checksum right: `byte` counts from the batch's first. */
  'oneByteWrong',
  /** With this batch length the checksum would be right. */
  'lengthWrong',
  'lengthImpossible',
  /** The file ends before the batch does. */
  'torn',
  'magicUnknown',
  'codecUnknown',
  'attributesUnknown',
  'offsetNegative',
  'offsetBelowFile',
  'offsetBelowPrevious',
  /** The offsets before and behind it leave room for another one only. */
  'offsetOutOfPlace',
  'epochBelowPrevious',
  'epochNotOfOffset',
  'deltaNegative',
  'deltaBeyondNext',
  'countNegative',
  'countAboveOffsets',
  'timestampAboveMax',
  'outOfRange',
  'recordsUnreadable',
])
export type FindingCode = z.infer<typeof FindingCode>

export const Finding = z.object({
  code: FindingCode,
  field: BatchField,
  found: z.string(),
  expected: z.string().nullable(),
  byte: z.number().int().nullable(),
})
export type Finding = z.infer<typeof Finding>

/** A batch as a row of a table. Numbers of a damaged one may be rounded; its fields have them exactly. */
export const BatchRow = z.object({
  kind: z.literal('batch'),
  position: z.number().int(),
  sizeBytes: z.number().int(),
  baseOffset: z.number(),
  lastOffset: z.number(),
  recordCount: z.number().int(),
  leaderEpoch: z.number().int(),
  producerId: z.number(),
  producerEpoch: z.number().int(),
  baseSequence: z.number().int(),
  /** A codec's name, or `codec 7` for one that does not exist. */
  codec: z.string(),
  timestampType: z.enum(['CreateTime', 'LogAppendTime']),
  maxTimestampMs: z.number(),
  isTransactional: z.boolean(),
  isControl: z.boolean(),
  /** Null: too large to be checked in passing. Opening it does. */
  isCrcValid: z.boolean().nullable(),
  findings: z.array(Finding),
})
export type BatchRow = z.infer<typeof BatchRow>

/** Bytes of a log that are no batch, up to where the index finds one again, or to the end. */
export const BrokenStretch = z.object({
  kind: z.literal('broken'),
  position: z.number().int(),
  sizeBytes: z.number().int(),
  finding: Finding,
})
export type BrokenStretch = z.infer<typeof BrokenStretch>

export const LogRow = z.discriminatedUnion('kind', [BatchRow, BrokenStretch])
export type LogRow = z.infer<typeof LogRow>

export const BatchPage = z.object({
  rows: z.array(LogRow),
  /** Which row was asked for; null where the file has none. */
  at: z.number().int().nullable(),
  /** The bytes that the rows cover. */
  from: z.number().int(),
  to: z.number().int(),
  fileBytes: z.number().int(),
})
export type BatchPage = z.infer<typeof BatchPage>

export const FieldBytes = z.object({
  name: BatchField,
  /** In bytes from the batch's first. */
  at: z.number().int(),
  size: z.number().int(),
  /** Exactly as it is there; numbers in decimal digits. */
  value: z.string(),
})
export type FieldBytes = z.infer<typeof FieldBytes>

/** One batch in full, or what lies where one should be. */
export const BatchDetail = z.object({
  position: z.number().int(),
  sizeBytes: z.number().int(),
  row: LogRow,
  fields: z.array(FieldBytes),
  crc: z.object({ stored: z.number().int(), computed: z.number().int().nullable() }).nullable(),
  /** With what only a thorough look finds. */
  findings: z.array(Finding),
  /** Of all records together, once decompressed; null where that fails. */
  unfoldedBytes: z.number().int().nullable(),
})
export type BatchDetail = z.infer<typeof BatchDetail>

export const Preview = z.object({ sizeBytes: z.number().int(), bytes: z.instanceof(Uint8Array), text: z.string().nullable() })
export type Preview = z.infer<typeof Preview>

/** A part of a record and the bytes it takes, counted as the record's own are. */
export const RecordPart = z.object({
  name: z.enum(['length', 'attributes', 'timestampDelta', 'offsetDelta', 'keyLength', 'key', 'valueLength', 'value', 'headers']),
  at: z.number().int(),
  size: z.number().int(),
})
export type RecordPart = z.infer<typeof RecordPart>

export const RecordRow = z.object({
  index: z.number().int(),
  offset: Offset,
  timestampMs: z.number(),
  /** In bytes from the batch's first; of compressed records from the first byte that they unfold to. */
  at: z.number().int(),
  sizeBytes: z.number().int(),
  key: Preview.nullable(),
  value: Preview.nullable(),
  headerCount: z.number().int(),
  /** What a control record, or one of Kafka's own topics, means. */
  meaning: z.string().nullable(),
  parts: z.array(RecordPart),
})
export type RecordRow = z.infer<typeof RecordRow>

export const RecordPage = z.object({
  records: z.array(RecordRow),
  total: z.number().int(),
  isCompressed: z.boolean(),
  /** Why there are no more than these. */
  problem: z.string().nullable(),
})
export type RecordPage = z.infer<typeof RecordPage>

/** `detail`: what is there instead. `other`: whatever else. */
export const EntryProblem = z.union([
  z.object({
    code: z.enum(['noBatchThere', 'otherLastOffset', 'noBatchOfOffset', 'otherTimestamp', 'outOfOrder', 'noAbortThere']),
    detail: z.string(),
  }),
  z.object({ code: z.literal('other'), told: Told }),
])
export type EntryProblem = z.infer<typeof EntryProblem>

/** An entry of an index, or of one of the small files. */
export const FileEntry = z.object({
  index: z.number().int(),
  /** In the file, where entries have places; -1 where not. */
  position: z.number().int(),
  sizeBytes: z.number().int(),
  values: z.record(z.string(), z.union([z.number(), z.string()])),
  problem: EntryProblem.nullable(),
  /** The batch of the log that it leads to. */
  leadsTo: z.number().int().nullable(),
})
export type FileEntry = z.infer<typeof FileEntry>

export const EntryPage = z.object({
  entries: z.array(FileEntry),
  total: z.number().int(),
  /** Room at the end for entries to come. */
  unusedBytes: z.number().int(),
  /** What is wrong with the file as a whole. */
  problem: Told.nullable(),
})
export type EntryPage = z.infer<typeof EntryPage>

/** The offsets and times of a segment. Null where it has no batch, or none that can be read. */
export const SegmentSpan = z.object({
  baseOffset: Offset,
  endOffset: Offset.nullable(),
  firstTimestampMs: TimestampMs.nullable(),
  lastTimestampMs: TimestampMs.nullable(),
})
export type SegmentSpan = z.infer<typeof SegmentSpan>

/** How a run of offsets of one replica compares with the same offsets of the reference. */
export const Stretch = z.object({
  from: Offset,
  to: Offset,
  /** `other`: it has others than the reference. `extra`: the reference has none. `missing`: it has none. */
  kind: z.enum(['same', 'other', 'extra', 'missing']),
  leaderEpoch: z.number().int(),
})
export type Stretch = z.infer<typeof Stretch>

/** Where a replica stops being the same as the reference. */
export const Difference = z.object({
  brokerId: BrokerId,
  offset: Offset,
  /** Of the batch on the reference and on the replica: null where one has none. */
  reference: z.object({ file: z.string(), position: z.number().int(), sizeBytes: z.number().int() }).nullable(),
  replica: z.object({ file: z.string(), position: z.number().int(), sizeBytes: z.number().int() }).nullable(),
  /** Below the high watermark of that replica both should have the same bytes. */
  isCommitted: z.boolean(),
})
export type Difference = z.infer<typeof Difference>

export const Comparison = z.object({
  reference: BrokerId.nullable(),
  from: Offset,
  to: Offset,
  replicas: z.array(z.object({ brokerId: BrokerId, stretches: z.array(Stretch), differingBatches: z.number().int() })),
  /** The first of each replica that has one. */
  differences: z.array(Difference),
  comparedBytes: z.number(),
  totalBytes: z.number(),
  isDone: z.boolean(),
})
export type Comparison = z.infer<typeof Comparison>

/** A look through a whole file. */
export const Verification = z.object({
  readBytes: z.number(),
  totalBytes: z.number(),
  batches: z.number().int(),
  records: z.number().int(),
  entries: z.number().int(),
  problems: z.array(z.object({ position: z.number().int().nullable(), offset: z.string().nullable(), problem: Told })),
  /** Problems beyond those. */
  unnamed: z.number().int(),
  isDone: z.boolean(),
})
export type Verification = z.infer<typeof Verification>

const InPartition = InCluster.extend({ topic: TopicName, partition: z.number().int().min(0).max(0x7fff_ffff) })
const InFile = InPartition.extend({ brokerId: BrokerId, file: z.string().min(1).max(255) })
const Position = z.number().int().min(0)

/** Where in a log: at the batch that covers an offset, that covers a byte, or at the last one. */
export const LogPlace = z.union([z.object({ offset: Position }), z.object({ position: Position }), z.object({ end: z.literal(true) })])
export type LogPlace = z.infer<typeof LogPlace>

/** The files of partitions as they lie on this machine. Of other clusters nothing can be seen: the code is FILES_NOT_HERE. */
export const segments = {
  /** Every broker's, those that have none included. */
  replicas: call(InPartition, z.array(ReplicaFiles)),
  spans: call(InPartition.extend({ brokerId: BrokerId, baseOffsets: z.array(Position).max(200) }), z.array(SegmentSpan)),
  /** Batches of a log around a place, found with the help of its index: a page costs the same wherever it lies, and however large the file is. */
  batches: call(
    InFile.extend({ place: LogPlace, before: z.number().int().min(0).max(200), after: z.number().int().min(0).max(200) }),
    BatchPage,
  ),
  batch: call(InFile.extend({ position: Position }), BatchDetail),
  records: call(InFile.extend({ position: Position, from: Position, count: z.number().int().min(1).max(200) }), RecordPage),
  /** Fewer than asked only at the end of the file. */
  bytes: call(InFile.extend({ position: Position, count: z.number().int().min(1).max(65_536) }), z.instanceof(Uint8Array)),
  entries: call(InFile.extend({ from: Position, count: z.number().int().min(1).max(200) }), EntryPage),
  /** Batch by batch, byte by byte; a look at the whole so far with each item. `from` null: only the last part, which takes no time. */
  compare: stream(InPartition.extend({ from: Position.nullable() }), Comparison),
  /** All that `trilog dump` checks, of one file. */
  verify: stream(InFile, Verification),
}
