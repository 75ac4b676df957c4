import type { Logger } from '../base/logger.ts'
import type { Uuid } from '../base/uuid.ts'
import { type Disk, DiskError } from '../env/env.ts'

/** Our own; Kafka knows no such file, and leaves it alone. A directory id to a line. */
const FILE = 'failed-log-directories'
const DIRECTORY_ID = /^[\w-]{22}$/

/**
 * Which log folders have failed, as the other folders remember it: a process that uses one of them again must not take for stored what the disk gives back
 * (see `rewriteLogFiles`). Differs from Kafka, which forgets it with the process.
 */
export class FailedFolders {
  readonly #disk: Disk
  readonly #log: Logger
  readonly #ids: Set<Uuid>
  #writing: Promise<void> = Promise.resolve()

  private constructor(disk: Disk, log: Logger, ids: Set<Uuid>) {
    this.#disk = disk
    this.#log = log
    this.#ids = ids
  }

  /** What any of these folders remembers. One that cannot tell is left out. */
  static async read(disk: Disk, paths: readonly string[], log: Logger): Promise<FailedFolders> {
    const ids = new Set<Uuid>()
    await Promise.all(
      paths.map(async path => {
        try {
          const text = (await disk.readFile(`${path}/${FILE}`)).toString('latin1')
          for (const line of text.split('\n')) if (DIRECTORY_ID.test(line)) ids.add(line)
        } catch (problem) {
          if (!(problem instanceof DiskError)) throw problem
          if (problem.code !== 'ENOENT') log.warn('what a log folder remembers of failed ones cannot be read', { path, problem })
        }
      }),
    )
    return new FailedFolders(disk, log, ids)
  }

  has(id: Uuid): boolean {
    return this.#ids.has(id)
  }

  /** Resolves when as many of the folders as can have written it down. */
  add(id: Uuid, paths: readonly string[]): Promise<void> {
    this.#ids.add(id)
    return this.#write(paths)
  }

  /** Every log of these folders was brought to the disk since. */
  async forget(ids: Iterable<Uuid>, paths: readonly string[]): Promise<void> {
    const before = this.#ids.size
    for (const id of ids) this.#ids.delete(id)
    if (this.#ids.size < before) await this.#write(paths)
  }

  #write(paths: readonly string[]): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const bytes = Buffer.from([...this.#ids].map(id => `${id}\n`).join(''), 'latin1')
      await Promise.all(
        paths.map(async path => {
          try {
            await this.#disk.replaceFile(`${path}/${FILE}`, bytes)
          } catch (problem) {
            if (!(problem instanceof DiskError)) throw problem
            this.#log.warn('a log folder does not take down which others failed', { path, problem })
          }
        }),
      )
    })
    return this.#writing
  }
}
