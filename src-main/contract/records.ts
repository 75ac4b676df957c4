import { z } from 'zod'
import { InCluster, Nothing, Offset, TimestampMs } from './common.ts'
import { TopicFormats } from './formats.ts'
import { OffsetRange } from './messages.ts'
import { call, stream } from './operations.ts'
import { SearchFilter } from './search.ts'
import { Told } from './told.ts'

/**
 * How a person writes the bytes of a key, a value or a header. `schema`: JSON, to be written by the schema of the topic's keys or values; headers have none.
 */
export const PayloadEncoding = z.enum(['text', 'json', 'hex', 'base64', 'schema'])
export type PayloadEncoding = z.infer<typeof PayloadEncoding>

/** What a person wrote, and how it is meant. */
export const WrittenPayload = z.object({ encoding: PayloadEncoding, text: z.string() })
export type WrittenPayload = z.infer<typeof WrittenPayload>

/** A record as a person writes it. No value is a tombstone. */
export const WrittenRecord = z.object({
  key: WrittenPayload.nullable(),
  value: WrittenPayload.nullable(),
  headers: z.array(z.object({ key: z.string(), value: WrittenPayload.nullable() })).max(1_000),
})
export type WrittenRecord = z.infer<typeof WrittenRecord>

/** Who decides where a record goes. `byKey` is murmur2, as the Java client has it; without a key it does as `sticky`. */
export const PartitionChoice = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('byKey') }),
  /** One partition until a batch of it is full, then another one. */
  z.object({ kind: z.literal('sticky') }),
  z.object({ kind: z.literal('roundRobin') }),
  z.object({ kind: z.literal('fixed'), partition: z.number().int().min(0) }),
])
export type PartitionChoice = z.infer<typeof PartitionChoice>

/** `all` is idempotent as well. With `none` no broker says anything: what was sent may be nowhere. */
export const Acks = z.enum(['all', 'leader', 'none'])
export type Acks = z.infer<typeof Acks>

export const Compression = z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
export type Compression = z.infer<typeof Compression>

export const ProduceSettings = z.object({ partitioner: PartitionChoice, compression: Compression, acks: Acks })
export type ProduceSettings = z.infer<typeof ProduceSettings>

/** `ndjson`: a record a line, as an export writes it. `lines`: a value a line. `csv`: the first row names the columns. */
export const TextFormat = z.enum(['ndjson', 'csv', 'lines'])
export type TextFormat = z.infer<typeof TextFormat>

/** A line that is no record, and why. */
export const BadLine = z.object({ line: z.number().int(), why: Told })
export type BadLine = z.infer<typeof BadLine>

/**
 * Picked offsets that hold no record now, and why: `deleted`, they are before the log start offset; `beyondEnd`, the log ends before them; `noRecord`, the
 * log has none there, be it compacted away or a transaction marker.
 */
export const MissingOffsets = OffsetRange.extend({ why: z.enum(['deleted', 'noRecord', 'beyondEnd']) })
export type MissingOffsets = z.infer<typeof MissingOffsets>

/** How many picked offsets hold no record, and the first of them. Of what was not picked one by one, none. */
const Missing = { missing: z.number().int(), firstMissing: z.array(MissingOffsets) }

/** What was done up to now. */
export const RunProgress = z.object({
  /** Records that came out of the source, and of it in bytes: of a text as it is written, of a topic keys, values and headers. */
  records: z.number().int(),
  bytes: z.number(),
  /** Records that are stored for all that the chosen acks promise; with acks=none, that were sent. */
  acknowledged: z.number().int(),
  /** Records that were sent, and of which nobody could say what became of them. */
  perhaps: z.number().int(),
  /** Records that came, and were left out: in an export of raw values those without one, in an import the bad lines. */
  leftOut: z.number().int(),
  /** Of the bad lines, the first ones. */
  badLines: z.array(BadLine),
  /** Records of which the filter could not be asked, and why the first could not. */
  undecided: z.number().int(),
  firstUndecided: z.string().nullable(),
  ...Missing,
  /** From 0 to 1; null while nobody can say. */
  done: z.number().nullable(),
  elapsedMs: z.number(),
})
export type RunProgress = z.infer<typeof RunProgress>

/** Where an export is written to: a path on this machine, or an address of this host from which the browser downloads it. */
export const ExportPlace = z.object({ kind: z.enum(['file', 'download']), path: z.string() })
export type ExportPlace = z.infer<typeof ExportPlace>

/**
 * What long work says. `runId` is how it is stopped in order, and what is given to it. `ended` is the last: stopped, or failed half way, it tells
 * exactly what was done all the same.
 */
export const RunItem = z.discriminatedUnion('type', [
  z.object({ type: z.literal('begun'), runId: z.string(), place: ExportPlace.nullable() }),
  z.object({ type: z.literal('progress'), progress: RunProgress }),
  z.object({
    type: z.literal('ended'),
    why: z.enum(['done', 'stopped', 'failed']),
    problem: Told.nullable(),
    progress: RunProgress,
    /** Where the last record is; without an offset where no broker told it. */
    last: z.object({ partition: z.number().int(), offset: Offset.nullable() }).nullable(),
  }),
])
export type RunItem = z.infer<typeof RunItem>

/** The most ranges of one selection: the hits of some searches, each picked by itself. */
export const MOST_RANGES = 50_000

/** Which records of a topic. */
export const RecordSelection = z.object({
  topic: z.string().min(1),
  /** `null`: every partition, from its start to its end as of now. */
  ranges: z.array(OffsetRange).max(MOST_RANGES).nullable(),
  /** The ranges are of records that were picked one by one: those that hold none any more are told of. */
  isPicked: z.boolean().optional(),
  /** Not older than the one, older than the other. */
  fromMs: TimestampMs.nullable(),
  toMs: TimestampMs.nullable(),
  /** `null`: all of them. */
  filter: SearchFilter.nullable(),
  /** How a filter reads the records; what is exported or replayed are their bytes. */
  formats: TopicFormats.optional(),
})
export type RecordSelection = z.infer<typeof RecordSelection>

export const ExportFormat = z.enum(['ndjson', 'csv', 'raw'])
export type ExportFormat = z.infer<typeof ExportFormat>

/** Where records go again, and what they keep. Without `keepsPartitions` the key decides. */
export const ReplayTarget = z.object({
  toCluster: z.string().min(1),
  toTopic: z.string().min(1),
  keepsPartitions: z.boolean(),
  keepsTimestamps: z.boolean(),
})
export type ReplayTarget = z.infer<typeof ReplayTarget>

/**
 * What a replay would come upon: the target is where they come from; it has fewer partitions; it, or its brokers, stamp records anew; it is compacted, so
 * that records without a key are refused.
 */
export const ReplayWarning = z.enum(['sameTopic', 'fewerPartitions', 'logAppendTime', 'compacted'])
export type ReplayWarning = z.infer<typeof ReplayWarning>

/** `shown` is what a person sees of a payload; `problem` says why there are no bytes. */
const ShownPayload = z.object({ text: z.string(), size: z.number().int().nullable(), problem: Told.nullable() })
export const ShownRecord = z.object({
  partition: z.number().int().nullable(),
  timestampMs: TimestampMs.nullable(),
  key: ShownPayload.nullable(),
  value: ShownPayload.nullable(),
  headers: z.array(z.object({ key: z.string(), value: ShownPayload.nullable() })),
})
export type ShownRecord = z.infer<typeof ShownRecord>

const InTopic = InCluster.extend({ topic: z.string().min(1) })

export const records = {
  /** What a record would be, `count` of them: with templates filled in when `isTemplate`. */
  preview: call(
    InTopic.extend({ record: WrittenRecord, isTemplate: z.boolean(), count: z.number().int().min(1).max(20) }),
    z.array(ShownRecord),
  ),
  /** The same record `count` times, its templates filled in anew each time when `isTemplate`; no more than `perSecond`. */
  produce: stream(
    InTopic.extend({
      record: WrittenRecord,
      isTemplate: z.boolean(),
      count: z.number().int().min(1).max(1_000_000_000),
      perSecond: z.number().min(0.01).max(10_000_000).nullable(),
      settings: ProduceSettings,
    }),
    RunItem,
  ),
  /** Reads a text that is given with `give` as `import` would, and produces nothing. */
  check: stream(z.object({ format: TextFormat, size: z.number().min(0).nullable() }), RunItem),
  /** Produces the records of a text that is given with `give`. Lines that are no records are left out, counted and named. */
  import: stream(
    InTopic.extend({
      format: TextFormat,
      /** Of the text in bytes, for the progress. */
      size: z.number().min(0).nullable(),
      settings: ProduceSettings,
      /** Records that name their partition, or their time, get it. */
      keepsPartitions: z.boolean(),
      keepsTimestamps: z.boolean(),
    }),
    RunItem,
  ),
  /** The next part of a text. Resolves once there is room for more, and at once when nobody wants it any more. */
  give: call(z.object({ runId: z.string(), bytes: z.instanceof(Uint8Array), isLast: z.boolean() }), z.object({ isWanted: z.boolean() })),
  /** Ends a run in order: what is under way is waited for, and the run says what it has done. Harmless when it has ended. */
  stop: call(z.object({ runId: z.string() }), Nothing),
  /** Writes records to a file: partition by partition, each in the order of its offsets. `to` says who asks for its name: the browser or a dialog. */
  export: stream(
    InCluster.extend({
      selection: RecordSelection,
      format: ExportFormat,
      to: z.enum(['download', 'dialog']),
      name: z.string().min(1).max(255),
    }),
    RunItem,
  ),
  /** The records of a selection as an export writes them, for the clipboard; no text when it would be longer than a clipboard is good for. */
  ndjson: call(
    InCluster.extend({ selection: RecordSelection }),
    z.object({ text: z.string().nullable(), records: z.number().int(), ...Missing }),
  ),
  /** How many offsets a replay would go through, of those that were picked how many are outside the log now, and what it would come upon. */
  planReplay: call(
    InCluster.extend({ selection: RecordSelection }).extend(ReplayTarget.shape),
    z.object({
      offsets: z.number().int(),
      gone: z.number().int(),
      sourcePartitions: z.number().int(),
      targetPartitions: z.number().int(),
      warnings: z.array(ReplayWarning),
    }),
  ),
  /** Appends the records again, elsewhere, with key, value and headers, acks=all. What comes to the source meanwhile is not among them. */
  replay: stream(InCluster.extend({ selection: RecordSelection, compression: Compression }).extend(ReplayTarget.shape), RunItem),
}
