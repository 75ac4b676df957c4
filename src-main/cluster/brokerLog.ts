import type { BrokerLogLine } from '../contract/cluster.ts'
import { DiskError, type Clock, type Disk, type DiskFile } from '../env/env.ts'

const LINES_KEPT = 1_000
const ROTATE_AT_BYTES = 10_000_000

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
  #fileFailed = false

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
    this.lines.push(line)
    if (this.lines.length > LINES_KEPT) this.lines.shift()
    this.#onLine(line)
    const at = new Date(line.atMs).toISOString()
    this.#unwritten.push(Buffer.from(`${at} ${line.level.toUpperCase().padEnd(5)} ${line.message}\n`))
    this.#writing ??= this.#drain()
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file?.close()
    this.#file = undefined
  }

  async #drain(): Promise<void> {
    try {
      while (this.#unwritten.length > 0 && !this.#fileFailed) {
        const chunks = this.#unwritten
        this.#unwritten = []
        this.#file ??= await this.#open()
        await this.#file.append(chunks)
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      // A full disk must not end the cluster: the lines stay in memory, and the log says from where on the file lacks them.
      this.#fileFailed = true
      this.lines.push({
        brokerId: this.#brokerId,
        atMs: this.#clock.now(),
        level: 'warn',
        message: `This log is not on disk from here on: ${error.message}`,
      })
    } finally {
      this.#unwritten = this.#fileFailed ? [] : this.#unwritten
      this.#writing = undefined
    }
  }

  async #open(): Promise<DiskFile> {
    const before = await this.#disk.stat(this.#path)
    if (before !== undefined && before.size > ROTATE_AT_BYTES) await this.#disk.rename(this.#path, `${this.#path}.1`)
    return this.#disk.open(this.#path, { create: true })
  }
}

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies BrokerLogLine['level'][]

/** A line of the broker's logger: `level`, `time`, `msg`, and fields, which follow the message as `name=value`. */
export function parseLine(text: string, brokerId: number, nowMs: number): BrokerLogLine {
  if (text.startsWith('{')) {
    try {
      const { level, time, msg, ...fields } = JSON.parse(text) as Record<string, unknown>
      const rest = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      return {
        brokerId,
        atMs: typeof time === 'number' ? time : nowMs,
        level: LEVELS.includes(String(level)) ? (level as BrokerLogLine['level']) : 'info',
        message: [typeof msg === 'string' ? msg : '', ...rest].join(' ').trim(),
      }
    } catch {
      return { brokerId, atMs: nowMs, level: 'info', message: text } // it only looked like JSON
    }
  }
  return { brokerId, atMs: nowMs, level: 'error', message: text } // our logger writes JSON, so this is a crash or a warning of the runtime
}
