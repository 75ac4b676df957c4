import { MalformedMessage } from '../../protocol/byteReader.ts'
import {
  type AbortedTransactionEntry,
  OFFSET_INDEX_ENTRY_BYTES,
  type OffsetIndexEntry,
  readAbortedTransaction,
  readOffsetIndexEntry,
  readTimeIndexEntry,
  TIME_INDEX_ENTRY_BYTES,
  type TimeIndexEntry,
  TXN_INDEX_ENTRY_BYTES,
} from '../../protocol/files/indexEntries.ts'
import { type Complain, type DumpItem, type Items, type ReadableFile, wrong, type Wrong } from './items.ts'
import { LogCursor, transactionStepOf } from './logCursor.ts'

const CHUNK_ENTRIES = 8 * 1024

export interface IndexFile {
  readonly path: string
  readonly file: ReadableFile
  readonly baseOffset: number
  readonly complain: Complain
  /** What the entries are checked against; undefined when they are only shown. */
  readonly log: ReadableFile | undefined
}

/** The last offsets of batches, and where those begin. */
export function dumpOffsetIndex(source: IndexFile): AsyncGenerator<Items> {
  const { baseOffset, log } = source
  const cursor = log && new LogCursor(log)
  let last: OffsetIndexEntry = { offset: baseOffset - 1, position: -1 }
  return dumpEntries(source, {
    name: 'offsetIndexEntry',
    bytes: OFFSET_INDEX_ENTRY_BYTES,
    mayBePreallocated: true,
    read: (chunk, index) => readOffsetIndexEntry(chunk, index, baseOffset),
    async check(entry, next) {
      const problem = outOfOrder(['offset', 'position'], last, entry, next())
      if (problem !== undefined) return problem // and it is no measure for those that follow
      last = entry
      if (cursor === undefined) return undefined
      await cursor.skip(each => each.position < entry.position)
      if (cursor.position !== entry.position) return wrong('noBatchAt', { position: entry.position })
      if (cursor.lastOffset === entry.offset) return undefined
      return wrong('otherLastOffset', { position: entry.position, offset: cursor.lastOffset, given: entry.offset })
    },
    end: () => cursor?.close(),
  })
}

/** The largest timestamps up to a batch, with that batch's last offset. */
export function dumpTimeIndex(source: IndexFile): AsyncGenerator<Items> {
  const { baseOffset, log } = source
  const cursor = log && new LogCursor(log)
  let last: TimeIndexEntry = { offset: baseOffset - 1, timestamp: -1 }
  return dumpEntries(source, {
    name: 'timeIndexEntry',
    bytes: TIME_INDEX_ENTRY_BYTES,
    mayBePreallocated: true,
    read: (chunk, index) => readTimeIndexEntry(chunk, index, baseOffset),
    async check(entry, next) {
      if (!Number.isSafeInteger(entry.timestamp)) return wrong('timestampOutOfRange', { timestamp: entry.timestamp })
      const problem = outOfOrder(['offset', 'timestamp'], last, entry, next())
      if (problem !== undefined) return problem
      last = entry
      if (cursor === undefined) return undefined
      await cursor.skip(each => each.lastOffset < entry.offset)
      if (cursor.lastOffset !== entry.offset) return wrong('noBatchEnding', { offset: entry.offset })
      if (cursor.maxTimestamp !== entry.timestamp) {
        return wrong('otherTimestamp', { offset: entry.offset, timestamp: cursor.maxTimestamp, given: entry.timestamp })
      }
      if (cursor.largestTimestamp <= entry.timestamp) return undefined
      return wrong('notLargest', { timestamp: entry.timestamp, offset: entry.offset, larger: cursor.largestTimestamp })
    },
    end: () => cursor?.close(),
  })
}

/** Aborted transactions whose markers lie in the segment. */
export function dumpTransactionIndex(source: IndexFile): AsyncGenerator<Items> {
  const { log, complain } = source
  const cursor = log && new LogCursor(log)
  /** Producers with data since their last marker, and where it begins: in this segment, the transaction itself may be older. */
  const open = new Map<number, number>()
  const missing: DumpItem[] = []
  let lastOffset = -1

  function see(batch: Buffer): void {
    const step = transactionStepOf(batch)
    if (step === undefined) return
    if (step.type === 'data') {
      if (!open.has(step.producerId)) open.set(step.producerId, step.firstOffset)
      return
    }
    if (step.type === 'abort' && open.has(step.producerId)) {
      missing.push(
        complain(wrong('abortWithoutEntry', { producer: step.producerId, offset: step.lastOffset }), { offset: step.lastOffset }),
      )
    }
    open.delete(step.producerId)
  }

  return dumpEntries(source, {
    name: 'abortedTransaction',
    bytes: TXN_INDEX_ENTRY_BYTES,
    mayBePreallocated: false,
    read: readAbortedTransaction,
    async check(entry) {
      const problem = rising('last offset', lastOffset, entry.lastOffset) ?? problemOfAborted(entry)
      if (problem !== undefined) return problem
      lastOffset = entry.lastOffset
      if (cursor === undefined) return undefined
      await cursor.skip(each => each.lastOffset < entry.lastOffset, see)
      const step = cursor.batch && transactionStepOf(cursor.batch.bytes)
      if (step?.type !== 'abort' || step.lastOffset !== entry.lastOffset || step.producerId !== entry.producerId) {
        return wrong('noAbort', { producer: entry.producerId, offset: entry.lastOffset })
      }
      const firstData = open.get(entry.producerId) ?? Infinity
      open.delete(entry.producerId)
      return firstData < entry.firstOffset ? wrong('dataBefore', { offset: firstData, first: entry.firstOffset }) : undefined
    },
    async end() {
      await cursor?.skip(() => true, see)
      await cursor?.close()
      return missing
    },
  })
}

function problemOfAborted({ firstOffset, lastOffset, lastStableOffset, producerId }: AbortedTransactionEntry): Wrong | undefined {
  if (producerId < 0) return wrong('impossible', { what: 'producer id', value: producerId })
  if (firstOffset < 0 || firstOffset > lastOffset) return wrong('impossibleTransaction', { first: firstOffset, last: lastOffset })
  if (lastStableOffset < 0) return wrong('impossible', { what: 'last stable offset', value: lastStableOffset })
  return undefined
}

/**
 * What is wrong with the place of an entry among the others. Where the next one fits behind the last and this one between them does not, it is this one:
 * as a measure it would make all that follow wrong.
 */
function outOfOrder<Name extends string>(
  names: readonly Name[],
  last: Readonly<Record<Name, number>>,
  entry: Readonly<Record<Name, number>>,
  next: Readonly<Record<Name, number>> | undefined,
): Wrong | undefined {
  for (const name of names) {
    const problem = rising(name, last[name], entry[name])
    if (problem !== undefined) return problem
  }
  if (next === undefined || !names.every(name => next[name] > last[name])) return undefined
  const high = names.find(name => next[name] <= entry[name])
  return high && wrong('comesBefore', { what: high, value: entry[high], next: next[high] })
}

function rising(what: string, last: number, next: number): Wrong | undefined {
  if (next > last) return undefined
  return last < 0 ? wrong('impossible', { what, value: next }) : wrong('comesAfter', { what, value: next, last })
}

interface EntryFormat<Entry> {
  readonly name: string
  readonly bytes: number
  /** Whether zeros at the end are room for entries to come. */
  readonly mayBePreallocated: boolean
  read(chunk: Buffer, index: number): Entry
  /** What is wrong with the entry. Called in the order of the file; `next` reads the one behind it, where that is at hand. */
  check(entry: Entry, next: () => Entry | undefined): Promise<Wrong | undefined>
  /** Once, however it ends: what is wrong with the file as a whole. */
  end(): Promise<readonly DumpItem[] | void> | undefined
}

async function* dumpEntries<Entry extends object>({ path, file, complain }: IndexFile, format: EntryFormat<Entry>): AsyncGenerator<Items> {
  const { bytes } = format
  const whole = file.size - (file.size % bytes)
  const used = format.mayBePreallocated ? await usedBytes(file, whole, bytes) : whole
  for (let begin = 0; begin < used;) {
    const chunk = await file.read(begin, Math.min(CHUNK_ENTRIES * bytes, used - begin))
    if (chunk.length < bytes) {
      yield [complain(wrong('shorterNow', { bytes: file.size }), { position: begin })]
      break
    }
    const items: DumpItem[] = []
    const count = Math.floor(chunk.length / bytes)
    for (let index = 0; index < count; index++) {
      const position = begin + index * bytes
      let problem: Wrong | undefined
      try {
        const entry = format.read(chunk, index)
        items.push({ type: 'entry', file: path, entry: format.name, position, fields: entry as Readonly<Record<string, unknown>> })
        problem = await format.check(entry, () => (index + 1 < count ? format.read(chunk, index + 1) : undefined))
      } catch (thrown) {
        if (!(thrown instanceof MalformedMessage)) throw thrown
        problem = wrong('malformed', { why: thrown.reason })
      }
      if (problem !== undefined) items.push(complain(problem, { position }))
    }
    yield items
    begin += count * bytes
  }
  if (used < whole) yield [{ type: 'entry', file: path, entry: 'unused', position: used, fields: { sizeInBytes: whole - used } }]
  if (whole < file.size) yield [complain(wrong('tornEntry', { bytes: file.size - whole }), { position: whole })]
  const missing = await format.end()
  if (missing) yield missing
}

/**
 * Where the entries end and nothing but zeros follows: Kafka makes the indexes of the segment that is written to as large as they may get. One entry of
 * zeros alone is an entry: the first record, at the beginning of the file.
 */
async function usedBytes(file: ReadableFile, whole: number, entryBytes: number): Promise<number> {
  if (whole === entryBytes) return whole
  let end = whole
  while (end > 0) {
    const begin = Math.max(0, end - CHUNK_ENTRIES * entryBytes)
    const chunk = await file.read(begin, end - begin)
    let last = chunk.length - 1
    while (last >= 0 && chunk[last] === 0) last--
    if (last >= 0) return begin + Math.ceil((last + 1) / entryBytes) * entryBytes
    end = begin
  }
  return 0
}
