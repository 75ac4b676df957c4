import { appendFile, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AuditEntry } from '../contract/audit.ts'

/** What is read back of the end of the file: some ten thousand lines. */
const READ_BYTES = 4 * 1024 * 1024

/** The audit log: a line of JSON for each change, appended, read by its owner only. */
export class AuditFile {
  readonly path: string
  #writing: Promise<void> = Promise.resolve()
  #problem: string | null = null

  constructor(path: string) {
    this.path = path
  }

  /** Why the last line could not be written. */
  get problem(): string | null {
    return this.#problem
  }

  /** Lines stand in the order in which they were given. */
  append(entry: AuditEntry): void {
    this.#writing = this.#writing.then(async () => {
      try {
        await mkdir(dirname(this.path), { recursive: true })
        await appendFile(this.path, `${JSON.stringify(entry)}\n`, { mode: 0o600 })
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

  /** The newest first, at most `limit`. What is no entry, such as a line that a crash cut off, is left out. */
  async newest(limit: number): Promise<AuditEntry[]> {
    await this.#writing
    const lines = (await tailOf(this.path)).split('\n').reverse()
    const entries: AuditEntry[] = []
    for (const line of lines) {
      if (entries.length === limit) break
      const entry = entryOf(line)
      if (entry !== undefined) entries.push(entry)
    }
    return entries
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

async function tailOf(path: string): Promise<string> {
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    const from = Math.max(0, size - READ_BYTES)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw problem
  }
}
