import { AUTO_FORMATS } from '../../contract/formats.ts'
import type { MessageRow, OffsetRange } from '../../contract/messages.ts'
import type { RecordSelection } from '../../contract/records.ts'
import type { SearchFilter } from '../../contract/search.ts'
import { FetchedRecordsCache } from '../fetchedRecords.ts'
import type { Schemas } from '../formats/schemas.ts'
import type { KafkaClient } from '../kafkaClient.ts'
import { brokerSource } from '../search/brokerSource.ts'
import { compileFilter } from '../search/filter.ts'
import { Search } from '../search/search.ts'
import { boundsOf, extentsAt } from '../search/searchBounds.ts'
import type { SearchWorkers } from '../search/searchWorkers.ts'
import { readRanges } from '../topicReader.ts'
import { scan } from '../topicScan.ts'
import { Missing } from './missing.ts'
import type { PlacedRecord } from './ndjson.ts'
import { readPicked, withoutRecord } from './pickedRecords.ts'

/** Of hits, so much is read at a time. */
const HIT_BYTES = 8 * 1024 * 1024

/** A filter that could not be asked to the end. */
export class SearchGaveUp extends Error {
  readonly code: 'PREDICATE_TOO_SLOW' | 'PREDICATE_TOO_LARGE'

  constructor(why: 'tooSlow' | 'tooMuchMemory') {
    super(why === 'tooSlow' ? 'The filter took longer for a record than it may.' : 'The filter wanted more memory than it may have.')
    this.code = why === 'tooSlow' ? 'PREDICATE_TOO_SLOW' : 'PREDICATE_TOO_LARGE'
  }
}

/** The cluster that records are selected from, and what can look through them. */
export interface SelectionSource {
  readonly client: KafkaClient
  readonly workers: SearchWorkers
  readonly schemas: Schemas
}

/** The records of a selection, partition by partition, each in the order of its offsets: a part at a time, and no part before the last was taken. */
export class SelectedRecords {
  /** Offsets that were gone through, of those there are. Before anything was read, there are none. */
  read = 0
  all = 0
  undecided = 0
  firstUndecided: string | null = null
  readonly missing = new Missing()
  readonly #client: KafkaClient
  readonly #workers: SearchWorkers
  readonly #schemas: Schemas
  readonly #selection: RecordSelection

  constructor({ client, workers, schemas }: SelectionSource, selection: RecordSelection) {
    this.#client = client
    this.#workers = workers
    this.#schemas = schemas
    this.#selection = selection
  }

  /** Returns whether that was all of them. */
  async *parts(stop: AbortSignal): AsyncGenerator<readonly PlacedRecord[], boolean, undefined> {
    const { filter } = this.#selection
    if (filter !== null) compileFilter(filter) // says at once what is wrong with it
    const bounds = await selectedBounds(this.#client, this.#selection, this.missing)
    this.all = lengthOf(bounds)
    if (this.#selection.isPicked === true && filter === null) {
      yield* this.#picked(bounds, stop)
      return !stop.aborted
    }
    for (const range of bounds) {
      if (stop.aborted) return false
      yield* filter === null ? this.#every(range, stop) : this.#hits(range, filter, stop)
    }
    return !stop.aborted
  }

  async *#every(range: OffsetRange, stop: AbortSignal): AsyncGenerator<readonly PlacedRecord[], void, undefined> {
    const { fromMs, toMs, topic } = this.#selection
    const [low, high] = [fromMs ?? -Infinity, toMs ?? Infinity]
    for await (const { batches, parts } of scan(this.#client, topic, [range], stop)) {
      const records: PlacedRecord[] = []
      for (const { partition, batch, from, to } of batches) {
        const { timestampType } = batch.header
        for (const record of batch.records) {
          const isIn = record.offset >= from && record.offset < to && record.timestamp >= low && record.timestamp < high
          if (isIn) records.push({ partition, timestampType, record })
        }
      }
      yield records
      this.read += lengthOf(parts)
    }
  }

  async *#picked(bounds: readonly OffsetRange[], stop: AbortSignal): AsyncGenerator<readonly PlacedRecord[], void, undefined> {
    for await (const part of readPicked(this.#client, this.#selection.topic, bounds, stop)) {
      for (const range of withoutRecord(part)) this.missing.add(range, 'noRecord')
      this.read += lengthOf(part.picked)
      yield part.records
    }
  }

  async *#hits(range: OffsetRange, filter: SearchFilter, stop: AbortSignal): AsyncGenerator<readonly PlacedRecord[], void, undefined> {
    const { fromMs, toMs, topic, formats = AUTO_FORMATS } = this.#selection
    const schemas = await this.#schemas.snapshot(topic)
    const before = { read: this.read, undecided: this.undecided }
    const search = new Search(
      this.#client.clock,
      this.#workers,
      {
        task: { filter, fromMs, toMs, columns: [], topic, formats, schemas },
        bounds: [range],
        order: 'oldestFirst',
        maxHits: null,
        source: brokerSource(this.#client, topic),
        workers: Math.max(1, this.#workers.parallelism),
      },
      stop,
    )
    const cache = new FetchedRecordsCache(() => this.#client.clock.elapsed())
    for await (const item of search.items()) {
      if (item.type === 'hits') {
        for (const rows of inParts(item.rows)) {
          if (stop.aborted) return
          yield await this.#whole(rows, cache)
        }
        continue
      }
      this.read = before.read + item.progress.partitions.reduce((sum, { done }) => sum + done, 0)
      this.undecided = before.undecided + item.progress.failures
      this.firstUndecided ??= item.progress.firstFailure
      if (item.type === 'ended' && (item.why === 'tooSlow' || item.why === 'tooMuchMemory')) throw new SearchGaveUp(item.why)
      yield []
    }
  }

  /** A search tells of its hits only so much as a table shows. */
  async #whole(rows: readonly MessageRow[], cache: FetchedRecordsCache): Promise<readonly PlacedRecord[]> {
    const wanted = new Set(rows.map(({ offset }) => offset))
    const records: PlacedRecord[] = []
    await readRanges(this.#client, cache, this.#selection.topic, rangesOf(rows), (partition, batch) => {
      for (const record of batch.records) {
        if (wanted.delete(record.offset)) records.push({ partition, timestampType: batch.header.timestampType, record })
      }
    })
    return records.sort((one, other) => one.record.offset - other.record.offset)
  }
}

/** Which offsets a selection goes through, as of now. Of those that were picked, the ones outside the log are told of. */
export async function selectedBounds(client: KafkaClient, selection: RecordSelection, missing = new Missing()): Promise<OffsetRange[]> {
  const extents = await extentsAt(client, selection)
  if (selection.isPicked === true) {
    const extentOf = new Map(extents.map(each => [each.partition, each]))
    for (const { partition, from, to } of selection.ranges ?? []) {
      const extent = extentOf.get(partition)
      if (extent === undefined) continue // of a partition that there is not, nothing is read at all
      missing.add({ partition, from, to: Math.min(to, extent.from) }, 'deleted')
      missing.add({ partition, from: Math.max(from, extent.to), to }, 'beyondEnd')
    }
  }
  return boundsOf(extents, selection)
}

export const lengthOf = (ranges: readonly OffsetRange[]) => ranges.reduce((sum, { from, to }) => sum + to - from, 0)

function* inParts(rows: readonly MessageRow[]): Generator<readonly MessageRow[], void, undefined> {
  let part: MessageRow[] = []
  let bytes = 0
  for (const row of rows) {
    const size = (row.key?.size ?? 0) + (row.value?.size ?? 0)
    if (part.length > 0 && bytes + size > HIT_BYTES) {
      yield part
      part = []
      bytes = 0
    }
    part.push(row)
    bytes += size
  }
  if (part.length > 0) yield part
}

/** Neighbours together. */
function rangesOf(rows: readonly MessageRow[]): OffsetRange[] {
  const ranges: { partition: number; from: number; to: number }[] = []
  for (const { partition, offset } of rows) {
    const last = ranges.at(-1)
    if (last?.to === offset) last.to += 1
    else ranges.push({ partition, from: offset, to: offset + 1 })
  }
  return ranges
}
