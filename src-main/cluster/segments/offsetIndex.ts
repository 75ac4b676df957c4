import { OFFSET_INDEX_ENTRY_BYTES, type OffsetIndexEntry, readOffsetIndexEntry } from '../../protocol/files/indexEntries.ts'
import type { ReadableFile } from '../dump/items.ts'

/** Kafka's own are never larger than `segment.index.bytes`, 10 MB unless somebody says otherwise. */
const MOST_BYTES = 64 * 1024 * 1024

/** The places that an offset index names. It may be wrong in any way: what it says of the log is for the log to confirm. */
export class OffsetIndex {
  readonly #bytes: Buffer
  readonly #baseOffset: number
  readonly count: number

  constructor(bytes: Buffer, baseOffset: number) {
    this.#bytes = bytes
    this.#baseOffset = baseOffset
    this.count = usedEntries(bytes)
  }

  static async read(file: ReadableFile, baseOffset: number): Promise<OffsetIndex> {
    return new OffsetIndex(await file.read(0, Math.min(file.size, MOST_BYTES)), baseOffset)
  }

  entry(index: number): OffsetIndexEntry {
    return readOffsetIndexEntry(this.#bytes, index, this.#baseOffset)
  }

  /** The number of the last entry of which `isBefore` is true, -1 without one: it is true for a beginning of the entries. */
  lastWhere(isBefore: (entry: OffsetIndexEntry) => boolean): number {
    let [low, high] = [0, this.count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(this.entry(middle))) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

/** Zeros behind the entries are room for entries to come; one entry of zeros alone is the first batch. */
function usedEntries(bytes: Buffer): number {
  let end = bytes.length - (bytes.length % OFFSET_INDEX_ENTRY_BYTES)
  while (end > OFFSET_INDEX_ENTRY_BYTES && bytes.readInt32BE(end - 8) === 0 && bytes.readInt32BE(end - 4) === 0)
    end -= OFFSET_INDEX_ENTRY_BYTES
  return end / OFFSET_INDEX_ENTRY_BYTES
}
