import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'

const Kept = z.object({ readOnly: z.array(z.string()) })

/** Which clusters may only be looked at, kept in a file over restarts. */
export class ReadOnlyClusters {
  readonly #path: string
  #ids: ReadonlySet<string>
  #writing: Promise<void> = Promise.resolve()
  readonly #listeners = new Set<() => void>()

  /** `otherwise`: those that are read-only when the file is there and cannot be understood: whoever wanted to be careful still is. */
  constructor(path: string, otherwise: readonly string[]) {
    this.#path = path
    this.#ids = new Set(idsIn(path) ?? otherwise)
  }

  get ids(): string[] {
    return [...this.#ids]
  }

  has(clusterId: string): boolean {
    return this.#ids.has(clusterId)
  }

  /** Read-only is in force at once; a change is possible again only when that is in the file. */
  set(clusterId: string, isReadOnly: boolean): Promise<void> {
    if (isReadOnly) this.#become(clusterId, true)
    const written = this.#writing.then(async () => {
      const ids = new Set(this.#ids)
      if (!isReadOnly) ids.delete(clusterId)
      await this.#write([...ids])
      if (!isReadOnly) this.#become(clusterId, false)
    })
    this.#writing = written.catch(() => undefined) // told to whoever asked for it; the next one may succeed
    return written
  }

  /** Returns how to stop listening. */
  onChange(listen: () => void): () => void {
    this.#listeners.add(listen)
    return () => this.#listeners.delete(listen)
  }

  #become(clusterId: string, isReadOnly: boolean) {
    const ids = new Set(this.#ids)
    if (isReadOnly) ids.add(clusterId)
    else ids.delete(clusterId)
    this.#ids = ids
    for (const listen of this.#listeners) listen()
  }

  async #write(readOnly: readonly string[]): Promise<void> {
    const fresh = `${this.#path}.${randomBytes(4).toString('hex')}`
    try {
      await writeFile(fresh, `${JSON.stringify({ readOnly })}\n`, { mode: 0o600, flag: 'wx' })
      await rename(fresh, this.#path)
    } finally {
      await rm(fresh, { force: true })
    }
  }
}

/** None when there is no file; undefined when it makes no sense. */
function idsIn(path: string): readonly string[] | undefined {
  try {
    return Kept.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data?.readOnly
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : undefined
  }
}
