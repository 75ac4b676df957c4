import { decodeProducerSnapshot, encodeProducerSnapshot, type ProducerSnapshotEntry } from '../protocol/files/producerSnapshot.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import type { Disk } from '../env/env.ts'
import { logFileName } from '../protocol/files/fileNames.ts'

/** The `<offset>.snapshot` files of one log: what was known of its producers below that offset. */
export class ProducerSnapshots {
  readonly #disk: Disk
  readonly #directory: string
  /** Ascending. */
  #offsets: number[]

  constructor(disk: Disk, directory: string, offsets: readonly number[]) {
    this.#disk = disk
    this.#directory = directory
    this.#offsets = offsets.toSorted((one, other) => one - other)
  }

  get newest(): number | undefined {
    return this.#offsets.at(-1)
  }

  /** The newest readable one at or below `offset`. Unreadable ones are removed: the log itself holds all they could tell. */
  async loadNewest(offset: number): Promise<{ readonly offset: number; readonly entries: ProducerSnapshotEntry[] } | undefined> {
    for (;;) {
      const found = this.#offsets.findLast(each => each <= offset)
      if (found === undefined) return undefined
      try {
        return { offset: found, entries: decodeProducerSnapshot(await this.#disk.readFile(this.#path(found))) }
      } catch (problem) {
        if (!(problem instanceof MalformedMessage)) throw problem
        await this.#remove(found)
      }
    }
  }

  async write(offset: number, entries: readonly ProducerSnapshotEntry[]): Promise<void> {
    await this.#disk.replaceFile(this.#path(offset), encodeProducerSnapshot(entries))
    if (this.#offsets.includes(offset)) return
    this.#offsets.push(offset)
    this.#offsets.sort((one, other) => one - other)
  }

  /** Snapshots that describe more than is in the log must go before anything else is written there. */
  async removeAbove(offset: number): Promise<void> {
    for (const each of this.#offsets.filter(each => each > offset)) await this.#remove(each)
  }

  /** Keeps those at the beginnings of segments, from which a recovery may have to start, and the newest. */
  async retain(segmentBases: readonly number[]): Promise<void> {
    const bases = new Set(segmentBases)
    for (const each of this.#offsets.slice(0, -1)) if (!bases.has(each)) await this.#remove(each)
  }

  async #remove(offset: number): Promise<void> {
    this.#offsets = this.#offsets.filter(each => each !== offset)
    await this.#disk.remove(this.#path(offset))
  }

  #path(offset: number): string {
    return `${this.#directory}/${logFileName(offset, 'snapshot')}`
  }
}
