import { z } from 'zod'
import { InCluster, TimestampMs } from './common.ts'
import { TopicFormats } from './formats.ts'
import { ColumnPaths, MessageRow, OffsetRange } from './messages.ts'
import { stream } from './operations.ts'

/** A part of a record that is looked into. */
export const SearchPart = z.enum(['key', 'value', 'headers'])
export type SearchPart = z.infer<typeof SearchPart>

const Where = z.array(SearchPart).min(1)

/** `matches` takes a regular expression; the orders compare numbers as numbers, and everything else as text. */
export const JsonOperator = z.enum([
  'exists',
  'missing',
  'equals',
  'differs',
  'contains',
  'matches',
  'less',
  'atMost',
  'greater',
  'atLeast',
])
export type JsonOperator = z.infer<typeof JsonOperator>

export const JsonCondition = z.object({
  part: z.enum(['key', 'value']),
  /** `order.items[0].price`, with or without a leading `$.`; `[*]` is any element. */
  path: z.string().max(1_000),
  operator: JsonOperator,
  /** As a person types it; of no meaning for `exists` and `missing`. */
  value: z.string().max(10_000),
})
export type JsonCondition = z.infer<typeof JsonCondition>

/** What makes a record a hit. */
export const SearchFilter = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: z.string().min(1).max(10_000), isCaseSensitive: z.boolean(), where: Where }),
  z.object({ kind: z.literal('regex'), pattern: z.string().min(1).max(10_000), isCaseSensitive: z.boolean(), where: Where }),
  z.object({ kind: z.literal('json'), conditions: z.array(JsonCondition).min(1).max(20), combine: z.enum(['every', 'some']) }),
  /**
   * An expression, or the body of a function, of JavaScript over `key`, `value`, `headers`, `offset`, `partition` and `timestamp`. Keys and values
   * are what was decoded, and of text what JSON makes of it, otherwise the text.
   */
  z.object({ kind: z.literal('predicate'), source: z.string().min(1).max(100_000) }),
])
export type SearchFilter = z.infer<typeof SearchFilter>

/** How far a search has come in one partition: `done` of its bounds [from, to), scanned in the order of the search. */
export const SearchedPartition = OffsetRange.extend({ done: z.number().int() })
export type SearchedPartition = z.infer<typeof SearchedPartition>

export const SearchProgress = z.object({
  partitions: z.array(SearchedPartition),
  /** Records that were looked at, and bytes as they lie in the log. */
  records: z.number().int(),
  bytes: z.number().int(),
  hits: z.number().int(),
  /** Records of which the filter could not be asked, and why the first could not: a predicate that threw, a batch that is damaged. */
  failures: z.number().int(),
  firstFailure: z.string().nullable(),
  elapsedMs: z.number(),
})
export type SearchProgress = z.infer<typeof SearchProgress>

/**
 * `completed`: all was scanned. `enough`: `maxHits` were found. `tooSlow`: the filter took longer for a record than it may. `tooMuchMemory`: it wanted
 * more than it may have. `remaining` is what was not scanned: another search of it goes on where this one ended.
 */
export const SearchEnd = z.enum(['completed', 'enough', 'tooSlow', 'tooMuchMemory'])
export type SearchEnd = z.infer<typeof SearchEnd>

export const SearchItem = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hits'), rows: z.array(MessageRow) }),
  z.object({ type: z.literal('progress'), progress: SearchProgress }),
  z.object({ type: z.literal('ended'), why: SearchEnd, progress: SearchProgress, remaining: z.array(OffsetRange) }),
])
export type SearchItem = z.infer<typeof SearchItem>

export const search = {
  /**
   * Looks at every record within the bounds and gives hits as they are found, progress a few times a second, and at last how it ended. Fails with
   * `INVALID_FILTER` when the filter cannot be understood; `details.problem` says why.
   */
  run: stream(
    InCluster.extend({
      topic: z.string().min(1),
      filter: SearchFilter,
      /** `null`: every partition, from its start to its end as of now. */
      ranges: z.array(OffsetRange).max(10_000).nullable(),
      /** Records older, or as young as or younger than these, are no hits, and skipped where the index allows. */
      fromMs: TimestampMs.nullable(),
      toMs: TimestampMs.nullable(),
      /** From which end of the partitions the search goes. */
      order: z.enum(['newestFirst', 'oldestFirst']),
      maxHits: z.number().int().min(1).max(1_000_000).nullable(),
      /** `files`: reads the segment files of a replica on this machine, also while brokers are stopped. Of a local cluster only. */
      source: z.enum(['brokers', 'files']),
      /** See `messages.read`. */
      columns: ColumnPaths.optional(),
      formats: TopicFormats.optional(),
    }),
    SearchItem,
  ),
}
