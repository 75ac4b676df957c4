import type { Logger } from '../base/logger.ts'
import type { Uuid } from '../base/uuid.ts'
import { DiskError, type Env } from '../env/env.ts'
import { isOutOfSpace, SPACE_CHECK_MS } from './outOfSpace.ts'

/** Our own; Kafka knows no such file, and leaves it alone. A directory id to a line. */
const FILE = 'failed-log-directories'
const DIRECTORY_ID = /^[\w-]{22}$/

/**
 * Which log folders have failed, as the other folders remember it: a process that uses one of them again must not take for stored what the disk gives back
 * (see `rewriteLogFiles`). Differs from Kafka, which forgets it with the process.
 */
export class FailedFolders {
  readonly #env: Pick<Env, 'clock' | 'disk'>
  readonly #log: Logger
  readonly #ids: Set<Uuid>
  #writing: Promise<void> = Promise.resolve()
  #isClosed = false

  private constructor(env: Pick<Env, 'clock' | 'disk'>, log: Logger, ids: Set<Uuid>) {
    this.#env = env
    this.#log = log
    this.#ids = ids
  }

  /** What any of these folders remembers. One that cannot tell is left out. */
  static async read(env: Pick<Env, 'clock' | 'disk'>, paths: readonly string[], log: Logger): Promise<FailedFolders> {
    const ids = new Set<Uuid>()
    await Promise.all(
      paths.map(async path => {
        try {
          const text = (await env.disk.readFile(`${path}/${FILE}`)).toString('latin1')
          for (const line of text.split('\n')) if (DIRECTORY_ID.test(line)) ids.add(line)
        } catch (problem) {
          if (!(problem instanceof DiskError)) throw problem
          if (problem.code !== 'ENOENT') log.warn('what a log folder remembers of failed ones cannot be read', { path, problem })
        }
      }),
    )
    return new FailedFolders(env, log, ids)
  }

  has(id: Uuid): boolean {
    return this.#ids.has(id)
  }

  /** Resolves when as many of the folders as can have written it down; a full one goes on trying. */
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
      const full: string[] = []
      const bytes = Buffer.from([...this.#ids].map(id => `${id}\n`).join(''), 'latin1')
      await Promise.all(
        paths.map(async path => {
          try {
            await this.#env.disk.replaceFile(`${path}/${FILE}`, bytes)
          } catch (problem) {
            if (!(problem instanceof DiskError)) throw problem
            this.#log.warn('a log folder does not take down which others failed', { path, problem })
            if (isOutOfSpace(problem)) full.push(path)
          }
        }),
      )
      if (full.length > 0) this.#env.clock.after(SPACE_CHECK_MS, () => this.#isClosed || this.#write(full))
    })
    return this.#writing
  }

  /** Tries no more. */
  close(): void {
    this.#isClosed = true
  }
}
