import type { Finding } from '../../contract/segments.ts'
import { BATCH_HEADER_BYTES, BATCH_PREFIX_BYTES, batchLength, batchSize, lastOffset, MAGIC, magic } from '../../protocol/records/batch.ts'
import type { FileWindow } from './fileWindow.ts'
import type { OffsetIndex } from './offsetIndex.ts'

/** No request carries a larger one: a length field that says more is a wrong one. */
export const MAX_BATCH_BYTES = 128 * 1024 * 1024

/** What lies at a place of a log: a batch by its length field, which may be corrupt in every other respect, or bytes that are none. */
export type Walked =
  | { readonly kind: 'batch'; readonly position: number; readonly sizeBytes: number; readonly header: Buffer }
  | { readonly kind: 'broken'; readonly position: number; readonly sizeBytes: number; readonly finding: Finding }

/** A log and its index, as far as it has one. */
export interface IndexedLog {
  readonly window: FileWindow
  readonly index: OffsetIndex | undefined
}

/**
 * What follows `from`, where a batch has to begin, up to the end of the file. Only headers are read. Behind bytes that are no batch it goes on where
 * the index knows the next one to begin.
 */
export async function* walkLog({ window, index }: IndexedLog, from: number): AsyncGenerator<Walked, void, undefined> {
  for (let position = from; position < window.size;) {
    const walked = await stepAt({ window, index }, position)
    yield walked
    position += walked.sizeBytes
  }
}

async function stepAt(log: IndexedLog, position: number): Promise<Walked> {
  const { window } = log
  const available = window.size - position
  const header = Buffer.from(await window.read(position, Math.min(BATCH_HEADER_BYTES, available)))
  const broken = async (finding: Omit<Finding, 'byte'>): Promise<Walked> => ({
    kind: 'broken',
    position,
    sizeBytes: (await nextBatch(log, position)) - position,
    finding: { ...finding, byte: null },
  })
  if (header.length < BATCH_HEADER_BYTES) return broken({ code: 'torn', field: 'batchLength', found: `${available}`, expected: null })
  const size = batchSize(header)
  const found = `${batchLength(header)}`
  if (size < BATCH_HEADER_BYTES || size > MAX_BATCH_BYTES)
    return broken({ code: 'lengthImpossible', field: 'batchLength', found, expected: null })
  const isFamiliar = magic(header) === MAGIC
  if (size > available) {
    if (!isFamiliar) return broken({ code: 'magicUnknown', field: 'magic', found: `${magic(header)}`, expected: `${MAGIC}` })
    return broken({ code: 'torn', field: 'batchLength', found, expected: `${available - BATCH_PREFIX_BYTES}` })
  }
  // A wrong magic alone does not hide where the batch ends.
  if (!isFamiliar && !(size === available || (await isPlausible(window, position + size))))
    return broken({ code: 'magicUnknown', field: 'magic', found: `${magic(header)}`, expected: `${MAGIC}` })
  return { kind: 'batch', position, sizeBytes: size, header }
}

/** Where the index says that the next batch begins, if one does; else the end of the file. */
async function nextBatch({ window, index }: IndexedLog, position: number): Promise<number> {
  if (index === undefined) return window.size
  for (let at = index.lastWhere(entry => entry.position <= position) + 1; at < index.count; at++) {
    const entry = index.entry(at)
    if (entry.position > position && (await isPlausible(window, entry.position, entry.offset))) return entry.position
  }
  return window.size
}

/** Whether a batch may begin there, and end with the offset that the index says. */
export async function isPlausible(window: FileWindow, position: number, last?: number): Promise<boolean> {
  if (position < 0 || position + BATCH_HEADER_BYTES > window.size) return false
  const header = await window.read(position, BATCH_HEADER_BYTES)
  if (header.length < BATCH_HEADER_BYTES || magic(header) !== MAGIC) return false
  const size = batchSize(header)
  if (size < BATCH_HEADER_BYTES || size > MAX_BATCH_BYTES || size > window.size - position) return false
  return last === undefined || lastOffset(header) === last
}

/** How many entries of an index may be wrong before it is worth nothing. */
const TRIES = 32

/** The beginning of a batch at or before the place, as near as the index knows one. */
export async function batchBefore(log: IndexedLog, place: { readonly offset: number } | { readonly position: number }): Promise<number> {
  const { window, index } = log
  if (index === undefined) return 0
  const last = index.lastWhere(entry => ('offset' in place ? entry.offset <= place.offset : entry.position <= place.position))
  for (let at = last; at >= 0 && at > last - TRIES; at--) {
    const { offset, position } = index.entry(at)
    if (await isPlausible(window, position, offset)) return position
  }
  return 0
}
