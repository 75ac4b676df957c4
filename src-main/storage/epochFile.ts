import { decodeLeaderEpochCheckpoint, encodeLeaderEpochCheckpoint } from '../protocol/files/checkpoints.ts'
import { MalformedMessage } from '../protocol/byteReader.ts'
import type { Disk } from '../env/env.ts'
import { EpochCache } from './epochCache.ts'
import { isOutOfSpace } from './outOfSpace.ts'

/** What it is called in the folder of its log. */
export const EPOCHS_FILE = 'leader-epoch-checkpoint'
const NO_EPOCHS = encodeLeaderEpochCheckpoint([])

/** An epoch cache and its file. Changes are made in memory at once; `persist` brings them to the disk, and must before data of a new epoch. */
export class EpochFile {
  readonly cache: EpochCache
  readonly #disk: Disk
  readonly #directory: string
  readonly #path: string
  #isDirty = false
  /** One at a time. Once it failed it stays failed, unless it was merely refused. */
  #writing: Promise<void> = Promise.resolve()
  /** What the file holds; nothing when there is none. */
  #persisted: Buffer

  constructor(disk: Disk, directory: string, persisted: Buffer) {
    this.#disk = disk
    this.#directory = directory
    this.#path = `${directory}/${EPOCHS_FILE}`
    const entries = decodeLeaderEpochCheckpoint(persisted)
    this.cache = new EpochCache(entries)
    if (this.cache.entries.length !== entries.length) throw new MalformedMessage(`the epochs in ${this.#path} are out of order`, 0)
    this.#persisted = persisted
  }

  static async load(disk: Disk, directory: string, names: ReadonlySet<string>): Promise<EpochFile> {
    return new EpochFile(disk, directory, names.has(EPOCHS_FILE) ? await disk.readFile(`${directory}/${EPOCHS_FILE}`) : NO_EPOCHS)
  }

  /** For changes made through `cache`, with what they returned. */
  changed(hasChanged: boolean): void {
    if (hasChanged) this.#isDirty = true
  }

  /** All or nothing, and durable. Does nothing when the file says the same already. Refused by a full disk, it may be called again. */
  persist(): Promise<void> {
    if (!this.#isDirty) return this.#writing
    this.#isDirty = false
    const bytes = encodeLeaderEpochCheckpoint(this.cache.entries)
    const isEmpty = this.cache.entries.length === 0
    const writing = this.#writing.then(async () => {
      if (bytes.equals(this.#persisted)) return
      if (isEmpty) await this.#remove()
      else await this.#disk.replaceFile(this.#path, bytes)
      this.#persisted = bytes
    })
    this.#writing = writing
    writing.catch((problem: unknown) => {
      if (!isOutOfSpace(problem)) return
      this.#isDirty = true
      if (this.#writing === writing) this.#writing = Promise.resolve()
    })
    return writing
  }

  /** No file says the same as an empty one, and a log that starts over on a full disk has room for it. */
  async #remove(): Promise<void> {
    await this.#disk.remove(this.#path)
    await this.#disk.syncDirectory(this.#directory)
  }
}
