import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { AuditEntry } from '../contract/audit.ts'

/** Some ten thousand lines. */
const FILE_BYTES = 4 * 1024 * 1024
/** Beside the one that is written to. */
const OLDER_FILES = 8

export interface AuditFileOptions {
  /** A file that has grown beyond this is put aside. */
  readonly fileBytes?: number
  /** Of those put aside, so many are kept. */
  readonly olderFiles?: number
}

/** The newest changes, and what else there is. */
export interface AuditNewest {
  readonly entries: AuditEntry[]
  readonly hasMore: boolean
  readonly olderFiles: number
}

/**
 * The audit log: a line of JSON for each change, appended, read by its owner only. A file that is full is put aside under a name that nothing else has:
 * several Trilogs may write to the same log, and none of them must put its file over another one's.
 */
export class AuditFile {
  readonly path: string
  readonly #fileBytes: number
  readonly #olderFiles: number
  #writing: Promise<void> = Promise.resolve()
  #problem: string | null = null

  constructor(path: string, { fileBytes = FILE_BYTES, olderFiles = OLDER_FILES }: AuditFileOptions = {}) {
    this.path = path
    this.#fileBytes = fileBytes
    this.#olderFiles = olderFiles
  }

  /** Why the last line could not be written, or the file not be put aside. */
  get problem(): string | null {
    return this.#problem
  }

  /** Lines stand in the order in which they were given. */
  append(entry: AuditEntry): void {
    this.#writing = this.#writing.then(async () => {
      try {
        await mkdir(dirname(this.path), { recursive: true })
        await appendFile(this.path, `${JSON.stringify(entry)}\n`, { mode: 0o600 })
        await this.#rotateIfFull(entry.atMs)
        this.#problem = null
      } catch (problem) {
        this.#problem = problem instanceof Error ? problem.message : String(problem)
      }
    })
  }

  /** Resolves when all that was given is in the file, or could not be. */
  written(): Promise<void> {
    return this.#writing
  }

  /** The newest first, at most `limit`, over all files. What is no entry, such as a line that a crash cut off, is left out. */
  async newest(limit: number): Promise<AuditNewest> {
    await this.#writing
    const older = await this.#older()
    const entries: AuditEntry[] = []
    for (const path of [this.path, ...older]) {
      for (const line of (await textOf(path)).split('\n').reverse()) {
        const entry = entryOf(line)
        if (entry === undefined) continue
        if (entries.length === limit) return { entries, hasMore: true, olderFiles: older.length }
        entries.push(entry)
      }
    }
    return { entries, hasMore: false, olderFiles: older.length }
  }

  async #rotateIfFull(atMs: number): Promise<void> {
    if ((await stat(this.path)).size < this.#fileBytes) return
    const { folder, name, extension } = this.#parts
    await rename(this.path, join(folder, `${name}.${atMs}.${randomBytes(4).toString('hex')}${extension}`))
    for (const path of (await this.#older()).slice(this.#olderFiles)) await rm(path, { force: true })
  }

  /** Those put aside, the newest first. */
  async #older(): Promise<string[]> {
    const { folder, name, extension } = this.#parts
    const atOf = (file: string) => {
      if (!file.startsWith(`${name}.`) || !file.endsWith(extension)) return undefined
      const [, at] = /^(\d+)\.[\da-f]{8}$/.exec(file.slice(name.length + 1, -extension.length)) ?? []
      return at === undefined ? undefined : Number(at)
    }
    return (await namesIn(folder))
      .flatMap(file => {
        const at = atOf(file)
        return at === undefined ? [] : [{ at, path: join(folder, file) }]
      })
      .sort((one, other) => other.at - one.at)
      .map(({ path }) => path)
  }

  get #parts() {
    const extension = extname(this.path)
    return { folder: dirname(this.path), name: basename(this.path, extension), extension }
  }
}

function entryOf(line: string): AuditEntry | undefined {
  if (line === '') return undefined
  try {
    return AuditEntry.safeParse(JSON.parse(line)).data
  } catch (problem) {
    if (problem instanceof SyntaxError) return undefined
    throw problem
  }
}

/** Nothing where there is no file: not yet, or because another Trilog has just put it aside or removed it. */
const textOf = (path: string) => unlessMissing('', readFile(path, 'utf8'))
const namesIn = (folder: string) => unlessMissing([], readdir(folder))

async function unlessMissing<T>(otherwise: T, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code === 'ENOENT') return otherwise
    throw problem
  }
}
