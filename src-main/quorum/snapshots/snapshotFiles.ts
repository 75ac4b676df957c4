import type { Logger } from '../../base/logger.ts'
import { assert } from '../../base/assert.ts'
import { type Clock, type Disk, DiskError } from '../../env/env.ts'
import { parseSnapshotFileName, type SnapshotId, snapshotFileName } from '../../protocol/files/fileNames.ts'
import type { MetadataRecord } from '../../protocol/messages/metadataRecords.ts'
import { isOutOfSpace } from '../../storage/outOfSpace.ts'
import { DamagedSnapshot, recordsOfSnapshot } from './snapshotContent.ts'

export interface KeptSnapshot extends SnapshotId {
  readonly sizeInBytes: number
  /** Milliseconds since 1970. */
  readonly writtenMs: number
}

/** What all records below `endOffset` add up to. */
export interface LoadedSnapshot extends SnapshotId {
  readonly records: readonly MetadataRecord[]
}

/**
 * The snapshots in the directory of the metadata log. Each is written or fetched under a name of its own and gets its final one when all of it is on the
 * disk: a crash leaves whole snapshots, and rests that the next start takes away.
 *
 *   00000000000000000042-0000000007.checkpoint         all records below offset 42, the last of them of epoch 7
 *   00000000000000000042-0000000007.checkpoint.part    being written, or fetched
 */
export class SnapshotFiles {
  readonly #clock: Clock
  readonly #disk: Disk
  readonly #directory: string
  readonly #logger: Logger
  /** Ascending. */
  #kept: readonly KeptSnapshot[] = []
  #receiving: { readonly id: SnapshotId; size: number } | undefined

  constructor({ clock, disk }: { readonly clock: Clock; readonly disk: Disk }, directory: string, logger: Logger) {
    this.#clock = clock
    this.#disk = disk
    this.#directory = directory
    this.#logger = logger
  }

  /** Looks which there are, and takes away what a crash left of others. Ones that cover nothing are Kafka's first records: not ours to touch. */
  async open(): Promise<void> {
    const kept: KeptSnapshot[] = []
    for (const { name, isDirectory } of await this.#disk.list(this.#directory)) {
      const parsed = isDirectory ? undefined : parseSnapshotFileName(name)
      if (parsed === undefined || parsed.endOffset === 0) continue
      const path = `${this.#directory}/${name}`
      if (parsed.suffix === '') {
        const { endOffset, epoch } = parsed
        const { size, modifiedMs } = (await this.#disk.stat(path))!
        kept.push({ endOffset, epoch, sizeInBytes: size, writtenMs: modifiedMs })
      } else await this.#disk.remove(path)
    }
    this.#kept = kept.sort((one, other) => one.endOffset - other.endOffset || one.epoch - other.epoch)
  }

  get kept(): readonly KeptSnapshot[] {
    return this.#kept
  }

  get latest(): SnapshotId | undefined {
    return this.#kept.at(-1)
  }

  endingAt(offset: number): SnapshotId | undefined {
    return this.#kept.find(each => each.endOffset === offset)
  }

  /** All of it, verified. Throws `DamagedSnapshot`. */
  async load({ endOffset, epoch }: SnapshotId): Promise<LoadedSnapshot> {
    return { endOffset, epoch, records: recordsOfSnapshot(await this.#disk.readFile(this.#pathOf({ endOffset, epoch }))) }
  }

  /** Resolves when the snapshot is on the disk for good; with false when `isCalledOff` came first. */
  async write(id: SnapshotId, content: Iterable<Buffer>, isCalledOff: () => boolean): Promise<boolean> {
    const part = `${this.#pathOf(id)}.part`
    await this.#disk.remove(part)
    const file = await this.#disk.open(part, { create: true })
    try {
      for (const chunk of content) {
        if (isCalledOff()) return false
        await file.append([chunk])
      }
      await file.sync()
    } catch (problem) {
      if (isOutOfSpace(problem)) await this.#disk.remove(part)
      throw problem
    } finally {
      await file.close()
    }
    if (isCalledOff()) return false
    await this.#publish(id)
    return true
  }

  /** Keeps a piece of a snapshot that another node has. A piece at 0 begins anew; every other one follows the one before it. */
  async receive(id: SnapshotId, position: number, bytes: Buffer): Promise<void> {
    const part = `${this.#pathOf(id)}.part`
    if (position === 0) {
      const before = this.#receiving
      this.#receiving = { id, size: 0 }
      if (before !== undefined) await this.#disk.remove(`${this.#pathOf(before.id)}.part`)
      await this.#disk.remove(part)
    }
    const receiving = this.#receiving
    assert(receiving !== undefined && isSame(receiving.id, id), 'a piece follows the piece before it')
    assert(receiving.size === position, () => `a piece at ${position} follows ${receiving.size} bytes`)
    const file = await this.#disk.open(part, { create: true })
    try {
      await file.append([bytes])
      receiving.size += bytes.length
    } finally {
      await file.close()
    }
  }

  /** All pieces are there: verifies and keeps the snapshot. Throws `DamagedSnapshot`, and then nothing of it is left. */
  async finishReceiving({ endOffset, epoch }: SnapshotId): Promise<LoadedSnapshot> {
    const id = { endOffset, epoch }
    const part = `${this.#pathOf(id)}.part`
    this.#receiving = undefined
    let loaded: LoadedSnapshot
    try {
      loaded = { ...id, records: recordsOfSnapshot(await this.#disk.readFile(part)) }
    } catch (problem) {
      if (problem instanceof DamagedSnapshot) await this.#disk.remove(part)
      throw problem
    }
    const file = await this.#disk.open(part)
    try {
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#publish(id)
    return loaded
  }

  /** At most `maxBytes` of one from `position` on. */
  async read(
    id: SnapshotId,
    { position, maxBytes }: { readonly position: number; readonly maxBytes: number },
  ): Promise<{ readonly size: number; readonly bytes: Buffer } | 'SNAPSHOT_NOT_FOUND' | 'POSITION_OUT_OF_RANGE'> {
    if (!this.#kept.some(each => isSame(each, id))) return 'SNAPSHOT_NOT_FOUND'
    try {
      const file = await this.#disk.open(this.#pathOf(id))
      try {
        const { size } = file
        if (position < 0 || position >= size) return 'POSITION_OUT_OF_RANGE'
        return { size, bytes: await file.read(position, Math.min(maxBytes, size - position)) }
      } finally {
        await file.close()
      }
    } catch (problem) {
      if (problem instanceof DiskError && problem.code === 'ENOENT') return 'SNAPSHOT_NOT_FOUND' // deleted meanwhile
      throw problem
    }
  }

  async remove(id: SnapshotId): Promise<void> {
    this.#kept = this.#kept.filter(each => !isSame(each, id))
    await this.#disk.remove(this.#pathOf(id))
  }

  async removeBelow(endOffset: number): Promise<void> {
    for (const each of this.#kept) {
      if (each.endOffset >= endOffset) break
      await this.remove(each)
      this.#logger.debug('an old snapshot of the metadata was deleted', { endOffset: each.endOffset, epoch: each.epoch })
    }
  }

  async #publish(id: SnapshotId): Promise<void> {
    const path = this.#pathOf(id)
    await this.#disk.rename(`${path}.part`, path)
    await this.#disk.syncDirectory(this.#directory)
    const { size } = (await this.#disk.stat(path))!
    const kept: KeptSnapshot = { endOffset: id.endOffset, epoch: id.epoch, sizeInBytes: size, writtenMs: this.#clock.now() }
    this.#kept = [...this.#kept.filter(each => !isSame(each, id)), kept].sort(
      (one, other) => one.endOffset - other.endOffset || one.epoch - other.epoch,
    )
  }

  #pathOf(id: SnapshotId): string {
    return `${this.#directory}/${snapshotFileName(id)}`
  }
}

function isSame(one: SnapshotId, other: SnapshotId): boolean {
  return one.endOffset === other.endOffset && one.epoch === other.epoch
}
