import type { MessageRow, OffsetRange } from '../../../../src-main/contract/messages.ts'
import type { Extent, Place } from './rowMapping.ts'

/** What the host reads in one answer. */
export const READ_LIMIT = 1000

/** A run of offsets of one partition that was read once. Offsets in [from, to) without a row have no record. */
interface Page {
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly rows: ReadonlyMap<number, MessageRow>
}

/** The pages read last, aligned to `pageLength` offsets, at most `capacity` of them. */
export class PageCache {
  readonly #pages = new Map<string, Page>()
  readonly #pageLength: number
  readonly #capacity: number

  constructor({ pageLength, capacity }: { pageLength: number; capacity: number }) {
    this.#pageLength = pageLength
    this.#capacity = capacity
  }

  /** The record at a place, `null` where there is none, `undefined` where nobody has looked yet. */
  find({ partition, offset }: Place): MessageRow | null | undefined {
    const page = this.#pages.get(this.#key(partition, offset))
    return page && offset >= page.from && offset < page.to ? (page.rows.get(offset) ?? null) : undefined
  }

  /** All that is known: offsets with a record, and offsets without. */
  known(): { readonly records: OffsetRange[]; readonly empty: OffsetRange[] } {
    const records: OffsetRange[] = []
    const empty: OffsetRange[] = []
    for (const { partition, from, to, rows } of this.#pages.values()) {
      for (let offset = from; offset < to; offset++) (rows.has(offset) ? records : empty).push({ partition, from: offset, to: offset + 1 })
    }
    return { records, empty }
  }

  /** What has to be read to know these places, nearest the start of the list first, no more than one answer holds. */
  missing(places: readonly Place[], extents: readonly Extent[]): OffsetRange[] {
    const ranges = new Map<string, OffsetRange>()
    let offsets = 0
    for (const place of places) {
      const key = this.#key(place.partition, place.offset)
      if (ranges.has(key) || this.find(place) !== undefined) continue
      const extent = extents.find(each => each.partition === place.partition)
      if (!extent) continue
      const first = Math.floor(place.offset / this.#pageLength) * this.#pageLength
      const range = { partition: place.partition, from: Math.max(first, extent.start), to: Math.min(first + this.#pageLength, extent.end) }
      offsets += range.to - range.from
      if (offsets > READ_LIMIT) break
      ranges.set(key, range)
    }
    return [...ranges.values()]
  }

  put(ranges: readonly OffsetRange[], rows: readonly MessageRow[]) {
    for (const { partition, from, to } of ranges) {
      const key = this.#key(partition, from)
      this.#pages.delete(key) // a page that is put again becomes the youngest
      this.#pages.set(key, {
        partition,
        from,
        to,
        rows: new Map(
          rows.filter(row => row.partition === partition && row.offset >= from && row.offset < to).map(row => [row.offset, row]),
        ),
      })
    }
    for (const key of this.#pages.keys()) {
      if (this.#pages.size <= this.#capacity) break
      this.#pages.delete(key)
    }
  }

  #key(partition: number, offset: number) {
    return `${partition}/${Math.floor(offset / this.#pageLength)}`
  }
}
