import type { EntryPage, EntryProblem, FileEntry } from '../../contract/segments.ts'
import { MalformedMessage } from '../../protocol/byteReader.ts'
import {
  OFFSET_INDEX_ENTRY_BYTES,
  readAbortedTransaction,
  readOffsetIndexEntry,
  readTimeIndexEntry,
  TIME_INDEX_ENTRY_BYTES,
  TXN_INDEX_ENTRY_BYTES,
} from '../../protocol/files/indexEntries.ts'
import { BATCH_HEADER_BYTES, lastOffset, maxTimestamp } from '../../protocol/records/batch.ts'
import { type ReadableFile, wrong, wrongTold } from '../dump/items.ts'
import { transactionStepOf } from '../dump/logCursor.ts'
import { batchBefore, type IndexedLog, isPlausible, walkLog } from './logWalk.ts'

export type IndexKind = 'index' | 'timeindex' | 'txnindex'

/** An index file and what it is an index of; its log is undefined where there is none beside it. */
export interface IndexedFile {
  readonly kind: IndexKind
  readonly file: ReadableFile
  readonly baseOffset: number
  readonly log: IndexedLog | undefined
}

export interface EntryWish {
  readonly from: number
  readonly count: number
}

/** Some entries of an index, each held against the batch that it tells of. */
export async function indexPage(source: IndexedFile, { from, count }: EntryWish): Promise<EntryPage> {
  const { file, baseOffset, log } = source
  const { bytes: size, read, check } = formats[source.kind]
  const whole = file.size - (file.size % size)
  const used = source.kind === 'txnindex' ? whole : await usedBytes(file, { whole, size })
  const total = used / size
  // One more, to compare the first with.
  const begin = Math.max(0, from - 1)
  const chunk = await file.read(begin * size, Math.max(0, Math.min(from + count, total) - begin) * size)
  const entries: FileEntry[] = []
  let previous: Values | undefined
  for (let index = begin; index < begin + Math.floor(chunk.length / size); index++) {
    const place = { index, position: index * size, sizeBytes: size }
    let values: Values
    try {
      values = { ...read(chunk, index - begin, baseOffset) } as Values
    } catch (problem) {
      if (!(problem instanceof MalformedMessage)) throw problem
      if (index >= from)
        entries.push({
          ...place,
          values: {},
          problem: { code: 'other', told: wrongTold(wrong('malformed', { why: problem.reason })) },
          leadsTo: null,
        })
      continue
    }
    if (index >= from) {
      const isRising = previous === undefined || source.kind === 'txnindex' || values.offset > previous.offset
      const verdict = log === undefined ? undefined : await check(log, values)
      const disorder: EntryProblem = { code: 'outOfOrder', detail: `${previous?.offset}` }
      entries.push({
        ...place,
        values,
        problem: isRising ? (verdict?.problem ?? null) : disorder,
        leadsTo: verdict?.leadsTo ?? null,
      })
    }
    previous = values
  }
  const torn = file.size - whole
  return { entries, total, unusedBytes: whole - used, problem: torn === 0 ? null : wrongTold(wrong('tornEntry', { bytes: torn })) }
}

/** What entries hold: each kind some of it. */
type Values = Readonly<Record<'offset' | 'position' | 'timestamp' | 'lastOffset' | 'producerId', number>>

interface Verdict {
  readonly problem: EntryProblem | null
  readonly leadsTo: number | null
}

interface Format {
  readonly bytes: number
  read(chunk: Buffer, index: number, baseOffset: number): object
  check(log: IndexedLog, values: Values): Promise<Verdict>
}

const problem = (code: Exclude<EntryProblem['code'], 'other'>, detail: unknown = ''): EntryProblem => ({ code, detail: String(detail) })

const formats: Readonly<Record<IndexKind, Format>> = {
  index: {
    bytes: OFFSET_INDEX_ENTRY_BYTES,
    read: readOffsetIndexEntry,
    async check({ window }, { offset, position }) {
      if (!(await isPlausible(window, position))) return { problem: problem('noBatchThere', position), leadsTo: null }
      const last = lastOffset(await window.read(position, BATCH_HEADER_BYTES))
      return { problem: last === offset ? null : problem('otherLastOffset', last), leadsTo: position }
    },
  },
  timeindex: {
    bytes: TIME_INDEX_ENTRY_BYTES,
    read: readTimeIndexEntry,
    async check(log, { offset, timestamp }) {
      const found = await batchEndingWith(log, offset)
      if (found === undefined) return { problem: problem('noBatchOfOffset', offset), leadsTo: null }
      const newest = maxTimestamp(found.header)
      return { problem: newest === timestamp ? null : problem('otherTimestamp', newest), leadsTo: found.position }
    },
  },
  txnindex: {
    bytes: TXN_INDEX_ENTRY_BYTES,
    read: readAbortedTransaction,
    async check(log, values) {
      const found = await batchEndingWith(log, values.lastOffset)
      if (found === undefined) return { problem: problem('noBatchOfOffset', values.lastOffset), leadsTo: null }
      const step = transactionStepOf(await log.window.read(found.position, found.sizeBytes))
      const isIt = step?.type === 'abort' && step.producerId === values.producerId
      return { problem: isIt ? null : problem('noAbortThere', values.producerId), leadsTo: found.position }
    },
  },
}

async function batchEndingWith(log: IndexedLog, offset: number) {
  for await (const each of walkLog(log, await batchBefore(log, { offset }))) {
    if (each.kind === 'broken') continue
    const last = lastOffset(each.header)
    if (last === offset) return each
    if (last > offset) return undefined
  }
  return undefined
}

const CHUNK_BYTES = 96 * 1024

/** Where nothing but zeros follows: room for entries to come. One entry of zeros alone is the first batch. */
async function usedBytes(file: ReadableFile, { whole, size }: { readonly whole: number; readonly size: number }): Promise<number> {
  if (whole === size) return whole
  for (let end = whole; end > 0;) {
    const begin = Math.max(0, end - CHUNK_BYTES)
    const chunk = await file.read(begin, end - begin)
    const last = chunk.findLastIndex(byte => byte !== 0)
    if (last >= 0) return Math.ceil((begin + last + 1) / size) * size
    end = begin
  }
  return 0
}
