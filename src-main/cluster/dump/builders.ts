import { encodeControlRecord } from '../../protocol/messages/controlRecords.ts'
import { encodeAbortedTransaction, encodeOffsetIndexEntry, encodeTimeIndexEntry } from '../../protocol/files/indexEntries.ts'
import { baseOffset, batchesIn, batchSize, lastOffset, maxTimestamp } from '../../protocol/records/batch.ts'
import { buildBatch, type NewBatch, type NewRecord } from '../../protocol/records/batchBuilder.ts'
import { dump } from './dump.ts'
import { itemJson } from './formatJson.ts'
import { itemText, problemText } from './formatText.ts'
import type { DumpItem, ReadableFiles } from './items.ts'

/** For tests: what they do not say does not matter to them. */

export const SOME_TIME = 1_700_000_000_000

/** Files by absolute path, in memory. */
export function filesOf(content: Readonly<Record<string, Buffer>>): ReadableFiles {
  const folders = new Set(Object.keys(content).flatMap(path => path.split('/').map((_, index, parts) => parts.slice(0, index).join('/'))))
  return {
    async open(path) {
      const bytes = content[path] ?? Buffer.alloc(0)
      return { size: bytes.length, read: async (at, length) => bytes.subarray(at, at + length), close: async () => undefined }
    },
    async stat(path) {
      const bytes = content[path]
      return bytes === undefined && !folders.has(path) ? undefined : { size: bytes?.length ?? 0, isDirectory: bytes === undefined }
    },
    async list(folder) {
      const names = Object.keys(content).flatMap(path => (path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : []))
      return [...new Set(names.map(name => name.split('/')[0] ?? ''))].map(name => ({
        name,
        isDirectory: folders.has(`${folder}/${name}`),
      }))
    },
  }
}

export async function itemsOf(files: ReadableFiles, paths: readonly string[], { verify = true } = {}): Promise<DumpItem[]> {
  const all: DumpItem[] = []
  for await (const items of dump(files, paths, { verify })) all.push(...items)
  return all
}

/** As the command line shows them. */
export function linesOf(items: readonly DumpItem[]): string[] {
  return items.map(item => (item.type === 'problem' ? problemText(item) : itemText(item)))
}

export function objectsOf(items: readonly DumpItem[]): unknown[] {
  return items.map(item => JSON.parse(itemJson(item)) as unknown)
}

export function problemsOf(items: readonly DumpItem[]): string[] {
  return items.flatMap(item => (item.type === 'problem' ? [problemText(item)] : []))
}

export function aRecord(value: string | Buffer | null, rest: Partial<NewRecord> = {}): NewRecord {
  return { timestamp: SOME_TIME, key: Buffer.from('key'), value: typeof value === 'string' ? Buffer.from(value) : value, ...rest }
}

/** Batches one behind the other, their offsets without gaps unless they say otherwise. */
export function aLog(...batches: readonly Partial<NewBatch>[]): Buffer {
  let nextOffset = 0
  const built = batches.map(each => {
    const batch = buildBatch({ records: [aRecord('value')], leaderEpoch: 0, baseOffset: nextOffset, ...each })
    nextOffset = lastOffset(batch) + 1
    return batch
  })
  return Buffer.concat(built)
}

/** The end of a transaction. */
export function aMarker(type: 'abort' | 'commit', producerId: number): NewBatch {
  const record = encodeControlRecord({ type, coordinatorEpoch: 3 })
  return { records: [{ timestamp: SOME_TIME, ...record }], producerId, producerEpoch: 0, isTransactional: true, isControl: true }
}

/** Entries for all batches but the first. */
export function offsetIndexOf(log: Buffer): Buffer {
  const positions = [...batchesIn(log)].slice(1)
  return Buffer.concat(positions.map(position => encodeOffsetIndexEntry({ offset: lastOffset(log, position), position }, 0)))
}

/** Entries for all batches of which the timestamp is a new largest. */
export function timeIndexOf(log: Buffer): Buffer {
  let largest = -1
  const entries: Buffer[] = []
  for (const at of batchesIn(log)) {
    if (maxTimestamp(log, at) <= largest) continue
    largest = maxTimestamp(log, at)
    entries.push(encodeTimeIndexEntry({ timestamp: largest, offset: lastOffset(log, at) }, 0))
  }
  return Buffer.concat(entries)
}

export const abortedEntry = encodeAbortedTransaction

/** Where the batch with that offset lies. */
export function positionOf(log: Buffer, offset: number): number {
  for (const at of batchesIn(log)) if (baseOffset(log, at) <= offset && offset <= lastOffset(log, at)) return at
  throw new RangeError(`offset ${offset} is not in the log`)
}

export function sizeAt(log: Buffer, position: number): number {
  return batchSize(log, position)
}
