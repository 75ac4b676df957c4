import type { BrokerLogLine } from '../contract/cluster.ts'
import { DiskError, type Clock, type Disk, type DiskFile } from '../env/env.ts'

const LINES_KEPT = 1_000
const ROTATE_AT_BYTES = 10_000_000
/** A line beyond this is cut: it goes to screens, and a crash may print a whole heap in one. */
const LONGEST_MESSAGE = 20_000

/** What one broker process says: kept in memory for the screens, appended to a file (the one before is kept as `.1`). */
export class BrokerLog {
  readonly lines: BrokerLogLine[] = []
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #path: string
  readonly #brokerId: number
  readonly #onLine: (line: BrokerLogLine) => void
  #file: DiskFile | undefined
  #unwritten: Buffer[] = []
  #writing: Promise<void> | undefined
  /** From then on lines are in memory only. */
  #isOver = false

  constructor(
    env: { readonly disk: Disk; readonly clock: Clock },
    options: { brokerId: number; path: string; onLine: (line: BrokerLogLine) => void },
  ) {
    this.#disk = env.disk
    this.#clock = env.clock
    this.#path = options.path
    this.#brokerId = options.brokerId
    this.#onLine = options.onLine
  }

  /** One line as the process wrote it: JSON of its logger, or anything else (a crash speaks as it likes). */
  write(text: string) {
    const line = parseLine(text, this.#brokerId, this.#clock.now())
    this.#keep(line)
    if (this.#isOver) return
    const at = new Date(line.atMs).toISOString()
    this.#unwritten.push(Buffer.from(`${at} ${line.level.toUpperCase().padEnd(5)} ${line.message}\n`))
    this.#writing ??= this.#drain()
  }

  /** Once what was written before is in the file. Harmless when it was called before. */
  async close(): Promise<void> {
    await this.#writing
    this.#isOver = true
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  #keep(line: BrokerLogLine) {
    this.lines.push(line)
    if (this.lines.length > LINES_KEPT) this.lines.shift()
    this.#onLine(line)
  }

  async #drain(): Promise<void> {
    try {
      while (this.#unwritten.length > 0) {
        const chunks = this.#unwritten
        this.#unwritten = []
        const file = await this.#fileWithRoom()
        await file.append(chunks)
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      // A full disk must not end the cluster: the lines stay in memory, and the log says from where on the file lacks them.
      this.#isOver = true
      this.#unwritten = []
      const message = `This log is not on disk from here on: ${error.message}`
      this.#keep({ brokerId: this.#brokerId, atMs: this.#clock.now(), level: 'warn', message })
    } finally {
      this.#writing = undefined
    }
  }

  async #fileWithRoom(): Promise<DiskFile> {
    this.#file ??= await this.#disk.open(this.#path, { create: true })
    if (this.#file.size < ROTATE_AT_BYTES) return this.#file
    await this.#file.close()
    this.#file = undefined
    await this.#disk.rename(this.#path, `${this.#path}.1`)
    return (this.#file = await this.#disk.open(this.#path, { create: true }))
  }
}

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies BrokerLogLine['level'][]
/** The last moment that JavaScript has a date for. */
const LATEST_MS = 8.64e15

/** A line of the broker's logger: `level`, `time`, `msg`, and fields, which follow the message as `name=value`. */
export function parseLine(text: string, brokerId: number, nowMs: number): BrokerLogLine {
  const fields = text.startsWith('{') ? parseJson(text) : undefined
  // Our logger writes JSON, so what is none is a crash or a warning of the runtime.
  if (fields === undefined) return { brokerId, atMs: nowMs, level: 'error', message: cut(text) }
  const { level, time, msg, ...others } = fields
  const rest = Object.entries(others).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return {
    brokerId,
    atMs: typeof time === 'number' && Math.abs(time) <= LATEST_MS ? time : nowMs,
    level: LEVELS.includes(String(level)) ? (level as BrokerLogLine['level']) : 'info',
    message: cut([typeof msg === 'string' ? msg : '', ...rest].join(' ').trim()),
  }
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined // it only looked like JSON
  }
}

const cut = (text: string) => (text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)} …` : text)
